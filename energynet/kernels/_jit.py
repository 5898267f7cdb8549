"""How kernels are compiled: the only place where compiler options and the cache are chosen."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba

from energynet.config import NUMERICS_VERSION
from energynet.errors import InstallationError
from energynet.files import cache_folder

try:
    from energynet.kernels import _sparse
except ImportError as error:
    raise InstallationError(
        "energynet's compiled part (energynet.kernels._sparse) is missing: install a wheel, or a C"
        " compiler and the Python headers and then energynet again"
    ) from error

_OPTIONS = {"nogil": True, "error_model": "numpy", "fastmath": False}


def _cache_name() -> str:
    """Changes with everything that compiled code depends on; Numba watches only a kernel's file."""
    digest = hashlib.sha256(f"{numba.__version__} {NUMERICS_VERSION}".encode())
    for source in [*sorted(Path(__file__).parent.glob("*.py")), Path(_sparse.__file__)]:
        digest.update(source.read_bytes())
    return f"kernels-{digest.hexdigest()[:16]}"


CACHE = cache_folder(_cache_name())


def jit(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a kernel under strict IEEE arithmetic; it releases the GIL and is cached on disk."""
    return _compile(function, {})


def inner(function: Callable[..., Any]) -> Callable[..., Any]:
    """As `jit`, for functions that only kernels call: without an entry from Python, which takes
    much of their compilation time."""
    return _compile(function, {"no_cpython_wrapper": True, "no_cfunc_wrapper": True})


def _compile(function: Callable[..., Any], options: dict[str, Any]) -> Callable[..., Any]:
    if CACHE is None:
        return numba.njit(function, **_OPTIONS, **options)
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(CACHE)
    try:
        return numba.njit(function, cache=True, **_OPTIONS, **options)
    finally:
        numba.config.CACHE_DIR = before
