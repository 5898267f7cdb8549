"""What is measured in a new process, and how one is started.

`python -m bench.child peak HIDDEN RULE FRACTION THREADS` trains some steps and prints the most
memory held, in bytes, `base` that of the imports and the data; `first-step HIDDEN RULE FRACTION`
ends after the first steps. None stands for no fraction, or for threads by size.
"""

import os
import subprocess
import sys
from ast import literal_eval
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
STEPS, IMAGES = 20, 1024  # steps of training, and test images of the evaluation after them


def python(*arguments: str) -> str:
    """Run this Python with those arguments; returns what it prints."""
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, text=True, stdout=subprocess.PIPE).stdout


def child(*arguments: Any) -> str:
    """Run a command of this module in a new process; returns what it prints."""
    return python("-m", "bench.child", *map(str, arguments))


def _peak(hidden: int, rule: str, fraction: float | None, threads: int | None) -> None:
    import energynet as en
    from bench import runs

    mnist = runs.mnist()
    few = replace(mnist, x_test=mnist.x_test[:IMAGES], y_test=mnist.y_test[:IMAGES])
    config = runs.make_config(hidden, rule, fraction, max_steps=STEPS, test_every=STEPS)
    en.train(config, few, threads=threads)
    print(_peak_bytes())


def _base() -> None:
    from bench import runs

    runs.mnist().x_train.max()  # reads all of it
    print(_peak_bytes())


def _first_step(hidden: int, rule: str, fraction: float | None) -> None:
    import energynet as en
    from bench import runs

    config = runs.make_config(hidden, rule, fraction)
    en.train(config, runs.mnist(), progress=lambda _: os._exit(0))  # called after the first steps


def _peak_bytes() -> int:
    """Most memory that this process has held so far.

    On Linux that of this program alone: ru_maxrss also counts the process that started it.
    """
    status = Path("/proc/self/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) * 1024
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _value(word: str) -> Any:
    try:
        return literal_eval(word)
    except (ValueError, SyntaxError):
        return word


if __name__ == "__main__":
    commands = {"peak": _peak, "base": _base, "first-step": _first_step}
    commands[sys.argv[1]](*map(_value, sys.argv[2:]))
