"""The commit that a result names: that of the checkout, or of the wheel."""

import subprocess
import sys
from pathlib import Path

import pytest

from energynet.support.provenance import COMMIT_FILE, checkout_commit

ROOT = Path(__file__).parents[2]


def git(folder, *words):
    named = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", *named, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path):
    git(tmp_path, "init")
    (tmp_path / "file").write_text("one")
    git(tmp_path, "add", "file")
    git(tmp_path, "commit", "-m", "first")
    return tmp_path


def test_a_checkout_tells_its_commit_and_whether_files_differ(checkout):
    clean = checkout_commit(checkout)
    assert len(clean) == 40
    (checkout / "file").write_text("two")
    assert checkout_commit(checkout) == f"{clean}-dirty"


def test_a_folder_inside_of_a_checkout_is_not_asked(checkout):
    (checkout / "inside").mkdir()
    assert checkout_commit(checkout / "inside") == ""


def test_the_built_package_names_the_commit_it_was_built_from(tmp_path):
    pytest.importorskip("Cython")
    words = [sys.executable, "setup.py", "-q", "build_py", "--build-lib", str(tmp_path)]
    subprocess.run(words, cwd=ROOT, check=True, capture_output=True)
    written = tmp_path / "energynet" / "support" / COMMIT_FILE
    assert written.read_text().strip() == checkout_commit(ROOT)
    named = "from energynet.support.provenance import provenance; print(provenance()['commit'])"
    shown = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {named}"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    assert shown.stdout.strip() == written.read_text().strip()
