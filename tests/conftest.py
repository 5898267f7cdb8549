"""Settings for all tests."""

import errno
import os
import signal
import sys
from contextlib import contextmanager
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from custom_rules import EXAMPLES
from support import IDX_SHAPES, idx_bytes

import energynet as en

hypothesis.settings.register_profile(
    "energynet", deadline=None, derandomize=True, database=None, max_examples=60
)
hypothesis.settings.load_profile("energynet")


def pytest_configure():
    """Interrupts arrive: a shell script that starts the tests in the background shuts them off."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def mnist():
    return en.load_mnist()


@pytest.fixture
def idx_folder(tmp_path):
    """A folder with a data set of 6 + 4 images of 3 x 2 pixels and labels 0, 1, 2."""
    for name, shape in IDX_SHAPES.items():
        array = np.arange(np.prod(shape)).reshape(shape) % (3 if "labels" in name else 250)
        (tmp_path / name).write_bytes(idx_bytes(array))
    return tmp_path


@pytest.fixture
def examples(monkeypatch):
    """The folder of example rules is where Python looks for modules."""
    monkeypatch.syspath_prepend(str(EXAMPLES))


_READ_ONLY = set()  # folders that are on a read-only file system, as far as Python can tell
_CHANGES = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.utime", "os.truncate"}


def _refuse_changes(event, arguments):
    if not _READ_ONLY or not (event in _CHANGES or event == "open"):
        return
    if event == "open" and not arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        return
    for path in arguments[: 2 if event == "os.rename" else 1]:
        if isinstance(path, str | bytes | os.PathLike):
            place = Path(os.fsdecode(path)).absolute()
            if any(place.is_relative_to(folder) for folder in _READ_ONLY):
                raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(place))


@pytest.fixture(scope="session")
def _audited():
    sys.addaudithook(_refuse_changes)  # it cannot be removed


@pytest.fixture
def read_only(_audited):
    """A context in which a folder cannot be changed, also not by root."""

    @contextmanager
    def context(folder):
        _READ_ONLY.add(folder.absolute())
        try:
            with pytest.raises(OSError, match="Read-only"):
                (folder / "file").write_bytes(b"")
            yield
        finally:
            _READ_ONLY.discard(folder.absolute())

    return context
