"""Custom rules in sweeps, tables, analysis, figures and on the command line."""

import importlib
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from custom_rules import EXAMPLES, Everything, Raises, Shares, Upkeep
from support import digits
from sweeps import timeless
from tables import frame, run

import energynet as en
from energynet.cli.common import look_here
from energynet.cli.main import main
from energynet.store.exchange import export_results, import_results, read_table
from energynet.store.folder import Store


def test_rules_that_workers_cannot_import(tmp_path):
    class Local(Everything):
        pass

    with pytest.raises(en.ConfigError, match="must be defined in a module that workers can import"):
        en.sweep([en.TrainingConfig(hidden=3, rule=Local(), max_steps=1)], tmp_path, data=digits())


def test_a_file_that_was_changed_after_its_import(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    source = "import energynet as en\nclass Moody(en.PlasticityRule):\n def select(self, step):\n"
    (tmp_path / "moody.py").write_text(f"{source}  return True, False\n")
    configs = [en.TrainingConfig(hidden=3, rule=en.rule_from_name("moody:Moody"), max_steps=5)]
    assert len(en.sweep(configs, tmp_path / "runs", data=digits(), progress=False)) == 1
    (tmp_path / "moody.py").write_text(f"{source}  return True, True\n")
    with pytest.raises(en.ConfigError, match="its file, which was changed after the import"):
        en.sweep(configs, tmp_path / "other", data=digits(), progress=False)


def test_a_rule_whose_name_stands_for_another_class(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    source = "import energynet as en\nclass Twice(en.PlasticityRule):\n def select(self, step):\n"
    (tmp_path / "twice.py").write_text(f"{source}  return True, False\n")
    configs = [en.TrainingConfig(hidden=3, rule=en.rule_from_name("twice:Twice"), max_steps=5)]
    importlib.reload(sys.modules["twice"])
    with pytest.raises(en.ConfigError, match="no longer the class that its name leads to"):
        en.sweep(configs, tmp_path / "runs", data=digits(), progress=False)


def test_a_run_that_fails_says_where(tmp_path):
    configs = [en.TrainingConfig(hidden=3, rule=Raises(), max_steps=5)]
    table = en.sweep(configs, tmp_path, data=digits(), progress=False)
    assert list(table["outcome"]) == ["failed"]
    assert table["reason"][0].startswith("ZeroDivisionError: its own mistake (custom_rules.py, l")


GRID = """
[defaults]
max_steps = 200
test_every = 100
target_accuracy = 1.0
seeds = 2
hidden = [4, 5]

[[block]]
rule = "all"

[[block]]
rule = "threshold:Threshold"
params = {least = [1e-4, 0.001]}

[[block]]
rule = "probabilistic:Probabilistic"
fraction = [0.1, 0.3]
"""


@pytest.mark.usefixtures("examples")
def test_from_a_grid_to_tables_claims_and_figures(tmp_path):
    (tmp_path / "grid.toml").write_text(GRID)
    grid = en.Grid.from_toml(tmp_path / "grid.toml")
    assert len(grid) == 20
    grid.to_toml(tmp_path / "again.toml")
    assert en.Grid.from_toml(tmp_path / "again.toml") == grid
    rules = {config.rule for config in grid if "threshold" in config.rule.name}
    assert en.Grid(hidden=4, rule=list(rules)) == en.Grid(
        hidden=4, rule="threshold:Threshold", params={"least": [0.001, 1e-4]}
    )

    store = tmp_path / "runs"
    table = en.sweep(grid, store, data=digits(), workers=2, progress=False)
    assert len(table) == 20
    assert set(table["outcome"]) == {"exhausted"}
    own = table[table["rule"] == "probabilistic:Probabilistic"]
    assert set(own["fraction"]) == {0.1, 0.3}
    assert set(own["parameters"]) == {'{"fraction": 0.1}', '{"fraction": 0.3}'}
    assert set(table["rule_version"].dropna()) == {1}
    config = next(c for c in grid if "threshold" in c.rule.name)
    alone = en.train(config, digits())
    assert alone.energy.m1 in set(table["m1"])

    cells = en.cells(table)
    assert set(cells["rule"]) == {"all", "threshold:Threshold", "probabilistic:Probabilistic"}
    assert not cells["fraction"].isna().any()
    share = table["m0"] / (table["steps"] * table["synapses"])
    alike = (table["parameters"] == '{"least": 0.001}') & (table["hidden"] == 5)
    at = cells[(cells["rule"] == "threshold:Threshold") & (cells["hidden"] == 5)]
    assert at["fraction"].min() == share[alike].mean()
    assert at["fraction"].nunique() == 2
    assert set(en.savings(table)["rule"]) <= set(cells["rule"])
    assert len(en.claims(table)) == 19
    assert main(["figures", str(store), "--out", str(tmp_path / "figures")]) == 0
    assert main(["claims", str(store)]) == 0
    assert list((tmp_path / "figures").glob("*.svg"))


def test_versions_and_fractions_that_are_none_stay_apart(tmp_path):
    limits = {"max_steps": 100, "test_every": 50, "target_accuracy": 0.3}
    grid = en.Grid(
        hidden=[4, 6], rule=[Shares(0, "1"), Shares(5, "1"), Shares(50, "1")], seeds=2, **limits
    ) + en.Grid(hidden=[4, 6], seeds=2, **limits)
    en.sweep(grid, tmp_path / "runs", data=digits(), progress=False)
    store = Store(tmp_path / "runs")
    before = en.load_results(tmp_path / "runs")
    cells = en.cells(before)
    own = cells[(cells["rule"] == "custom_rules:Shares") & (cells["energy"] == "m0")]
    assert own["runs"].sum() == 12
    later = before[before["rule"] != "all"].assign(rule_version=2)
    cells = en.cells(pd.concat([before, later], ignore_index=True))
    own = cells[cells["rule"].str.startswith("custom_rules:Shares") & (cells["energy"] == "m0")]
    assert set(own["rule"]) == {"custom_rules:Shares", "custom_rules:Shares version 2"}
    assert list(own.groupby("rule")["runs"].sum()) == [12, 12]
    assert main(["figures", str(store.root), "--out", str(tmp_path / "figures")]) == 0
    assert main(["report", str(store.root), "--out", str(tmp_path / "report.html")]) == 0


def made_up(label, parameters, seeds, synapses=100, steps=1000, share=1.0):
    """Rows of a custom rule whose steps change that share of the synapses, at that setting."""
    return [
        run(
            *(5, label, None, seed, share * steps * synapses, 10 * (1 + len(parameters)) + seed),
            **{"parameters": parameters, "rule_version": 1, "synapses": synapses},
            **{"steps": steps, "plastic_synapses": synapses, "cost_upkeep": 1.0 + seed},
        )
        for seed in seeds
    ]


def settings_alike():
    """Settings of two rules; several change the same share of the synapses, some all of them."""
    seeds = (0, 1, 2, 100, 101)
    rows = [run(5, "all", None, seed, 1e5, 1e3, steps=1000, synapses=100) for seed in seeds]
    for value, share in ((10, 1), (2, 1), (0.5, 1), (3, 0.1), (4, 0.1), (7, 0.0), (8, 0.0)):
        rows += made_up("own:Soft", json.dumps({"bound": value, "how": "x"}), seeds, share=share)
    rows += made_up("own:Paid", "{}", seeds, share=1.001)  # it pays more in the end
    rows += made_up("own:Lost", '{"a": 1}', ()) + made_up("own:One", '{"a": 1}', seeds)
    rows += [row | {"outcome": "failed", "m0": None} for row in made_up("own:One", "{}", (0, 1))]
    return frame(rows)


def test_settings_with_the_same_share_are_different_cells():
    table = settings_alike()
    cells = en.cells(table)
    one = cells[cells["energy"].eq("m1") & cells["seeds"].eq("exploration")]
    assert one.groupby(["rule", "fraction"]).size().max() == 1
    soft = one[one["rule"] == "own:Soft"]
    assert [json.loads(text)["bound"] for text in soft["parameters"]] == [7, 8, 3, 4, 0.5, 2, 10]
    assert set(soft["runs"]) == {3}
    shares = [0, 0, 0.1, 0.1, 1, 1, 1]
    np.testing.assert_allclose(soft["fraction"], shares, rtol=1e-12, atol=1e-300)
    assert (one.loc[one["rule"] != "all", "fraction"] < 1).all()
    spent = table.assign(m1=table["m1"].astype(float)).query("seed < 3").groupby("parameters")["m1"]
    assert (
        dict(zip(soft["parameters"], soft["energy_per_success"], strict=True)).items()
        <= dict(spent.mean()).items()
    )
    best = en.optimal_energy(table).set_index(["rule", "energy"])
    assert set(best.loc[["own:One", "own:Paid"], "mark"]) == {"not bracketed"}
    assert best.loc[("own:One", "m1"), "confirmed"] == pytest.approx(190.5)
    assert set(en.savings(table).set_index("rule").loc["own:One", "pairs"]) == {0, 2}
    every = en.savings(table, at="every fraction")
    assert set(every[every["energy"] == "m1"]["pairs"]) == {5}
    assert every[(every["rule"] == "own:Soft") & (every["energy"] == "m1")].shape[0] == 7
    assert "parameters" not in en.cells(table[table["rule"] == "all"].drop(columns="parameters"))


def test_the_order_of_the_rows_does_not_matter():
    table = settings_alike()
    shuffled = [table[::-1], table.sample(frac=1, random_state=3)]
    for tell in (en.cells, en.optimal_energy, lambda t: en.savings(t, at="every fraction")):
        expected = tell(table)
        for other in shuffled:
            pd.testing.assert_frame_equal(tell(other), expected, check_exact=True)


@pytest.mark.usefixtures("examples")
@pytest.mark.parametrize("ending", ["csv", "sqlite"])
def test_tables_come_and_go_without_importing_a_rule(tmp_path, ending, monkeypatch):
    grid = en.Grid(
        hidden=4, rule=["threshold:Threshold"], params={"least": 0.1}, max_steps=20, test_every=20
    ) + en.Grid(hidden=4, rule="largest", fraction=0.1, max_steps=20, test_every=20)
    table = en.sweep(grid, tmp_path / "runs", data=digits(), workers=1, progress=False)
    out = tmp_path / f"runs.{ending}"
    assert export_results(tmp_path / "runs", out) == 2
    monkeypatch.setattr("importlib.import_module", None)
    pd.testing.assert_frame_equal(read_table(out), table)
    assert import_results(out, tmp_path / "back") == 2
    pd.testing.assert_frame_equal(en.load_results(tmp_path / "back"), table)


@pytest.mark.parametrize("ending", ["csv", "parquet", "sqlite"])
def test_costs_go_to_tables_and_back(tmp_path, ending):
    if ending == "parquet":
        pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
    limits = {"hidden": 4, "max_steps": 60, "test_every": 20, "target_accuracy": 0.2, "hold": 2}
    grid = en.Grid(rule=[Upkeep(0.3), Upkeep(0.6)], seeds=2, **limits) + en.Grid(**limits)
    table = en.sweep(grid, tmp_path / "runs", data=digits(), workers=1, progress=False)
    history = en.load_history(tmp_path / "runs")
    assert list(history)[5:] == ["cost_end", "cost_upkeep"]
    own = table[table["rule"] != "all"]
    assert list(own["cost_end"]) == list(own["steps"] / 3)
    assert table["cost_upkeep"].isna().sum() == 1
    alone = en.train(grid.configs[0], digits())
    curve = history[history["id"] == own[own["m1"] == alone.energy.m1]["id"].item()]
    assert tuple(curve["cost_upkeep"]) == alone.cost_history["upkeep"]
    assert alone.energy.m0 == alone.history[-1].m0 + 41 * 4

    out, curves = (tmp_path / f"{name}.{ending}" for name in ("runs", "curves"))
    export_results(tmp_path / "runs", out, curves)
    pd.testing.assert_frame_equal(read_table(out), table)
    assert import_results(out, tmp_path / "back", curves) == 5
    pd.testing.assert_frame_equal(en.load_results(tmp_path / "back"), table)
    pd.testing.assert_frame_equal(en.load_history(tmp_path / "back"), history)


def test_costs_are_energies_in_analysis_and_figures(tmp_path):
    limits = {"hidden": [4, 6], "max_steps": 60, "test_every": 20, "target_accuracy": 0.2}
    limits["seeds"] = [0, 1, 2, 100, 101, 102]
    grid = en.Grid(rule=[Upkeep(0.3), Upkeep(0.6)], **limits)
    table = en.sweep(grid + en.Grid(**limits), tmp_path / "runs", data=digits())
    cells = en.cells(table)
    assert {"m0", "m1", "cost_end", "cost_upkeep"} == set(cells["energy"])
    own = cells[(cells["energy"] == "cost_upkeep") & (cells["rule"] == "custom_rules:Upkeep")]
    means = table.groupby(["hidden", "fraction"])["cost_upkeep"].mean()
    assert set(own["hidden"]) == {4, 6}
    assert min(means) <= min(own["energy_per_success"])
    assert "cost_upkeep" in set(en.optimal_energy(table)["energy"])
    savings = en.savings(table).set_index("energy")
    lacks = "the unmodified network has no such cost"
    assert savings.loc["cost_upkeep", "ratio"].isna().all()
    assert set(savings.loc["cost_upkeep", "why"]) == {lacks}
    every = en.savings(table, at="every fraction").set_index("energy")
    assert set(every.loc["cost_upkeep", "why"]) == {lacks}
    label = "custom_rules:Upkeep"
    turned = en.savings(table, against=label).set_index("energy")
    assert set(turned.loc["cost_upkeep", "why"]) == {lacks}
    assert savings.loc["m0", "ratio"].notna().all()
    at = en.cells(table, criterion=0.1, history=en.load_history(tmp_path / "runs"))
    assert set(at["energy"]) == {"m0", "m1"}
    assert main(["report", str(tmp_path / "runs"), "--out", str(tmp_path / "report.html")]) == 0
    page = (tmp_path / "report.html").read_text()
    assert "cost upkeep" in page
    assert lacks in page
    assert "no confirmation runs" not in page

    runs = [en.train(config, digits()) for config in (grid.configs[0], en.TrainingConfig(hidden=3))]
    upkeep, none = en.compare(runs)["cost_upkeep"]
    assert (upkeep, np.isnan(none)) == (runs[0].costs["upkeep"], True)
    *_, upkeep, end = en.plot(runs).axes
    assert end.get_ylabel() == "cost end"
    np.testing.assert_array_equal(upkeep.lines[0].get_ydata(), runs[0].cost_history["upkeep"])
    assert not len(upkeep.lines[1].get_ydata())
    assert len(runs[0].plot().axes) == 5


@pytest.mark.usefixtures("examples")
def test_dask(tmp_path):
    distributed = pytest.importorskip("distributed", reason="Dask is not installed")
    grid = en.Grid(
        hidden=[4, 5], rule="threshold:Threshold", params={"least": 1e-4}, max_steps=50,
        test_every=50,
    )  # fmt: skip
    local = en.sweep(grid, tmp_path / "local", data=digits(), progress=False)
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, dashboard_address=":0", processes=False
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        there = en.sweep(
            grid, tmp_path / "dask", client.get_executor(), data=digits(), progress=False
        )
    pd.testing.assert_frame_equal(timeless(there), timeless(local))


def test_the_checkout_of_another_version_is_not_looked_into(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "energynet").mkdir()
    (tmp_path / "energynet" / "__init__.py").touch()
    look_here()
    assert str(tmp_path) not in sys.path
    (tmp_path / "energynet" / "__init__.py").unlink()
    look_here()
    assert sys.path[-1] == str(tmp_path)
    own = Path(en.__file__).parents[1]
    monkeypatch.chdir(own)
    look_here()
    assert str(own) in sys.path


def test_command_line_finds_rules_in_its_folder(tmp_path, monkeypatch, capsys):
    shutil.copy(EXAMPLES / "threshold.py", tmp_path / "sized.py")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    limits = ["--hidden", "3", "--max-steps", "10", "--test-every", "10", "--quiet"]
    rule = ["--rule", "sized:Threshold"]
    assert main(["train", *limits, *rule, "--param", "least=1e-3", "--json"]) == 3
    shown = capsys.readouterr().out
    assert '"parameters": {"least": 0.001}' in shown.replace("\n", "")
    for flags, message in [
        ([], "lacks its parameter least"),
        (["--param", "least"], "--param must be NAME=VALUE, got 'least'"),
        (["--param", "least=1", "--param", "least=2"], "each parameter once, got least again"),
        (["--param", "least=x"], "least must be a finite number, got 'x'"),
        (["--param", "least=-1"], "least must be 0 or above, got -1.0"),
        (["--param", "lest=1"], "takes least, got 'lest'; did you mean 'least'?"),
        (["--fraction", "1"], "takes least, got 'fraction'"),
    ]:
        assert main(["train", *limits, *rule, *flags]) == 2
        assert message in capsys.readouterr().err
    assert main(["train", *limits, "--param", "least=1"]) == 2
    assert "least must be left out for rule all" in capsys.readouterr().err
