"""How many threads work on a network."""

import logging
import os
from importlib import import_module
from typing import Any

from energynet.kernels.state import Alone, Team
from energynet.support import checks

# Hidden units from which on a team is faster than one thread (bench/RESULTS.md).
CROSSOVER = 8000
_SPINS = "GOMP_SPINCOUNT"
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

    Its threads spin for some microseconds while they wait, then they sleep. By default they spin
    for milliseconds: steps beside other work on the same cores took 5 to 10 times as long as on
    one thread. Without spinning, waking up costs more than a second thread gains.
    """
    chosen = any(name in os.environ for name in ("OMP_WAIT_POLICY", _SPINS))
    if not chosen:
        os.environ[_SPINS] = "1000"  # read once, when the library is loaded
    try:
        import_module("numba.np.ufunc.omppool")
    except ImportError:
        _LOG.warning("OpenMP is missing (numba.np.ufunc.omppool): steps run on one thread")
        return False
    finally:
        if not chosen:
            del os.environ[_SPINS]
    return True
