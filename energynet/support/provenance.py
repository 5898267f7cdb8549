"""Where a result comes from: program, packages, processor, host."""

import os
import platform
import socket
import subprocess
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

COMMIT_FILE = "commit.txt"  # written beside this module when a wheel is built


@cache
def provenance() -> dict[str, str]:
    """Plain words that are the same for all runs of this process."""
    return {
        "version": version("energynet"),
        "commit": _commit(),
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "numba": version("numba"),
        "processor": processor(),
        "host": socket.gethostname(),
    }


def processor() -> str:
    """The processor's own name, if the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown processor"
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def now() -> str:
    """The time in UTC, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _commit() -> str:
    """The commit that the wheel was built from, or that of the checkout; else nothing."""
    package = Path(str(files("energynet"))).resolve()
    try:
        return (package / "support" / COMMIT_FILE).read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return checkout_commit(package.parent)


def checkout_commit(checkout: Path) -> str:
    """The commit of a folder with a git history, `-dirty` if files differ from it; else nothing."""
    if not (checkout / ".git").exists():  # else another project's repository could answer
        return ""
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],
            cwd=checkout,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
