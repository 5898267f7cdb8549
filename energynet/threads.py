"""How many threads work on a network."""

import logging
import os
from importlib import import_module
from typing import Any

from energynet import checks
from energynet.kernels.team import Alone, Team

# Hidden units from which on a team is faster than one thread (bench/RESULTS.md).
CROSSOVER = 4000
_LOG = logging.getLogger("energynet")


def usable_cores() -> int:
    """Cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def resolve_threads(threads: int | None, hidden: int, crossover: int = CROSSOVER) -> int:
    """The number asked for, at most one for each usable core; None lets the size decide.

    Raises ConfigError.
    """
    if threads is None:
        return usable_cores() if hidden >= crossover else 1
    return min(checks.integer("threads", threads, 1, 2**16), usable_cores())


def gather_team(threads: int | None, hidden: int) -> Alone | Team:
    """Who works on the steps of a network of that size."""
    number = 1 if threads == 1 else resolve_threads(threads, hidden)
    return Alone(1) if number == 1 or not _has_openmp() else Team(number)


def set_threads(number: int) -> None:
    """Bound the parallel loops that this thread enters, and start the layer that runs them."""
    import numba

    settings: Any = numba.config
    if settings.THREADING_LAYER == "default":  # the user's choice comes first
        settings.THREADING_LAYER = "omp"
    numba.set_num_threads(min(number, settings.NUMBA_NUM_THREADS))


def _has_openmp() -> bool:
    """Whether Numba's OpenMP layer loads: its other layers are slow to enter or unsafe to share.

    Its threads sleep while they wait. By default they spin, and beside other work on the same
    cores steps then took 5 to 10 times as long as on one thread (bench/RESULTS.md).
    """
    name = "OMP_WAIT_POLICY"
    before = os.environ.get(name)
    os.environ[name] = before or "passive"  # read once, when the library is loaded
    try:
        import_module("numba.np.ufunc.omppool")
    except ImportError:
        _LOG.warning("OpenMP is missing (numba.np.ufunc.omppool): steps run on one thread")
        return False
    finally:
        if before is None:
            del os.environ[name]
    return True
