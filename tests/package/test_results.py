"""The committed results: every number is consistent, every cell of the plan is there or marked."""

from pathlib import Path

import anew
import numpy as np
import pandas as pd
import pytest
from support import shapes

from energynet.analysis.runs import held, labelled
from energynet.analysis.study import Study
from energynet.store.exchange import import_results, read_table
from energynet.store.schema import DEFAULTS
from energynet.studies.figures import save
from energynet.studies.report import page
from energynet.studies.report.answer import answers, to_text
from energynet.studies.stages.plan import next_stage
from energynet.studies.stages.preset import load_preset, preset_from_toml
from energynet.support.format import significant

RESULTS = Path(__file__).parents[2] / "results"
STUDIES = ("hidden", "network", "sensitivity", "robustness", "published")


@pytest.fixture(scope="module", params=STUDIES)
def study(request):
    """Name, table, and learning curves."""
    name = request.param
    table = read_table(RESULTS / f"{name}.csv")
    return name, table, read_table(RESULTS / f"{name}_history.csv.xz")


@pytest.fixture
def table(study):
    """The runs that have a result."""
    runs = study[1][~study[1]["outcome"].isin(["failed", "skipped"])]
    defaults = {name: DEFAULTS[name] for name in ("target_accuracy", "max_steps")}
    return runs.assign(**{name: runs.get(name, value) for name, value in defaults.items()})


def test_every_row_fits_its_id(study, tmp_path):
    name, table, _ = study
    marked = table["outcome"] == "skipped"  # rows of runs that were never made
    path = tmp_path / "made.csv"
    table[~marked].to_csv(path, index=False)
    history = RESULTS / f"{name}_history.csv.xz"
    assert import_results(path, tmp_path / "runs", history) == (~marked).sum()
    assert not marked.any() or table.loc[marked, "reason"].notna().all()


def test_every_cell_of_the_plan_is_there(study):
    name, table, _ = study
    assert next_stage(load_preset(name), table, shapes()) is None


def test_the_table_without_centring_is_whole(tmp_path):
    table = read_table(RESULTS / "uncentred.csv")
    history = RESULTS / "uncentred_history.csv.xz"
    assert import_results(RESULTS / "uncentred.csv", tmp_path / "runs", history) == len(table)
    assert next_stage(preset_from_toml(RESULTS / "uncentred.toml"), table, shapes()) is None


def test_energies_are_consistent(table):
    all_synapses = table[table["rule"] == "all"]
    full = all_synapses["steps"] * all_synapses["synapses"]
    assert (all_synapses["m0"] <= full).all()
    assert (all_synapses["m0"] > 0.95 * full).all()  # but for zero updates
    assert (table["m0"] <= table["steps"] * table["plastic_synapses"]).all()
    pd.testing.assert_series_equal(
        table["m0"], table["m0_layer1"] + table["m0_layer2"], check_names=False
    )
    np.testing.assert_allclose(table["m1"], table["m1_layer1"] + table["m1_layer2"], rtol=1e-12)
    there = table[table["outcome"] != "diverged"]
    assert (there["m0"] >= there["m0_direct"]).all()
    assert (there["m1"] >= there["m1_direct"]).all()


def test_outcomes_follow_from_learning_curves(study, table):
    _, _, history = study
    last = history.groupby("id").last()
    there = table[table["outcome"] != "diverged"].set_index("id")
    for column, same in (("step", "steps"), ("accuracy", "accuracy"), ("m0", "m0"), ("m1", "m1")):
        np.testing.assert_array_equal(last.loc[there.index, column], there[same])
    means = held(history, labelled(there.reset_index())).groupby("id")["accuracy"].last()
    right = means.reindex(there.index) >= there["target_accuracy"]
    assert ((there["outcome"] == "reached") == right).all()
    at_end = there["steps"] == there["max_steps"]
    assert (right | at_end).all()
    best = history.groupby("id")["accuracy"].max()
    np.testing.assert_array_equal(best.loc[there.index], there["best_accuracy"])


def test_made_by_one_version(table):
    for column in ("numerics", "version", "data_sha256"):
        assert table[column].nunique() == 1
    assert table["commit"].notna().all()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """What the script writes from all tables, without pictures of points and the page."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(save, "to_png", lambda _figure: b"")
        patch.setattr(page, "write_page", lambda *_: None)
        anew.make(folder)
    return folder


def test_verdicts_are_those_of_the_tables(made):
    for name in ("verdicts.json", "verdicts.md"):
        assert (RESULTS / name).read_text() == (made / name).read_text()


def test_figures_and_sensitivity_are_those_of_the_tables(made):
    kinds = ("figures/**/*.csv", "figures/**/*.svg", "figures/**/*.md", "sensitivity/*.csv")
    for kind in kinds:
        files = {path.relative_to(made): path for path in made.glob(kind)}
        assert files.keys() == {path.relative_to(RESULTS) for path in RESULTS.glob(kind)}
        for name, path in files.items():
            if path.suffix == ".csv":
                pd.testing.assert_frame_equal(
                    pd.read_csv(RESULTS / name), pd.read_csv(path), rtol=1e-5
                )
    assert len(list(made.glob("figures/**/figure-*.csv"))) >= 13
    assert "</html>" in (RESULTS / "report.html").read_text()


def test_the_table_on_other_images_is_that_of_the_runs(tmp_path):
    assert import_results(RESULTS / "digits.csv", tmp_path / "runs") == 438
    assert anew.digits() in (RESULTS / "README.md").read_text()


def test_the_readme_shows_what_the_first_command_prints():
    text = to_text(answers(Study.of(read_table(RESULTS / "quick.csv"))))
    shown = (RESULTS.parent / "README.md").read_text().split("```text\n")[1].split("```")[0]
    assert len(shown.splitlines()) > 8
    assert text.startswith(shown)


def _ends(row):
    return f"{significant(row['ratio_low'])} to {significant(row['ratio_high'])}"


def test_the_readme_repeats_rows_of_the_benchmarks():
    rows = (RESULTS.parent / "bench" / "RESULTS.md").read_text()
    told = (RESULTS.parent / "README.md").read_text().split("## How fast")[1].split("\n## ")[0]
    lines = [line for line in told.splitlines() if line.startswith("| `")]
    assert len(lines) >= 4
    for line in lines:
        assert line in rows
