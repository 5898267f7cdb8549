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
CHANGED: dict[str, tuple[str, ...]] = {
    # Other seeds than our study's may choose and estimate; without any given, its own do.
    # An unknown keyword is answered in a sentence.
    "energynet/analysis/optimum.py": (
        "from energynet.support import checks",
        "@checks.arguments",
        "from energynet.analysis.runs import Seeds",
        "seeds: Seeds = None,",
        "return optima_of(cells_of(study_runs(table, by, criterion, history), by), by)",
        "return optima_of(cells_of(study_runs(table, by, criterion, history, seeds), by), by)",
    ),
    # Ratios to any rule, of which `all` is the default: the same terms. Seeds as in
    # optimum.py.
    "energynet/analysis/study.py": (
        "from energynet.analysis.contrasts import Cell, Run, Terms, index_runs, paired, saving_terms",  # noqa: E501
        "from energynet.analysis.contrasts import Cell, Run, Terms, index_runs, paired",
        "from energynet.analysis.runs import SEED_SETS, endless_runs, labelled, own_settings",
        "from energynet.analysis.runs import SEED_SETS, Seeds, endless_runs, labelled, own_settings",  # noqa: E501
        "def saving_rows(self, at: str = OPTIMUM) -> Iterator[Row]:",
        "def saving_rows(self, at: str = OPTIMUM, against: str = ALL) -> Iterator[Row]:",
        "rules = sorted({(hidden, rule) for hidden, rule, _ in self.by_cell if rule != ALL})",
        "rules = sorted({(hidden, rule) for hidden, rule, _ in self.by_cell if rule != against})",
        "for fraction, found in self._ratios(cell, at):",
        "for fraction, found in self._ratios(cell, at, against):",
        "def _ratios(self, cell: Cell, at: str) -> Iterator[tuple[float, Estimate | Missing]]:",
        '"""(fraction, ln E(all) - ln E(rule))."""',
        "terms = saving_terms(cell)",
        "def _ratios(",
        "self, cell: Cell, at: str, against: str",
        ") -> Iterator[tuple[float, Estimate | Missing]]:",
        '"""(fraction, ln E(against) - ln E(rule))."""',
        "other = cell._replace(rule=against)",
        "terms = [(1.0, other), (-1.0, cell)]",
        "point = self.optimum(cell).point",
        "yield point.fraction if point else math.nan, self.contrast(terms)",
        "point, whole = self.optimum(cell).point, 1.0 if cell.rule == ALL else math.nan",
        "yield point.fraction if point else whole, self.contrast(terms)",
        "whole = self.runs_at(cell._replace(rule=ALL), 1.0)",
        "known = self.fractions_of(other)",
        'name = "the unmodified network" if against == ALL else display_name(against)',
        "samples = [whole, self.runs_at(cell, fraction)]",
        'yield fraction, paired(terms, samples, "runs of the rule and of the unmodified network")',
        "same = known[0] if len(known) == 1 else fraction  # `all` has no other than 1",
        "samples = [self.runs_at(other, same), self.runs_at(cell, fraction)]",
        'yield fraction, paired(terms, samples, f"runs of the rule and of {name}")',
        "seeds: Seeds = None,",
        "return _grouped(labelled(table), by, criterion, history)",
        "return _grouped(labelled(table, seeds), by, criterion, history)",
        "found: Sequence[tuple[tuple[Any, ...], Study]], by: Sequence[str] = (), at: str = OPTIMUM",
        "found: Sequence[tuple[tuple[Any, ...], Study]],",
        "by: Sequence[str] = (),",
        "at: str = OPTIMUM,",
        "against: str = ALL,",
        "rows = [(*key, *row) for key, study in found for row in study.saving_rows(at)]",
        "rows = [(*key, *row) for key, study in found for row in study.saving_rows(at, against)]",
    ),
    # Seeds are those of the preset, which in hidden and network are the constants that stood
    # here; fractions of a custom rule differ if its parameters do, those of other rules as
    # before.
    "energynet/studies/stages/plan.py": (
        "from energynet.analysis.runs import EXPLORATION_SEEDS",
        "from energynet.studies.stages.preset import Method, Preset, fraction_value",
        "from energynet.studies.stages.method import Method, fraction_value",
        "from energynet.studies.stages.preset import Preset",
        "known = method.at(best.fraction).counts(shape)",
        "return [p for p in candidates if p < 1 and method.at(p).counts(shape) != known]",
        "return [p for p in candidates if method.differs(p, best.fraction, shape)]",
        'chooser = EXPLORATION if set(wanted["choose"]) <= set(EXPLORATION_SEEDS) else CONFIRMATION',  # noqa: E501
        'explored = set(wanted["choose"]) <= set(variant.seeds("exploration"))',
        "chooser = EXPLORATION if explored else CONFIRMATION",
    ),
}


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
    _, before = git("show", f"{protocol}:results/network.csv")
    first = {line.partition(",")[0] for line in before.splitlines()}
    table = pd.read_csv(
        ROOT / "results" / f"{study}.csv", dtype={"id": str}, usecols=["id", "commit"]
    )
    new = table[~table["id"].isin(first)].dropna(subset="commit")
    for commit in new["commit"].unique():
        code, _ = git("merge-base", "--is-ancestor", protocol, commit)
        assert code == 0, f"{commit} is not after the protocol"


def test_lines_of_a_diff():
    diff = "--- a/x\n+++ b/x\n@@ -1 +1,2 @@\n-  one\n+two\n+\n context\n"
    assert changed_lines(diff) == {"one", "two"}
