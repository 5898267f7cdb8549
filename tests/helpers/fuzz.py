"""Read damaged files of every format for minutes: python tests/helpers/fuzz.py [MINUTES] [SEED].

As `test_fuzz`, but longer. It counts what happened, and stops at the first file that does anything
but be read, or refused in a sentence: with another exception, for too long, with too much memory,
or by looking for a module that a file names. The file and its seed are told.
"""

import logging
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path

from formats import Watch, attempt, formats

SECONDS, MEMORY = 20, 400e6  # that one file may take


def main() -> int:
    """Read until the time is over; 1 where something went wrong."""
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("error")
    signal.signal(signal.SIGALRM, _too_long)
    counts: dict[str, Counter[str]] = {}
    end = time.monotonic() + 60 * minutes
    with tempfile.TemporaryDirectory() as folder, Watch() as watch:
        place = Path(folder)
        known = formats(place / "valid")
        spent = dict.fromkeys(known, 0.0)  # seconds: each format gets as many
        while (began := time.monotonic()) < end:
            name = min(spent, key=spent.__getitem__)
            path, read = attempt(known[name], random.Random(seed), place)
            before = _memory()
            try:
                signal.alarm(SECONDS)
                happened = read()
                signal.alarm(0)
                assert not watch.seen, "a module was looked for"
                assert _memory() - before < MEMORY, "too much memory"
            except BaseException:
                traceback.print_exc()
                kept = Path(f"fuzz-{seed}-{path.name}").resolve()
                shutil.copyfile(path, kept)
                print(f"format {name}, seed {seed}: {kept}")
                return 1
            counts.setdefault(name, Counter())[happened] += 1
            spent[name] += time.monotonic() - began
            seed += 1
    for name, count in counts.items():
        told = ", ".join(f"{number} {what}" for what, number in sorted(count.items()))
        print(f"{name:<20} {sum(count.values()):>8}: {told}")
    print(f"{sum(map(Counter.total, counts.values()))} files; the next seed is {seed}")
    return 0


def _too_long(*_: object) -> None:
    raise TimeoutError(f"more than {SECONDS} s")


def _memory() -> float:
    """The most that this process has held, in bytes."""
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    sys.exit(main())
