"""`python -m bench`: measure everything that has a target, and write it down."""

import argparse
import importlib
import json
import os
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

from bench.sections import NAMES

HOME = Path(__file__).resolve().parent
TRIALS = HOME.parent / "build" / "bench"
_TUNED = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")  # would slow NumPy's matrix products down


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure energynet against its performance targets and against other programs;"
        " write RESULTS.md, results.json and plots. Takes about 25 minutes on two cores that do"
        " nothing else meanwhile.",
    )
    parser.add_argument(
        "sections",
        nargs="*",
        metavar="section",
        help=f"measure these alone and keep earlier results of the others: {', '.join(NAMES)}",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="small networks and few rounds, to see that all of it works",
    )
    parser.add_argument(
        "--reference",
        default="",
        metavar="PYTHON",
        help="Python of an environment with another build of energynet: rules are compared with its"
        " `all` (default: with today's)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="folder to write to, made if it is missing (default: bench; build/bench for --quick)",
    )
    return parser


def _without_tuning() -> None:
    """Start again without settings that are read when NumPy is loaded, if there are any."""
    if any(name in os.environ for name in _TUNED):
        environment = {name: value for name, value in os.environ.items() if name not in _TUNED}
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)


def main() -> None:
    """Measure section by section; what is done is on disk when the next one begins."""
    parser = _parser()
    options = parser.parse_args()
    unknown = [name for name in options.sections if name not in NAMES]
    if unknown:
        parser.error(f"section must be one of {', '.join(NAMES)}, got {unknown[0]!r}")
    folder = options.out or (TRIALS if options.quick else HOME)
    if options.quick and folder.resolve() == HOME:
        parser.error("--out must not be the folder bench for --quick: a trial is not a result")
    _without_tuning()

    from bench.machine import provenance
    from bench.plots import draw
    from bench.report import report
    from bench.timing import FULL, QUICK, progress

    load = os.getloadavg()[0]
    if load > 0.5:
        progress(f"warning: the load is {load:.1f}; beside other work the numbers are wrong")
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "results.json"
    results = json.loads(file.read_text()) if file.exists() else {}
    command = " ".join(["python -m bench", *options.sections, *["--quick"] * options.quick])
    effort = replace(QUICK if options.quick else FULL, reference=options.reference)
    chosen = [name for name in NAMES if name in (options.sections or NAMES)]
    for name in chosen:
        progress(f"{name}, section {chosen.index(name) + 1} of {len(chosen)}:")
        measured, began = provenance(command), time.perf_counter()
        module = importlib.import_module(f"bench.sections.{name}")
        section = asdict(module.measure(effort))
        if options.quick:
            for row in section["rows"]:
                row["met"] = None
        spent = time.perf_counter() - began
        progress(f"  {spent:.0f} s")
        results[name] = section | {"quick": options.quick, "seconds": spent, "measured": measured}
        if section["curves"]:
            draw(section["curves"], folder)
        file.write_text(json.dumps(results, indent=1) + "\n")
        (folder / "RESULTS.md").write_text(report(results, NAMES))
    progress(f"wrote {folder / 'RESULTS.md'} and {file.name}")


if __name__ == "__main__":
    main()
