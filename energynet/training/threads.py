"""How many threads work on a network."""

import logging
import math
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from energynet.kernels.state import Alone, Team
from energynet.support import checks

# Hidden units from which on a team is faster than one thread (bench/RESULTS.md).
CROSSOVER = 8000
_SPINS = "GOMP_SPINCOUNT"
_CGROUPS, _OWN_CGROUPS = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")
_LOG = logging.getLogger("energynet")


class _Layer:
    """The threads that Numba keeps for parallel loops, as far as this process may use them.

    started: this package started them; lost: they run in the process from which this one was
    forked. A loop that is shared out would wait for them for ever.
    """

    started = False
    lost = False

    @classmethod
    def forked(cls) -> None:
        """Note in a forked process that the threads are lost, if anybody had started them."""
        parallel = sys.modules.get("numba.np.ufunc.parallel")
        cls.lost = cls.lost or cls.started or getattr(parallel, "_is_initialized", False)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_Layer.forked)


def usable_cores() -> int:
    """Cores that this process may keep busy, at least 1.

    The cores it may run on, or fewer if a container has a CPU quota, which is rounded up.
    """
    affinity = hasattr(os, "sched_getaffinity")
    cores = len(os.sched_getaffinity(0)) if affinity else os.cpu_count() or 1
    return max(1, math.ceil(min(cores, cpu_quota())))


def cpu_quota(root: Path = _CGROUPS, own: Path = _OWN_CGROUPS) -> float:
    """CPUs that the control groups of this process grant, infinity if they set no limit.

    root: where the groups are mounted; own: the file that names those of this process. The limit
    of a group holds for all groups in it.
    """
    quotas = [math.inf]
    for line in _read(own).splitlines():
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        if controllers == "":
            quotas += [_quota(_read(group / "cpu.max")) for group in _groups(root, path)]
        elif "cpu" in controllers.split(","):
            for mount in {root / controllers, root / "cpu"}:
                for group in _groups(mount, path):
                    limits = (group / "cpu.cfs_quota_us", group / "cpu.cfs_period_us")
                    quotas.append(_quota(" ".join(map(_read, limits))))
    return min(quotas)


def _groups(mount: Path, path: str) -> Iterator[Path]:
    """The folders of a group and of those that it is in.

    A container may see its own group as the root while it is told a path outside.
    """
    parts = [part for part in path.split("/") if part]
    for depth in range(0 if ".." in parts else len(parts), -1, -1):
        yield mount.joinpath(*parts[:depth])


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, ValueError):
        return ""


def _quota(limit: str) -> float:
    """CPUs of "QUOTA PERIOD", both in microseconds; max and -1 stand for no limit."""
    with suppress(ValueError, ZeroDivisionError):
        quota, period = map(int, limit.split())
        if quota > 0:
            return quota / period
    return math.inf


def resolve_threads(threads: int | None, hidden: int, crossover: int = CROSSOVER) -> int:
    """The number asked for, at most one for each usable core; None lets the size decide.

    Raises ConfigError.
    """
    if threads is None:
        return usable_cores() if hidden >= crossover else 1
    return min(checks.integer("threads", threads, 1, 2**16), usable_cores())


def gather_team(threads: int | None, hidden: int) -> Alone | Team:
    """Who works on the steps of a network of that size: one thread if a team cannot be had.

    A process that was forked after its parent used several threads has no team.
    """
    number = 1 if threads == 1 else resolve_threads(threads, hidden)
    return Team(number) if number > 1 and not _Layer.lost and _starts(number) else Alone(1)


def set_threads(number: int) -> None:
    """Bound the parallel loops that this thread enters, and start the layer that runs them.

    Raises ValueError if the layer is missing that NUMBA_THREADING_LAYER names.
    """
    import numba

    settings: Any = numba.config
    if settings.THREADING_LAYER == "default":  # the user's choice comes first
        settings.THREADING_LAYER = "omp"
    _Layer.started = True
    numba.set_num_threads(min(number, settings.NUMBA_NUM_THREADS))


def _starts(number: int) -> bool:
    """Whether the threads of a team can be started; says so if not."""
    import numba

    settings: Any = numba.config
    name = settings.THREADING_LAYER
    if name in ("default", "omp") and not _has_openmp():
        return False
    try:
        set_threads(number)
    except ValueError:
        _LOG.warning(
            "Numba's threading layer %s cannot be loaded (NUMBA_THREADING_LAYER):"
            " steps run on one thread",
            checks.quoted(name),
        )
        return False
    return True


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
    finally:  # other programs that this process starts keep their own default
        if not chosen:
            del os.environ[_SPINS]
    return True
