"""The protocol was committed before the runs that it judges, and did not change since."""

import subprocess
import tomllib
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
PROTOCOL = Path("results/protocol.toml")
STUDIES = ("hidden", "network")
# Lines (without indentation) that were added or taken away since, each with its reason beside it.
CHANGED: dict[str, tuple[str, ...]] = {}


def git(*words):
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


@pytest.fixture(scope="module")
def protocol():
    """The commit of the protocol; without the history of the project nothing can be checked."""
    if not (ROOT / ".git").exists():
        pytest.skip("no git history beside the package")
    code, commit = git("log", "-1", "--format=%H", "--", str(PROTOCOL))
    if code or not commit.strip():
        pytest.skip("the history lacks the commit of the protocol")
    return commit.strip()


def changed_lines(diff):
    """Lines of a diff that were added or taken away."""
    lines = [line for line in diff.splitlines() if line[:1] in "+-" and line[:3] not in "+++---"]
    return {line[1:].strip() for line in lines} - {""}


def test_the_files_of_the_protocol_did_not_change_but_for_listed_lines(protocol):
    for name in tomllib.loads((ROOT / PROTOCOL).read_text())["files"]:
        assert (ROOT / name).exists(), name
        _, diff = git("diff", "--unified=0", protocol, "HEAD", "--", name)
        assert changed_lines(diff) <= set(CHANGED.get(name, ())), name


@pytest.mark.parametrize("study", STUDIES)
def test_new_runs_were_made_after_the_protocol(study, protocol):
    path = ROOT / "results" / f"{study}.csv"
    if not path.exists():
        pytest.skip(f"the study {study} is yet to be run")
    _, before = git("show", f"{protocol}:results/network.csv")
    first = {line.partition(",")[0] for line in before.splitlines()}
    table = pd.read_csv(path, dtype={"id": str}, usecols=["id", "commit"])
    new = table[~table["id"].isin(first)].dropna(subset="commit")
    for commit in new["commit"].unique():
        code, _ = git("merge-base", "--is-ancestor", protocol, commit)
        assert code == 0, f"{commit} is not after the protocol"


def test_lines_of_a_diff():
    diff = "--- a/x\n+++ b/x\n@@ -1 +1,2 @@\n-  one\n+two\n+\n context\n"
    assert changed_lines(diff) == {"one", "two"}
