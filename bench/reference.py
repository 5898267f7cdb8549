"""Steps of `all` by another build of energynet.

Other rules are compared with that, so that a faster `all` makes no ratio worse. As a script, run
by the other build's Python: `PYTHON -P bench/reference.py HIDDEN THREADS STEPS LEARNING_RATE`
prepares a network and, for each number it reads, does that many steps and prints a line.
"""

import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path


class Reference:
    """A process that trains `all` with the energynet of another Python."""

    def __init__(self, python: str, hidden: int, threads: int, steps: int, rate: float) -> None:
        words = [python, "-P", __file__, *map(str, (hidden, threads, steps, rate))]
        self.process = subprocess.Popen(
            words, cwd=Path(python).parent, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._advance(1)  # until it is ready

    def task(self, steps: int) -> Callable[[], None]:
        """The task of doing so many steps."""
        return partial(self._advance, steps)

    def _advance(self, steps: int) -> None:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{steps}\n")
        self.process.stdin.flush()
        if not self.process.stdout.readline():
            raise RuntimeError("the other build of energynet ended early")

    def close(self) -> None:
        """End the process."""
        self.process.communicate()


def _serve(hidden: int, threads: int, steps: int, rate: float) -> None:
    import energynet as en

    try:
        from energynet.training.run import prepare
    except ImportError:  # until October 2026
        from energynet.prepare import prepare
    config = en.TrainingConfig(hidden=hidden, learning_rate=rate)
    run = prepare(config, en.load_mnist(), threads)
    run.advance(0)
    run.advance(steps)
    for line in sys.stdin:
        run.advance(run.step + int(line))
        print(run.step, flush=True)


if __name__ == "__main__":
    _serve(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
