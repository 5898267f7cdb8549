"""Files that are written whole or not at all, and the folder for what can be made again."""

import os
import shutil
import socket
import stat
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from energynet.errors import FileError
from energynet.support.checks import error_text

_DAY = 86_400.0  # seconds
_UNUSED = 30 * _DAY  # after which a version of a cache is taken to be out of use


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file that takes the place of `path` only once it is complete.

    A link stays a link: the file that it names is written. A file that is there keeps its mode.

    Raises FileError if the file cannot be written; whatever stood at `path` is then untouched.
    """
    part = None
    try:
        target = path.resolve()
        if target.exists() and not target.is_file():
            raise OSError("it is not a file")
        part = _part(target)
        with part.open("wb") as file:
            with suppress(OSError):  # the file is new, or the file system keeps no modes
                part.chmod(stat.S_IMODE(target.stat().st_mode))
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
        sync_folder(target.parent)
    except OSError as error:
        raise FileError(f"{path} cannot be written: {error_text(error)}") from error
    finally:
        if part is not None:
            with suppress(OSError):  # a read-only file system refuses it, if there is none, too
                part.unlink()


def _part(target: Path) -> Path:
    """The temporary file of this thread for a file."""
    writer = f"{socket.gethostname()}.{os.getpid()}.{threading.get_ident()}"
    return target.parent / f".{target.name}.{writer}.part"


def read_xz(path: Path) -> bytes:
    """The content of an .xz file; raises FileError if it is damaged."""
    try:
        import lzma
    except ImportError as error:
        raise FileError(
            f"{path} cannot be read: this Python was built without the lzma module"
        ) from error
    try:
        return lzma.decompress(path.read_bytes())
    except (lzma.LZMAError, EOFError) as error:
        raise FileError(f"{path} cannot be unpacked: {error_text(error)}") from error


def sync_folder(folder: Path) -> None:
    """Make a rename inside `folder` survive a power cut, if the system can."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def check_writable(path: Path, parameter: str) -> None:
    """Raise FileError unless a file could be written at `path`; called before work starts."""
    try:
        target = path.resolve()
        if target.exists() and not target.is_file():
            kind = "a folder" if target.is_dir() else "a device"
            raise FileError(f"{parameter} must be a file, but {path} is {kind}")
        if not target.parent.is_dir():
            raise FileError(
                f"{parameter} {path} cannot be written: {target.parent} is not a folder"
            )
        part = _part(target)
        part.touch()
        part.unlink()
    except FileError:
        raise
    except OSError as error:
        raise FileError(f"{parameter} {path} cannot be written: {error_text(error)}") from error


def resolved(path: Path) -> Path:
    """The whole path, without links; raises FileError if it starts in a folder that was removed."""
    try:
        return path.resolve()
    except OSError as error:
        raise FileError(
            f"the current folder cannot be used ({error_text(error)}): change to one that exists"
        ) from error


def check_folder(path: Path, parameter: str) -> None:
    """Raise FileError unless `path` is, or could be made, a folder to write to; makes nothing."""
    target = resolved(path)
    try:
        places = (target, *target.parents)
        there = next((place for place in places if place.exists()), target)
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        raise FileError(f"{parameter} {path} cannot be written: {error_text(error)}") from error


def made_folder(path: Path, parameter: str) -> Path:
    """The folder `path`, made if it is not there; raises FileError before work starts."""
    try:
        path.resolve().mkdir(parents=True, exist_ok=True)  # also if it is a link to one not there
    except OSError as error:
        raise FileError(f"{parameter} {path} cannot be made: {error_text(error)}") from error
    check_writable(path / "file", parameter)
    return path


def cache_folder(name: str) -> Path | None:
    """A folder for things that can be made again: a writable one, or a read-only one that was
    filled before; None if there is none.

    `$ENERGYNET_CACHE` comes first, then the user's cache folder, then the temporary folder.
    """
    for root in _cache_roots():
        folder = root / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return folder
        except OSError:
            if _is_filled(folder):
                return folder
    return None


def versioned_cache(kind: str, version: str) -> Path | None:
    """`cache_folder` for one version (16 hex digits) of a kind of things.

    When a version begins, those that nobody has used for 30 days are removed.
    """
    folder = cache_folder(f"{kind}-{version}")
    if folder is not None:
        now = time.time()
        with suppress(OSError):
            if _is_filled(folder):
                if now - folder.stat().st_mtime > _DAY:
                    os.utime(folder)  # it is in use
            else:
                for other in folder.parent.glob(f"{kind}-{'[0-9a-f]' * 16}"):
                    if now - _last_use(other) > _UNUSED:
                        shutil.rmtree(other, ignore_errors=True)
    return folder


def _is_filled(folder: Path) -> bool:
    try:
        return any(folder.iterdir())
    except OSError:
        return False


def _last_use(folder: Path) -> float:
    """When anything in a folder was last written, or one of its files read: seconds."""
    latest = folder.stat().st_mtime
    for path in folder.rglob("*"):
        status = path.stat()
        latest = max(latest, status.st_mtime, 0.0 if path.is_dir() else status.st_atime)
    return latest


def _cache_roots() -> Iterator[Path]:
    if chosen := os.environ.get("ENERGYNET_CACHE"):
        yield Path(os.path.expanduser(chosen))  # noqa: PTH111 (an unknown user is no error)
    if xdg := os.environ.get("XDG_CACHE_HOME"):
        yield Path(os.path.expanduser(xdg)) / "energynet"  # noqa: PTH111
    with suppress(RuntimeError):  # no home folder is known
        yield Path.home() / ".cache" / "energynet"
    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
    with suppress(OSError):  # nothing at all is writable, as in some containers
        yield Path(tempfile.gettempdir()) / f"energynet-{user}"
