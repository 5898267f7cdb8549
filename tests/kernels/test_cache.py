"""Compiled code: where it is missing; a cache that is damaged, full or read-only stops nobody."""

import ctypes
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support import PYTHON

import energynet
from energynet.support.files import versioned_cache

# A kernel of its own, as those of the package need minutes; the last line tells where it is from.
SCRIPT = """
import resource, sys
from energynet.kernels import jit

@jit.jit
def double(x):
    return 2 * x

@jit.jit
def triple(x):
    return 3 * x

if "full" in sys.argv:
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
print(double(4), *([triple(4)] if "more" in sys.argv else []))
print("loaded" if double._cache_hits else "compiled")
"""
NOT_KEPT = "compiled kernels cannot be kept in "


@pytest.fixture
def run(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    environment = os.environ | {"ENERGYNET_CACHE": str(tmp_path / "cache")}

    def run(*words, **options):
        command = [*PYTHON, str(script), *words]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, **options
        )
        assert done.returncode == 0, done.stderr
        return *done.stdout.splitlines(), done.stderr

    run.cache = tmp_path / "cache"
    return run


@pytest.mark.parametrize("ending", ["nbc", "nbi"])
@pytest.mark.parametrize("size", [0, 50])
def test_a_damaged_file_is_compiled_again(run, ending, size):
    assert run() == ("8", "compiled", "")
    assert run() == ("8", "loaded", "")
    (path,) = run.cache.rglob(f"*.{ending}")
    path.write_bytes(path.read_bytes()[:size])
    assert run() == ("8", "compiled", "")
    assert run() == ("8", "loaded", "")


def test_code_that_was_compiled_for_other_types_is_not_used(run):
    """As two processes leave it that write the files of one function at the same time."""
    run()
    (data,) = run.cache.rglob("*.nbc")
    kept = data.read_bytes()
    (index,) = run.cache.rglob("*.nbi")
    script = run.cache.parent / "script.py"
    script.write_text(SCRIPT.replace("double(4)", "double(4.5)"))
    data.unlink()
    index.unlink()
    assert run() == ("9.0", "compiled", "")
    (data,) = run.cache.rglob("*.nbc")
    data.write_bytes(kept)
    assert run() == ("9.0", "compiled", "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limits for files")
def test_a_full_disk_is_told_once(run):
    *printed, told = run("full", "more")
    assert printed == ["8 12", "compiled"]
    assert told.startswith(NOT_KEPT)
    assert told.count("\n") == 1
    assert not [path for path in run.cache.rglob("*") if path.is_file()]


def as_others():
    """Give up what lets root write everywhere."""
    for capability in (1, 2):
        ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="needs the capabilities of Linux")
def test_a_read_only_cache_is_used_as_it_is(run):
    run()
    paths = [run.cache, *run.cache.rglob("*")]
    for path in paths:
        path.chmod(0o500 if path.is_dir() else 0o400)
    probe = f"open({str(run.cache / 'probe')!r}, 'w')"
    command = [*PYTHON, "-c", probe]
    written = subprocess.run(command, preexec_fn=as_others, capture_output=True, check=False)
    try:
        if written.returncode == 0:
            pytest.skip("this user may write everywhere")
        assert run(preexec_fn=as_others) == ("8", "loaded", "")
        *printed, told = run("more", preexec_fn=as_others)
        assert printed == ["8 12", "loaded"]
        assert told.startswith(NOT_KEPT)
        assert told.count("\n") == 1
        assert [run.cache, *run.cache.rglob("*")] == paths
    finally:
        for path in paths:
            path.chmod(0o700 if path.is_dir() else 0o600)


def test_old_versions_are_removed(tmp_path, monkeypatch):
    monkeypatch.setenv("ENERGYNET_CACHE", str(tmp_path))
    day, now = 86_400, time.time()
    ages = {"0" * 16: (40, 40), "1" * 16: (40, 20), "2" * 16: (20, 40), "of-somebody": (40, 40)}
    for name, (written, read) in ages.items():
        folder = tmp_path / f"kernels-{name}" / "sub"
        folder.mkdir(parents=True)
        (folder / "file").touch()
        os.utime(folder / "file", (now - read * day, now - written * day))
        for path in (folder, folder.parent):
            os.utime(path, (now - written * day, now - written * day))
    new = versioned_cache("kernels", "a" * 16)
    kept = {"kernels-" + name for name in list(ages)[1:]}
    assert {path.name for path in tmp_path.iterdir()} == {*kept, new.name}
    # A version that is in use is seen to be, and removes nothing.
    old = tmp_path / f"kernels-{'2' * 16}"
    assert versioned_cache("kernels", "2" * 16) == old
    assert time.time() - old.stat().st_mtime < day
    (tmp_path / f"kernels-{'3' * 16}").mkdir()
    os.utime(tmp_path / f"kernels-{'3' * 16}", (0, 0))
    versioned_cache("kernels", "2" * 16)
    assert (tmp_path / f"kernels-{'3' * 16}").exists()


def test_without_any_writable_folder_there_is_no_cache(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    for name in ("ENERGYNET_CACHE", "XDG_CACHE_HOME", "HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path / "file"))

    def none():
        raise FileNotFoundError("No usable temporary directory found")

    monkeypatch.setattr("tempfile.gettempdir", none)
    assert versioned_cache("kernels", "0" * 16) is None


@pytest.mark.parametrize("installed", [True, False])
def test_sources_without_the_compiled_part_say_what_to_do(tmp_path, installed):
    """As after `pip install .`, if Python is started in the checkout."""
    package = Path(energynet.__file__).parent
    checkout, site = tmp_path / "checkout", tmp_path / "site"
    shutil.copytree(
        package,
        checkout / "energynet",
        ignore=shutil.ignore_patterns("*.so", "*.pyd", "*.xz", "__pycache__"),
    )
    (checkout / "pyproject.toml").touch()
    site.mkdir()
    if installed:
        (site / "energynet").symlink_to(package)
    code = (
        "import energynet\n"
        "try: import energynet.kernels.jit\n"
        "except energynet.InstallationError as error: print(error)"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (checkout, site)))}
    done = subprocess.run(
        [*PYTHON, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert f"is missing in {checkout / 'energynet'}" in done.stdout
    assert f"run 'pip install -e {checkout}'" in done.stdout
    hidden = f"which hides the installed {site / 'energynet'}: start Python in another folder"
    assert (hidden in done.stdout) == installed
