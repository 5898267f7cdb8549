"""The command that runs a study from nothing to its report."""

import argparse
from pathlib import Path
from typing import Any

from energynet.cli.common import (
    add_command,
    add_data,
    add_where,
    dask_executor,
    look_here,
    parse_workers,
    path_argument,
    value_argument,
)
from energynet.config import SETTINGS
from energynet.studies.stages.preset import PRESETS, READINGS_OF, is_file, load_presets
from energynet.support import checks

_EXAMPLES = """\
examples:
  energynet reproduce --out study
      the study in small, three to five minutes on two cores
  energynet reproduce --preset poster --out poster
      the whole study, about a day of one core; if it is killed or stopped, the
      same command resumes
  energynet reproduce --preset poster --out poster --dry-run
      which runs would be next, and about how long they take
  energynet reproduce --data fashion/ --target-accuracy 0.85 --out fashion
      on other data: a folder with four IDX files, or an .npz file

  energynet reproduce --preset mine.toml --out mine
      a comparison of any methods: the file names rules, values to try, sizes,
      seeds, data

presets:
  quick       the study in small: 100 and 300 hidden units
  poster      the whole study, 100 to 10,000 hidden units: hidden, then network;
              it judges the statements of a poster on these rules
  hidden      P is a fraction of the hidden layer, the output layer is plastic
  network     P is a fraction of the whole network
  sensitivity other criteria, learning rates and initial weights: tables alone
  robustness  other learning rates and initial weights, P of the network, 1,000
              hidden units
  published   the setting of the published program: initial weights of 0.03

mine.toml:
  data = "digits.npz"             # a file or folder next to this one, or
                                  # "mnist", the default; --data replaces it
  hidden = [30, 100]
  energies = ["m0", "m1"]         # each has its own best values; the default
  [settings]                      # any field of a config
  max_steps = 100000
  [seeds]
  exploration = [0, 1, 2]         # choose the best value of each method
  confirmation = [100, 101, 102]  # estimate the energy at this value
  [[method]]
  rule = "all"
  [[method]]
  rule = "largest"
  fraction = [0.01, 0.03, 0.1]    # the parameter with a list is varied
  [[method]]
  rule = "mine:Mine"              # a class in mine.py, beside this file or here
  threshold = [1e-4, 1e-3]

files in the folder: PRESET.csv (one row per run), PRESET_history.csv.xz
(learning curves), figures/ with captions.md, report.html, and runs/, from which
the command resumes. With a preset of the package also verdicts.json and .md,
and sensitivity/ (tables, no verdicts); with a preset in a file best.csv and
ratios.csv.

exit status: 0 complete, even if some runs failed, 2 bad usage or input,
130 interrupted
"""


def add_reproduce(commands: Any) -> None:
    """Add `energynet reproduce`."""
    parser = add_command(
        commands,
        "reproduce",
        "run a study, judge statements or compare methods, write figures and report",
        "Run a study, then write verdicts or ratios, figures and a report. Exploration seeds choose"
        " the best plastic fraction of each rule. Confirmation seeds, which are other seeds,"
        " estimate what is saved at this fraction.",
        _EXAMPLES,
    )
    what = parser.add_argument_group("what to run")
    what.add_argument(
        "--preset",
        default="quick",
        metavar="NAME|FILE.toml",
        help=f"one of {', '.join([*PRESETS, *READINGS_OF])}, or a file (default: %(default)s)",
    )
    add_data(what, "as for train (default: the data that the preset names, or mnist)", None)
    what.add_argument(
        "--target-accuracy", metavar="A", help="the criterion (default: that of the preset)"
    )
    what.add_argument(
        "--test-every",
        metavar="STEPS",
        help="steps between two tests of the criterion (default: that of the preset)",
    )
    add_where(parser)
    output = parser.add_argument_group("output")
    output.add_argument(
        "--out",
        type=path_argument,
        default=Path("study"),
        metavar="DIR",
        help="folder to write to, made if new (default: %(default)s)",
    )
    output.add_argument(
        "--dry-run",
        action="store_true",
        help="print the runs of the next stage by size and rule, and about how long they take",
    )
    output.add_argument("--quiet", action="store_true", help="no progress on stderr")
    parser.set_defaults(command=_reproduce)


def _reproduce(options: argparse.Namespace) -> int:
    import pandas as pd

    from energynet.data.named import MNIST, load_named
    from energynet.rules.base import Shape
    from energynet.store.table import load_results
    from energynet.studies.stages.outlook import outlook
    from energynet.studies.stages.run import compare_methods, reproduce
    from energynet.studies.stages.stored import StoredRuns
    from energynet.studies.statements.text import to_text
    from energynet.support.files import check_folder
    from energynet.sweeps.estimates import load_of

    look_here(checks.path("preset", options.preset) if is_file(options.preset) else None)
    presets = load_presets(options.preset)
    for name in ("target_accuracy", "test_every"):
        given = value_argument(getattr(options, name))
        if given is not None:
            setting = {name: SETTINGS[name].check(name, given)}
            presets = [preset.with_settings(**setting) for preset in presets]
    check_folder(options.out, "out")
    data = next((name for name in (options.data, presets[0].data) if name is not None), MNIST)
    folder, dataset = options.out / "runs", load_named(data)

    def shape(hidden: int) -> Shape:
        return Shape(dataset.n_in, hidden, dataset.classes)

    if options.dry_run:
        stored = load_results(folder) if folder.is_dir() else pd.DataFrame()
        print(outlook(presets, stored, shape, load_of(dataset)))
        return 0
    runs = StoredRuns(
        folder,
        None if options.scheduler is None else dask_executor(options.scheduler),
        data=data,
        workers=None if options.workers is None else parse_workers(options.workers),
        progress=not options.quiet,
    )
    if presets[0].compares:
        print(compare_methods(presets[0], runs, options.out, shape))
        report = options.out / "report.html"  # one for each combination if settings are varied
        print(f"\nreport: {report if report.exists() else options.out}")
        return 0
    outputs = reproduce(presets, runs, options.out, shape)
    if outputs.claims:
        told = (outputs.answer, to_text(outputs.claims), f"report: {outputs.report}")
        print(*filter(None, told), sep="\n\n")
    else:
        print(f"table: {outputs.report}")
    return 0
