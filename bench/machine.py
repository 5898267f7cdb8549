"""Where and with what numbers were measured: nothing that names a host, a user or a path."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from energynet.cli.info import installation
from energynet.training.threads import usable_cores

ROOT = Path(__file__).resolve().parents[1]
_PACKAGES = ("energynet", "numpy", "numba", "llvmlite", "torch")
_CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
_CACHE_FILES = ("level", "type", "size")


def provenance(command: str) -> dict[str, Any]:
    """All that a reader needs to judge a number."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "command": command,
        "commit": _commit(),
        "processor": installation()["processor"],
        "cores": usable_cores(),
        "memory": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9,
        "caches": _caches(),
        "system": f"{platform.system()} {platform.machine()}",
        "load": round(os.getloadavg()[0], 2),
        "versions": {"python": platform.python_version()} | _versions(),
        "blas": _blas(),
    }


def _versions() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def _commit() -> str:
    """The commit, and whether what is measured differs from it."""
    commit = _git("rev-parse", "--short=12", "HEAD")
    changed = _git("status", "--porcelain", "--", "energynet", "csrc")
    return f"{commit} with uncommitted changes" if changed else commit or "unknown"


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _caches() -> list[str]:
    """Level, kind and size of each cache of a core."""
    found = []
    for index in sorted(_CACHES.glob("index*")):
        level, kind, size = ((index / name).read_text().strip() for name in _CACHE_FILES)
        found.append(f"L{level} {kind.lower()} {size}")
    return found


def _blas() -> str:
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return "unknown (threadpoolctl is not installed)"
    wanted = ("internal_api", "version", "architecture")
    found = [library for library in threadpool_info() if library["user_api"] == "blas"]
    return "; ".join(" ".join(str(library.get(key)) for key in wanted) for library in found)
