"""Comparisons of any methods: the same from Python and the command line, killed or on Dask."""

import json
import random
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from custom_rules import AllKinds, Everything, Shares, Threshold, Upkeep
from support import HELPERS, PYTHON, digits, environment, shapes
from tables import frame, model, noise, run
from threshold_study import PRESET, SEEDS, TRAINING, data, study

import energynet as en
from energynet.analysis.study import Study
from energynet.cli.main import main
from energynet.store.exchange import read_table
from energynet.studies.figures.style import INK
from energynet.studies.report.comparison import drawings_of, write_comparison
from energynet.studies.stages.outcome import ADVICE, outcome
from energynet.studies.stages.parsing import methods_of
from energynet.studies.stages.plan import next_stage
from energynet.studies.stages.preset import load_preset, preset_from_dict, preset_from_toml
from energynet.support.format import significant, typeset

RESULTS = Path(__file__).parents[2] / "results"
KILLS = 5


def compared(folder):
    """Every file that a comparison leaves, but for the runs with their times."""
    files = (path for path in folder.rglob("*") if "runs" not in path.parts and path.is_file())
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in files
        if path.suffix != ".png"
        and not path.name.startswith(("study", "threshold"))
        # What a kill amid writing leaves of them; nobody reads it, and it goes after a day.
        and not (path.name.startswith(".study") and path.suffix == ".part")
    }


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The outcome of a call in Python, and its folder."""
    out = tmp_path_factory.mktemp("study")
    with ThreadPoolExecutor(1) as executor:
        return study(executor, out=out), out


def test_what_a_comparison_says(undisturbed):
    found, out = undisturbed
    best = found.best.set_index(["hidden", "rule", "energy"])
    label = "custom_rules:Threshold"
    assert best.loc[(20, label, "m0"), "threshold"] in (3e-4, 6e-4)
    assert np.isnan(best.loc[(20, label, "m0"), "fraction"])
    assert best.loc[(20, "largest", "m0"), "fraction"] < 0.1  # its grid was extended
    assert (found.best["why"] == "").all()
    ratios = found.ratios.set_index(["hidden", "rule", "against", "energy"])
    assert len(ratios) == 2 * 3 * 2
    for (hidden, rule, against, energy), row in ratios.iterrows():
        turned = ratios.loc[(hidden, against, rule, energy)]
        assert row["ratio"] == pytest.approx(1 / turned["ratio"])
        if row["bound"] == "":
            assert row["ratio_low"] < row["ratio"] < row["ratio_high"]
    # By hand: the confirmation runs at the best values.
    runs, value = found.runs, best.loc[(20, label, "m0"), "threshold"]
    at = runs["parameters"].eq(json.dumps({"threshold": value})) & runs["rule"].eq(label)
    own = runs[(runs["hidden"] == 20) & runs["seed"].isin(SEEDS["confirmation"])]
    logs = [
        np.log(own[chosen.loc[own.index]].sort_values("seed")["m0"].astype(float).to_numpy())
        for chosen in (runs["rule"].eq("all"), at)
    ]
    assert ratios.loc[(20, label, "all", "m0"), "ratio"] == pytest.approx(
        np.exp(np.mean(logs[0] - logs[1]))
    )
    assert f"all synapses (unmodified) / {label} = " in repr(found)
    report = (out / "report.html").read_text()
    assert "Threshold against the largest" in report
    assert "poster" not in report
    assert "seeds 100" not in report


def test_killed_five_times_and_ended_by_one_command_it_is_the_same_bytes(undisturbed, tmp_path):
    _, expected = undisturbed
    out, total = tmp_path / "out", len(list((expected / "runs").glob("*/*/result.json")))
    script = [*PYTHON, str(HELPERS / "threshold_study.py"), str(out)]
    for wanted in sorted(random.Random(1).sample(range(2, total), KILLS)):
        with subprocess.Popen(script, env=environment()) as process:
            while process.poll() is None:
                if len(list((out / "runs").glob("*/*/result.json"))) >= wanted:
                    process.send_signal(signal.SIGKILL)
                    break
                time.sleep(0.05)
        assert process.returncode == -signal.SIGKILL
    data().save(tmp_path / "digits.npz")
    (tmp_path / "threshold.toml").write_text(PRESET)
    command = [
        "reproduce",
        "--preset",
        str(tmp_path / "threshold.toml"),
        "--out",
        str(out),
        "--quiet",
    ]
    done = subprocess.run(
        [*PYTHON, "-m", "energynet", *command, "--workers", "1"],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f"report: {out / 'report.html'}" in done.stdout
    ours, theirs = compared(out), compared(expected)
    assert ours.keys() == theirs.keys()
    assert len(ours) > 8
    for name, content in ours.items():
        assert content == theirs[name], name


def test_on_dask_too(undisturbed, tmp_path):
    distributed = pytest.importorskip("distributed", reason="Dask is not installed")
    found, _ = undisturbed
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, dashboard_address=":0", processes=False
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        there = study(client.get_executor(), store=tmp_path / "runs")
    pd.testing.assert_frame_equal(there.best, found.best)
    pd.testing.assert_frame_equal(there.ratios, found.ratios)
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]


def test_a_preset_of_the_study_gives_its_numbers():
    """To the last digit, with the reasons where there are none."""
    table = read_table(RESULTS / "network.csv")
    history = read_table(RESULTS / "network_history.csv.xz")
    found = outcome(load_preset("network"), table, history, shapes())
    expected = Study.of(table, history)
    keys = ["hidden", "rule", "energy"]
    for ours, theirs in (
        (found.ratios[found.ratios["against"] == "all"], expected.savings),
        (found.best, expected.optimal),
    ):
        columns = [name for name in theirs if name in ours and name != "fraction"]
        theirs = theirs[theirs["hidden"].isin(expected.constrained_sizes)]
        ours, theirs = (part.sort_values(keys)[columns] for part in (ours, theirs))
        pd.testing.assert_frame_equal(
            ours.reset_index(drop=True), theirs.reset_index(drop=True), check_exact=True
        )


def carry_out(preset, train):
    """All stages to the end, without training."""
    rows = []
    for _ in range(20):
        stage = next_stage(preset, pd.DataFrame(rows), shapes())
        if stage is None:
            return frame(rows)
        rows += [train(config) | {"id": config.hash} for config in stage.configs]
    raise AssertionError("the plan does not come to an end")


def preset_of(*methods, **other):
    values = {"seeds": SEEDS, "hidden": [100], "method": ["all", *methods], "verdicts": False}
    return preset_from_dict("mine", values | {"energies": ["m0"]} | other)


def made(parameter="", best=1.0, hold=lambda _value: True):
    """A stand-in for training: a custom rule is cheapest at one value of its parameter."""

    def train(config):
        if config.rule.name in ("all", "largest", "readout"):
            return model(0.1)(config)
        value = config.rule.parameters.get(parameter, best)
        energy = 1e3 * noise(config.seed, value) * 4 ** abs(np.log(value / best))
        reached = hold(value)
        return run(
            config.hidden, config.rule.name, None, config.seed, energy, energy,
            "reached" if reached else "exhausted", parameters=json.dumps(config.rule.parameters),
            rule_version=config.rule.version, synapses=79510, max_steps=config.max_steps,
        )  # fmt: skip

    return train


def values_of(table, parameter, seeds=(0, 1)):
    own = table[table["parameters"].notna() & table["seed"].isin(seeds)]
    return sorted({json.loads(text)[parameter] for text in own["parameters"]})


@pytest.mark.parametrize(
    ("kind", "fixed", "parameter", "values", "best", "explored"),
    [
        (Threshold, {}, "threshold", [2.0, 6.0], 6.0, [2.0, 6.0, 12.0]),
        (Threshold, {}, "threshold", [2.0, 6.0], 2.0, [2.0 / 3, 2.0, 6.0]),
        (AllKinds, {"number": 0.25}, "whole", [9, 30], 30, [9, 30, 60]),
        (AllKinds, {"number": 0.25}, "whole", [9, 30], 9, [3, 9, 30]),
        (Shares, {"word": "a"}, "fraction", [3, 9], 9, [3, 9, 18]),  # an integer is no fraction P
        (AllKinds, {"whole": 3}, "number", [0.4, 0.6, 0.9], 0.9, [0.3, 0.4, 0.6, 0.9]),  # <= 1
    ],
)
def test_the_axis_is_any_number_that_a_rule_takes(kind, fixed, parameter, values, best, explored):
    """Grids are extended as those of P: by a third of the best value, and by twice that."""
    method = {"rule": kind, "axis": parameter, parameter: values, **fixed}
    preset = preset_of(method, extend={"times": 1})
    table = carry_out(preset, made(parameter, best))
    assert values_of(table, parameter) == pytest.approx(explored)
    assert values_of(table, parameter, SEEDS["confirmation"]) == [best]
    result = outcome(preset, table, pd.DataFrame(columns=["id"]), shapes())
    [row] = result.best[result.best["rule"] != "all"].to_dict("records")
    assert row[parameter] == best
    assert row["confirmed"] > 0
    assert row["mark"] == ("not bracketed" if best == max(explored) else "")


def test_a_method_of_one_cell_goes_straight_to_confirmation():
    preset = preset_of(Everything(), "readout", en.LargestUpdates(0.3))
    table = carry_out(preset, made())
    others = table[table["rule"] != "all"]
    assert set(others["seed"]) == set(SEEDS["confirmation"])
    assert set(table["seed"]) == {0, 1, 5, 6, 7}
    found = outcome(preset, table, pd.DataFrame(columns=["id"]), shapes())
    assert found.best["why"].eq("").all()
    assert set(found.ratios["rule"]) == {
        "all", "custom_rules:Everything", "readout", "largest fraction=0.3",
    }  # fmt: skip
    assert found.ratios["pairs"].eq(3).all()
    assert "fraction" not in found.ratios


def test_rules_of_the_package_have_any_axis(tmp_path):
    images = data()
    sizes = (images.n_in + 1, 5), (6, images.classes)
    mask = en.GivenMask(*(np.ones(size, bool) for size in sizes))
    methods = {
        "largest within 0.6": {"rule": "largest", "fraction": [0.3, 0.6], "within_units": 0.6},
        "largest-per-layer fraction=0.3": {
            "rule": "largest-per-layer", "fraction": 0.3, "output_fraction": [0.5, 1.0],
        },
        "largest fraction=0.3": {
            "rule": "largest", "axis": "within_units", "fraction": 0.3, "within_units": [0.6, 0.8],
        },
        "fixed-synapses-balanced": {
            "rule": "fixed-synapses", "fraction": ["1/2", 0.7], "output_fraction": "balanced",
        },
        f"fixed-given {mask.mask}": mask,
    }  # fmt: skip
    options = {"hidden": 5, "seeds": SEEDS, "store": tmp_path, "progress": False, **TRAINING}
    with ThreadPoolExecutor(1) as executor:
        found = en.study(
            ["all", *methods.values()], data=images, energies=["m1"], executor=executor,
            **options | {"target_accuracy": 0.3, "max_steps": 200},
        )  # fmt: skip
    best = found.best.set_index("rule")
    assert list(best.index) == ["all", *methods]
    assert (best["why"] == "").all()
    assert best["confirmed"].notna().all()
    for label, name in zip(
        methods, ["fraction", "output_fraction", "within_units", "fraction"], strict=False
    ):
        values = next(v for v in methods[label].values() if isinstance(v, list))
        assert best.loc[label, name] in [0.5 if value == "1/2" else value for value in values]
    assert best.loc[f"fixed-given {mask.mask}", "fraction":"within_units"].isna().all()
    # A mask of all synapses is the unmodified network.
    ratio = found.ratios.set_index(["rule", "against"]).loc[(f"fixed-given {mask.mask}", "all")]
    assert ratio["ratio"] == pytest.approx(1)


def test_methods_are_compared_by_a_cost_that_some_of_them_report(tmp_path):
    """In tables, figures and the report; the others are told to lack it."""
    methods = [
        "all",
        {"rule": "largest", "fraction": [0.1, 0.3]},
        {"rule": Upkeep, "fraction": [0.2, 0.5]},
        Upkeep(0.9),
    ]
    with ThreadPoolExecutor(1) as executor:
        found = en.study(
            methods, hidden=5, data=data(), seeds=SEEDS, energies=["m0", "cost_upkeep"],
            out=tmp_path, executor=executor, progress=False,
            **TRAINING | {"target_accuracy": 0.3, "max_steps": 200},
        )  # fmt: skip
    best = found.best.set_index(["rule", "energy"])
    label, fixed = "custom_rules:Upkeep", "custom_rules:Upkeep fraction=0.9"
    for rule, words in (
        ("all", "all synapses (unmodified)"),
        ("largest", "largest updates of the"),
    ):
        assert best.loc[(rule, "m0"), "why"] == ""
        assert best.loc[(rule, "cost_upkeep"), "why"].startswith(words)
        assert best.loc[(rule, "cost_upkeep"), "why"].endswith("has no such cost")
        assert np.isnan(best.loc[(rule, "cost_upkeep"), "confirmed"])
    row = best.loc[(label, "cost_upkeep")]
    runs = found.runs[found.runs["rule"].eq(label) & found.runs["fraction"].eq(row["fraction"])]
    runs = runs[runs["seed"].isin(SEEDS["confirmation"])]
    assert row["confirmed"] == pytest.approx(runs["cost_upkeep"].sum() / row["reached"])
    ratios = found.ratios.set_index(["energy", "rule", "against"])
    assert ratios.loc[("cost_upkeep", fixed, label), "ratio"] > 0
    assert ratios.loc[("cost_upkeep", label, "all"), "why"].endswith("has no such cost")
    assert "Why there is none" in (tmp_path / "report.html").read_text()
    assert f"{label}, best cost_upkeep " in repr(found)
    names = sorted(path.name for path in (tmp_path / "figures").glob("*.csv"))
    assert names[:2] == [
        "figure-1-m0-against-values.csv",
        "figure-2-cost-upkeep-against-values.csv",
    ]
    assert "cost_upkeep" in (tmp_path / "figures" / "figure-3-best-energies.csv").read_text()
    assert "Cost that the rules report" in (tmp_path / "figures" / "captions.md").read_text()
    assert "cost upkeep" in (tmp_path / "report.html").read_text()


def test_a_best_value_may_cost_nothing():
    def train(config):
        row = made("fraction", 0.2)(config)
        return row | ({"cost_upkeep": 0.0} if config.rule.name.endswith("Upkeep") else {})

    preset = preset_of({"rule": Upkeep, "fraction": [0.1, 0.2]}, energies=["cost_upkeep"])
    found = outcome(preset, carry_out(preset, train), pd.DataFrame(columns=["id"]), shapes())
    row = found.best.set_index("rule").loc["custom_rules:Upkeep"]
    assert (row["confirmed"], row["runs"], row["reached"]) == (0, 3, 3)
    assert row["why"] == "cost_upkeep of custom_rules:Upkeep is 0 in all confirmation runs"
    assert "best cost_upkeep 0, fraction 0.1" in repr(found)


def test_each_combination_of_varied_settings_is_a_comparison():
    def train(config):
        return made("threshold", 2.0)(config) | {"init_std": config.init_std}

    vary = {"init_std": [0.01, 0.03]}
    preset = preset_of({"rule": Threshold, "threshold": [1.0, 2.0, 6.0]}, vary=vary)
    found = outcome(preset, carry_out(preset, train), pd.DataFrame(columns=["id"]), shapes())
    assert list(found.best["init_std"]) == [0.01, 0.01, 0.03, 0.03]
    assert found.ratios["pairs"].eq(3).all()
    assert "nh = 100, init_std = 0.03, m0: " in repr(found)
    for settings, _ in found.studies:
        best, ratios = found.of(settings)
        assert (len(best), len(ratios)) == (2, 2)
        assert "init_std" not in best


def test_it_is_told_that_few_confirmation_runs_reached(tmp_path):
    """In words, in the report and in figures, which ring the best value of their own energy."""

    def train(config):
        row = made("threshold", 2.0)(config)
        if "Threshold" in config.rule.name:
            row["m1"] = made("threshold", 6.0)(config)["m1"]
            if config.seed in (6, 7) and config.rule.threshold == 2.0:
                row["outcome"] = "exhausted"
        return row

    varied = {"rule": Threshold, "threshold": [1.0, 2.0, 6.0]}
    preset = preset_of({"rule": "largest", "fraction": [0.1]}, varied, energies=["m0", "m1"])
    found = outcome(preset, carry_out(preset, train), pd.DataFrame(columns=["id"]), shapes())
    [(_, compared_study)] = found.studies
    label = "custom_rules:Threshold"
    row = found.best.set_index(["rule", "energy"]).loc[(label, "m0")]
    assert (row["threshold"], row["runs"], row["reached"]) == (2.0, 3, 1)
    at = found.runs[found.runs["parameters"].eq('{"threshold": 2.0}')].set_index("seed")
    assert row["confirmed"] == pytest.approx(at.loc[[5, 6, 7], "m0"].sum())
    assert row[["low", "high"]].isna().all()
    assert "threshold 2 (1 of 3 runs reached)" in repr(found)
    assert (
        "\nEnergy of the first method / energy of the second: above 1, the second saves.\n"
        in repr(found)
    )
    assert repr(found).endswith(f"\n\nnot bracketed: {ADVICE['not bracketed']}")
    # Figures.
    drawings = drawings_of(compared_study)
    for drawing, best, reached in zip(drawings[:2], (2.0, 6.0), (1, 3), strict=True):
        numbers = drawing.numbers(compared_study)
        own = numbers[(numbers["rule"] == label) & (numbers["seeds"] == "confirmation")]
        assert list(own["parameter_value"]) == [best]
        assert own["low"].isna().all() == (reached < 3)
        rings = [
            line.get_markerfacecolor() == "white"
            for axis in drawing.of(numbers).axes
            for line in axis.lines
            if line.get_markeredgecolor() == INK and best in line.get_xdata()
        ]
        assert rings == [reached < 3]
    for drawing in drawings[2:]:
        numbers = drawing.numbers(compared_study)
        assert "fraction" not in numbers
        own = numbers[(numbers["rule"] == label) & (numbers["quantity"] == "m0")]
        assert own[["parameter", "parameter_value"]].to_numpy().tolist() == [["threshold", 2.0]]
        assert list(own.get("mark", ["few runs reached"])) == ["few runs reached"]
    assert drawings[3](compared_study).axes[0].get_ylabel() == "saving in M₀,\ntimes less"
    # The report and a notebook: each pair once, with marks.
    study_rows = compared_study.once(found.ratios)
    assert len(study_rows) == len(found.ratios) / 2
    assert found._repr_html_().count("<tr") == 1 + len(study_rows)
    assert "ratio: energy of against / energy of rule" in found._repr_html_()
    tables = found.best, found.ratios, compared_study
    page = write_comparison("few", *tables, tmp_path / "report.html")
    ratios, best = page.read_text().split("<tbody>")[1:]
    rows = re.findall("<tr>.*?</tr>", ratios.split("</tbody>")[0], re.DOTALL)
    assert len(rows) == len(study_rows)
    [*bounds] = study_rows.loc[study_rows["bound"] == "upper", "ratio_high"]
    assert len(bounds) == 2
    for bound in bounds:
        assert f" at most {significant(bound)}\n" in f"{found!r}\n"
        assert f">≤ {typeset(bound)}</td>" in ratios
    assert sum(f'{label}<small class="note">not bracketed' in row for row in rows) == 2
    assert "1 of 3" in best


def test_every_gap_has_its_reason():
    def train(config):
        row = made("threshold", 2.0, lambda value: value > 5)(config)
        if config.rule.name == "largest" and config.seed > 4:
            row |= {"outcome": "failed", "reason": "no memory", "m0": None, "m1": None}
        return row

    never = {"rule": Threshold, "threshold": [1.0, 2.0]}
    preset = preset_of({"rule": "largest", "fraction": [0.1, 0.3]}, never)
    found = outcome(preset, carry_out(preset, train), pd.DataFrame(columns=["id"]), shapes())
    why = found.best.set_index("rule")["why"]
    assert why["all"] == ""
    assert why["largest"].endswith("at the fraction that exploration chose (3 without a result:"
                                   " no memory)")  # fmt: skip
    assert why["custom_rules:Threshold"].startswith(
        "no saving possible with custom_rules:Threshold: no value"
    )
    gaps = found.ratios[found.ratios["ratio"].isna()]
    assert len(gaps) == 6
    assert gaps["why"].ne("").all()


def test_runs_of_other_data_in_the_store_do_not_count(tmp_path):
    seeds = {"exploration": [0], "confirmation": [1, 2]}
    options = {"hidden": 5, "seeds": seeds, "store": tmp_path, "progress": False, **TRAINING}
    with ThreadPoolExecutor(1) as executor:
        first, second = (
            en.study(["all"], data=images, executor=executor, **options)
            for images in (data(), digits(train=100, test=50, seed=3))
        )
    assert len(first.runs) == len(second.runs) == 3
    assert not set(first.runs["id"]) & set(second.runs["id"])
    assert set(second.history["id"]) == set(second.runs["id"])


MINE = """
import energynet as en
class Mine(en.PlasticityRule):
    share: float
    def select(self, step):
        return True, True
"""


def test_rules_beside_the_file_are_found_from_another_folder(tmp_path, monkeypatch, capsys):
    """In worker processes, too. Without [seeds] they are those of `study`."""
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "beside_a_preset.py").write_text(MINE)
    data().save(folder / "digits.npz")
    method = '[[method]]\nrule = "all"\n[[method]]\nrule = "beside_a_preset:Mine"\nshare = [0.1]\n'
    text = PRESET.partition("[seeds]")[0].replace("[20, 40]", "[5]").replace("600", "20") + method
    (folder / "mine.toml").write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", list(sys.path))
    command = ["reproduce", "--preset", "folder/mine.toml", "--out", "out"]
    assert main([*command, "--dry-run"]) == 0
    lines = [line.split()[:-3] for line in capsys.readouterr().out.splitlines()[1:3]]
    names = ["all synapses (unmodified)", "beside_a_preset:Mine"]
    assert lines == [["5", *name.split()] for name in names]
    seeds = "[seeds]\nexploration = [0]\nconfirmation = [5, 6]\n[[method]]"
    (folder / "mine.toml").write_text(text.replace("[[method]]", seeds, 1))
    assert main([*command, "--workers", "1", "--quiet"]) == 0
    runs = en.load_results(tmp_path / "out" / "runs")
    assert set(runs.loc[runs["rule"] == "beside_a_preset:Mine", "outcome"]) == {"exhausted"}


def in_a_function():
    class Mine(Threshold):
        pass

    return Mine


METHOD = '[[method]]\nrule = "largest"\nfraction = [0.1]\n'


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[extend]", "[extended]", "unknown 'extended'; known are .*did you mean 'extend'"),
        (
            "times = 1",
            "tims = 2",
            "extend must be a table with 'times', got {'tims': 2}; did you mean 'times'",
        ),
        ("[extend]", "[runz]", "known are title, data, .*, seeds, extend, method$"),
        ("[0, 1]", "[0, 5]", "seeds must be in one list only: .* 5 in exploration"),
        ("confirmation = [5, 6, 7]", "", "seeds must be a table with the lists exploration and"),
        ("test_every = 20", "test_evry = 20", "settings must hold fields .*'test_evry'"),
        ("test_every = 20", "test_every = 0", "test_every must be an integer in .* got 0"),
        ("hidden = [20, 40]", "hidden = [0]", "method 1: hidden must be an integer in .* got 0"),
        ("hidden = [20, 40]", "", "method 1: hidden must be given"),
        ('energies = ["m0"]', 'energies = ["m2"]', "energies must be one of m0, m1, got"),
        ('energies = ["m0"]', 'energies = ["cost_maintenance"]', "one of m0, m1, got 'cost_main"),
        ("fraction = [0.1, 0.3]", "", "method 2: fraction must be given for rule largest"),
        ("[0.1, 0.3]", "[0.1, 1.5]", "method 2: fraction must be a number in .0, 1., got 1.5"),
        (
            "threshold = [1e-4",
            "thresh = [1e-4",
            "method 3: unknown key 'thresh': rule .*shold",
        ),
        ("threshold = [1e-4, 3e-4]", 'threshold = ["a"]', "method 3: threshold must be a finite"),
        ("threshold = [1e-4, 3e-4]", "threshold = []", "method 3: threshold must be a list of one"),
        ("threshold = [1e", 'axis = "x"\nthreshold = [1e', "axis must name the one .* axis 'x'"),
        (
            "custom_rules:Threshold",
            "custom_rules:Treshold",
            "must be a class .*did you mean 'Threshold'",
        ),
        ('rule = "all"', METHOD.partition("\n")[2] + METHOD, "method 2: largest at 20 .* once"),
        ("[extend]", "both_sides = {hidden = [20]}\n[extend]", "both_sides"),
        (
            "threshold = [1e-4",
            "units = [2]\nthreshold = [1e-4",
            "units and least_units must be left out unless",
        ),
        ("title = ", "title ", "is not valid TOML"),
    ],
)
def test_a_bad_file_is_refused_before_any_work(old, new, words, tmp_path, capsys):
    path = tmp_path / "mine.toml"
    assert old in PRESET
    path.write_text(PRESET.replace(old, new, 1))
    data().save(tmp_path / "digits.npz")
    with pytest.raises(en.EnergynetError, match=words) as error:
        preset_from_toml(path)
    assert str(error.value).startswith(f"preset {path}")
    before = set(tmp_path.iterdir())
    assert main(["reproduce", "--preset", str(path), "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert set(tmp_path.iterdir()) == before


def test_a_parameter_called_like_a_key_of_a_method_is_given_in_params():
    rule = {"rule": "custom_rules:FirstUnits"}
    with pytest.raises(en.ConfigError, match=r"units is a parameter of rule .* params = \{units ="):
        methods_of([rule | {"units": [2, 5], "params": {"form": "mask"}}], [20])
    [method] = methods_of([rule | {"params": {"units": [2, 5], "form": "mask"}}], [20])
    assert method.axis == "units"
    assert [method.value(position) for position in method.fraction] == [2, 5]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"methods": "all"}, "methods must be a list of methods, got 'all'"),
        ({"methods": [3]}, "method 1: rule must be one of"),
        ({"methods": [{"fraction": [1]}]}, "method 1: rule must be given"),
        ({"methods": [{"rule": Threshold(1.0), "threshold": [1]}]}, "threshold must be given once"),
        ({"seeds": [1]}, "seeds must be a table"),
        ({"store": None}, "store or out must be given"),
        ({"extend": -1}, "extend must be an integer"),
        ({"methods": [in_a_function()]}, "rule Mine must be defined in a module that workers"),
        ({"workers": 0}, "workers must be an integer"),
        ({"margins": 1}, "study takes methods, .* 'margins'; did you mean 'margin'"),
        ({"energy": ["m0"]}, "fields of a config .*, got 'energy'; did you mean 'energies'"),
        ({"seed": 1}, "got 'seed'; did you mean 'seeds'"),
        (
            {"methods": [{"rule": Upkeep, "fraction": [0.1]}], "energies": ["cost_upkep"]},
            "one of m0, m1, cost_end, cost_upkeep, got 'cost_upkep'; did you mean 'cost_upkeep'",
        ),
    ],
)
def test_a_bad_call_is_refused_before_any_work(values, words, tmp_path):
    usual = {"methods": ["all"], "hidden": 5, "store": tmp_path / "runs", "data": data()}
    with pytest.raises(en.ConfigError, match=words):
        en.study(**usual | values)
    assert not list(tmp_path.iterdir())


def test_the_ratios_of_a_comparison_are_seen(tmp_path, chromium):
    """The number of each ratio is inside of its table, without scrolling it sideways."""
    varied = {"rule": Threshold, "threshold": [1.0, 2.0, 6.0]}
    largest = {"rule": "largest", "fraction": [0.1]}
    preset = preset_of(largest, varied, energies=["m0", "m1"])
    train = made("threshold", 2.0)
    found = outcome(preset, carry_out(preset, train), pd.DataFrame(columns=["id"]), shapes())
    [(_, compared)] = found.studies
    file = write_comparison("seen", found.best, found.ratios, compared, tmp_path / "report.html")
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.goto(file.as_uri())
    sides = "[...document.querySelectorAll('.scroll')].map(e => [e.scrollWidth, e.clientWidth])"
    for content, seen in page.evaluate(sides):
        assert content <= seen
    assert page.locator("#least").is_visible()
    assert "Why there is none" not in page.content()  # a column without an entry
    told = page.locator("section:has(#least) li").all_inner_texts()
    lines = [line for line in repr(found).split("\n") if line.startswith("At 100 hidden units ")]
    assert [text.replace("M₀", "M0").replace("M₁", "M1") for text in told] == lines
    page.close()
