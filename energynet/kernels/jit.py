"""How kernels are compiled: the only place where compiler options and the cache are chosen."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from types import FunctionType
from typing import Any, cast

import numba
from numba.extending import overload

from energynet.errors import InstallationError
from energynet.kernels.numerics import NUMERICS_VERSION
from energynet.kernels.state import Team
from energynet.support.files import cache_folder

try:
    from energynet.kernels import _sparse
except ImportError as error:
    raise InstallationError(
        "energynet's compiled part (energynet.kernels._sparse) is missing: install a wheel, or a C"
        " compiler and the Python headers and then energynet again"
    ) from error

Kernel = Callable[..., Any]

# Kernels allocate nothing: all arrays come from Python, so the run time that counts references to
# them is left out; its counting took a third of a step of a small weights.
_OPTIONS = {"_nrt": False, "nogil": True, "error_model": "numpy", "fastmath": False}


def cache_name(sources: Path) -> str:
    """Changes with everything that compiled code depends on; Numba watches only a kernel's file."""
    digest = hashlib.sha256(f"{numba.__version__} {NUMERICS_VERSION}".encode())
    for source in [*sorted(sources.rglob("*.py")), Path(_sparse.__file__)]:
        digest.update(source.read_bytes())
    return f"kernels-{digest.hexdigest()[:16]}"


CACHE = cache_folder(cache_name(Path(__file__).parent))


def jit(function: Kernel) -> Kernel:
    """Compile a kernel under strict IEEE arithmetic; it releases the GIL and is cached on disk."""
    return _compile(function, {})


def inner(function: Kernel) -> Kernel:
    """As `jit`, for functions that only kernels call: without an entry from Python, which takes
    much of their compilation time."""
    return _compile(function, {"no_cpython_wrapper": True, "no_cfunc_wrapper": True})


def shared(function: Kernel) -> Kernel:
    """As `inner`, for a kernel whose body is one call in a prange over its team's parts.

    One call, because Numba drops assignments to fields of tuples from a parallel function.

    For a `Team` the loop is parallel, for `Alone` it is a plain one; the type alone decides, so a
    run on one thread never compiles, loads or waits for anything parallel.
    """
    twin = FunctionType(function.__code__, function.__globals__, f"{function.__name__}_threaded")
    twin.__qualname__ = twin.__name__  # a cache file of its own
    serial = inner(function)
    threaded = _compile(twin, {"parallel": True, "no_cfunc_wrapper": True})

    def dispatched(team: Any, *arguments: Any) -> Any:
        return function(team, *arguments)

    dispatched.__name__ = function.__name__
    dispatched.__doc__ = function.__doc__

    def choose(team: Any, *arguments: Any) -> Kernel:  # noqa: ARG001
        chosen = threaded if team.instance_class is Team else serial

        def run(team: Any, *arguments: Any) -> Any:
            return chosen(team, *arguments)

        return run

    overload(dispatched)(choose)
    return dispatched


def _compile(function: Kernel, options: dict[str, Any]) -> Kernel:
    njit: Any = numba.njit
    settings: Any = numba.config
    if CACHE is None:
        return cast(Kernel, njit(function, **_OPTIONS, **options))
    before = settings.CACHE_DIR
    settings.CACHE_DIR = str(CACHE)  # read when a function is decorated; others keep their own
    try:
        return cast(Kernel, njit(function, cache=True, **_OPTIONS, **options))
    finally:
        settings.CACHE_DIR = before
