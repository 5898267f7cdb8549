"""How kernels are compiled: the only place where compiler options and the cache are chosen."""

import hashlib
import logging
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from types import FunctionType
from typing import Any, cast

import numba
from numba.core.caching import CompileResultCacheImpl, FunctionCache, UserProvidedCacheLocator
from numba.extending import overload

from energynet.errors import InstallationError
from energynet.kernels.numerics import NUMERICS_VERSION
from energynet.kernels.state import Team
from energynet.support.checks import error_text
from energynet.support.files import versioned_cache


def _how_to_install(error: ImportError) -> str:
    """Why the compiled part cannot be used, and what to do about it."""
    package = Path(__file__).resolve().parent.parent
    parts = [f"kernels/_sparse{suffix}" for suffix in EXTENSION_SUFFIXES]
    if any((package / part).exists() for part in parts):
        return f"energynet's compiled part in {package} cannot be loaded: {error}"
    missing = f"energynet's compiled part (energynet.kernels._sparse) is missing in {package}"
    if (package.parent / "pyproject.toml").exists():
        needs = "a C compiler and Python's headers"
        remedy = f"run 'pip install -e {package.parent}', which needs {needs}"
    else:
        remedy = "install a wheel, or a C compiler and Python's headers and then energynet again"
    for folder in sys.path:
        other = Path(folder).resolve() / "energynet"
        if other != package and any((other / part).exists() for part in parts):
            return (
                f"{missing}, which hides the installed {other}: start Python in another folder,"
                f" or {remedy}"
            )
    return f"{missing}: {remedy}"


try:
    from energynet.kernels import _sparse
except ImportError as error:
    raise InstallationError(_how_to_install(error)) from error

Kernel = Callable[..., Any]

_LOG = logging.getLogger("energynet")
# Kernels allocate nothing: all arrays come from Python, so the run time that counts references to
# them is left out; its counting took a third of a step of a small network.
_OPTIONS = {"_nrt": False, "nogil": True, "error_model": "numpy", "fastmath": False}


def version_of(sources: Path) -> str:
    """Changes with everything that compiled code depends on; Numba watches only a kernel's file."""
    digest = hashlib.sha256(f"{numba.__version__} {NUMERICS_VERSION}".encode())
    for source in [*sorted(sources.rglob("*.py")), Path(_sparse.__file__)]:
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


CACHE = versioned_cache("kernels", version_of(Path(__file__).parent))


class _Locator(UserProvidedCacheLocator):
    """Compiled functions are in CACHE, even if it is read-only."""

    def __init__(self, function: Kernel, source: str) -> None:
        super().__init__(function, source)
        self._cache_path = str(CACHE / self.get_suitable_cache_subpath(source))

    @classmethod
    def from_function(cls, function: Kernel, source: str) -> "_Locator":
        return cls(function, source)

    def ensure_cache_path(self) -> None:
        Path(self._cache_path).mkdir(parents=True, exist_ok=True)


class _Located(CompileResultCacheImpl):
    _locator_classes: Any = (_Locator,)


class _Cache(FunctionCache):
    """Compiled code of a function on disk. If it cannot be read or written, training goes on: the
    function is compiled, and what was damaged is removed."""

    _impl_class = _Located
    warned = False

    def load_overload(self, signature: Any, target: Any) -> Any:
        """The compiled code, or None."""
        try:
            found = super().load_overload(signature, target)
            # Two processes that compile a function for other types at once may mix up its files.
            if found is None or found.signature.args == signature:
                return found
        except (OSError, MemoryError):
            return None
        except Exception:  # whatever unpickling makes of a damaged file
            pass
        self._remove()
        return None

    def save_overload(self, signature: Any, compiled: Any) -> None:
        """Keep the compiled code, or say once that it cannot be kept."""
        try:
            super().save_overload(signature, compiled)
        except Exception as error:
            if not _Cache.warned:
                _Cache.warned = True
                _LOG.warning(
                    "compiled kernels cannot be kept in %s (%s), so that later processes compile"
                    " them again: let ENERGYNET_CACHE name another folder",
                    CACHE,
                    error_text(error),
                )

    def _remove(self) -> None:
        """Remove all files of this function, the index last: it must not name files of others."""
        name = self._impl.filename_base
        for path in sorted(Path(self.cache_path).glob(f"{name}.*")):
            with suppress(OSError):
                path.unlink()


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
    compiled = cast(Any, numba.njit)(function, **_OPTIONS, **options)
    if CACHE is not None and compiled is not function:  # it is under NUMBA_DISABLE_JIT
        compiled._cache = _Cache(function)  # what cache=True does with Numba's own class
    return cast(Kernel, compiled)
