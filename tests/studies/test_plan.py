"""The staged plan against a model of training: extensions, skips, longer runs, interruptions."""

import random
import re
from pathlib import Path

import pandas as pd
import pytest
from support import shapes
from tables import GRID, model, small

import energynet as en
from energynet.analysis.methods import READINGS, reading_rules, rule_label
from energynet.analysis.ratios import FEWEST
from energynet.studies.stages.method import Method, fraction_value
from energynet.studies.stages.plan import matched_fraction, next_stage, skipped_runs
from energynet.studies.stages.preset import PRESETS, load_preset, preset_from_dict
from energynet.studies.stages.variant import config_key, variants

README = Path(__file__).parents[2] / "README.md"
SHAPE = shapes()


def carry_out(preset, train, rows=(), stop=None):
    """All stages to the end; `stop(stage)` may give how many of its runs are done before a kill."""
    rows, names = list(rows), []
    for _ in range(60):
        stage = next_stage(preset, pd.DataFrame(rows), SHAPE)
        if stage is None:
            return rows, names
        names.append(stage.name)
        rows += [train(config) for config in stage.configs[: stop(stage) if stop else None]]
    raise AssertionError("the plan does not come to an end")


def done(rows, **where):
    """Fractions, seeds and limits of steps of the rows with those values."""
    found = [row for row in rows if all(row[name] == value for name, value in where.items())]
    return sorted({(row["fraction"], row["seed"], row["max_steps"]) for row in found})


def fractions(rows, seeds=(0, 1, 2)):
    return sorted({p for p, seed, _ in done(rows, rule="largest") if seed in seeds})


def test_exploration_then_confirmation_at_the_best():
    rows, names = carry_out(small(), model(0.03))
    assert names == ["exploration", "confirmation"]
    assert fractions(rows) == list(GRID)
    assert fractions(rows, (100, 101)) == [0.03]
    assert done(rows, rule="all", hidden=100)[-1] == (1.0, 101, 300_000)
    assert len(rows) == 3 + 12 + 2 + 2


@pytest.mark.parametrize(
    ("best", "times", "added"),
    [
        (0.015, 3, [0.01 / 3]),  # statement 2 needs P*/3
        (0.03, 3, []),
        (0.004, 3, [0.01 / 3, 0.01 / 9]),
        (0.001, 3, [0.01 / 3, 0.01 / 9, 0.01 / 27]),
        (0.004, 0, []),
        (0.9, 3, [0.6]),
    ],
)
def test_grids_are_extended_beyond_their_ends(best, times, added):
    rows, _ = carry_out(small(extend={"times": times}), model(best))
    assert fractions(rows) == pytest.approx(sorted([*GRID, *added]))


def test_nothing_is_chosen_from_half_a_cell():
    preset, train = small(extend={"times": 3}), model(0.004)
    first = next_stage(preset, pd.DataFrame(), SHAPE)
    rows = [train(config) for config in first.configs]
    extension = next_stage(preset, pd.DataFrame(rows), SHAPE)
    rows.append(train(extension.configs[0]))
    rest = next_stage(preset, pd.DataFrame(rows), SHAPE)
    assert rest.configs == extension.configs[1:]


def test_a_fraction_with_equal_counts_is_no_extension():
    method = {"rule": "largest-per-neuron", "hidden": [100], "fraction": ["1/785", "2/785", 0.1]}
    preset = small(extend={"times": 3}, method=[{"rule": "all", "hidden": [100]}, method])
    rows, _ = carry_out(preset, model(1e-5))
    assert {row["fraction"] for row in rows} == {1 / 785, 2 / 785, 0.1, 1.0}


def test_a_smaller_fraction_that_ran_out_of_steps_gets_more():
    def need(config):
        fraction = getattr(config.rule, "fraction", 1.0)
        return {0.01: 900_000, 0.03: 400_000}.get(fraction, 30_000)

    limits = {"max_steps": 1_500_000, "up_to": 1000}
    rows, names = carry_out(small(long=limits), model(0.03, need))
    assert names == ["exploration", "choice", "choice", "confirmation"]
    assert [row for row in done(rows, rule="largest") if row[2] > 300_000] == [
        (0.01, 0, 1_500_000),
        (0.01, 1, 1_500_000),
        (0.01, 2, 1_500_000),
        *((0.03, seed, 1_500_000) for seed in (0, 1, 2, 100, 101)),
    ]
    short, names = carry_out(small(long=limits | {"up_to": 50}), model(0.03, need))
    assert names == ["exploration", "confirmation"]
    assert {limit for _, _, limit in done(short, rule="largest")} == {300_000}


def test_further_seeds_are_left_out_far_below_the_criterion():
    skip = {"from": 100, "points": 2.0}

    def need(config):
        return 900_000 if getattr(config.rule, "fraction", 1.0) == 0.01 else 30_000

    preset = small(skip=skip)
    rows, names = carry_out(preset, model(0.1, need))
    assert names == ["exploration", "exploration", "confirmation"]
    assert [seed for p, seed, _ in done(rows, rule="largest") if p == 0.01] == [0]
    left_out = skipped_runs(preset, pd.DataFrame(rows), SHAPE)
    assert [(config.rule.fraction, config.seed) for config, _ in left_out] == [(0.01, 1), (0.01, 2)]
    assert left_out[0][1] == "the first seed ended 2 points or more below the criterion"
    for row in rows:
        row["accuracy"] = 0.94
    again, _ = carry_out(preset, model(0.1, need), rows)
    assert len(again) == len(rows) + 2


def test_no_fraction_reaches_and_nothing_is_confirmed():
    rows, names = carry_out(
        small(), model(0.1, lambda c: 10**6 if c.rule.name != "all" else 30_000)
    )
    assert names == ["exploration", "confirmation"]
    assert fractions(rows, (100, 101)) == []


@pytest.mark.parametrize("name", PRESETS)
def test_presets_confirm_with_as_many_seeds_as_an_interval_needs(name):
    confirmation = load_preset(name).seeds.get("confirmation")
    assert confirmation is None or len(confirmation) >= FEWEST


def test_the_quick_study_has_as_many_runs_as_the_readme_says():
    rows, _ = carry_out(load_preset("quick"), model(0.3))
    assert len(rows) == 72 + 3 * (4 + 8)  # P* is the same for both energies
    most = 72 + 3 * (4 + 2 * 8)
    [told] = re.findall(r"trains\s+about\s+(\d+)\s+networks", README.read_text())
    assert len(rows) < int(told) < most


def test_both_sides_of_a_limit_are_confirmed():
    rows, _ = carry_out(small(both_sides={"hidden": [100]}), model(0.03))
    assert fractions(rows, (100, 101)) == [0.03, 0.1]


def test_runs_for_single_statements():
    seeds = [100, 101]
    preset = small(
        long_after={"hidden": [100], "seeds": seeds, "max_steps": 150_000},
        matched=[
            {
                "hidden": [100],
                "units": [10, 20],
                "rules": ["fixed-units", "largest", "largest-per-neuron"],
                "seeds": seeds,
                "max_steps": 300_000,
            }
        ],
        runs=[{"rule": "all", "hidden": [10, 20], "seeds": [0, 1]}],
    )
    rows, names = carry_out(preset, model(0.03))
    assert names[2:] == ["accuracy long after the criterion", "large against small networks"]
    assert done(rows, target_accuracy=1.0, max_steps=150_000, rule="largest") == [
        (0.03, 100, 150_000),
        (0.03, 101, 150_000),
    ]
    assert done(rows, target_accuracy=1.0, rule="fixed-units") == [
        (share, seed, 300_000) for share in (0.1, 0.2) for seed in seeds
    ]
    assert len(done(rows, hidden=10, target_accuracy=1.0)) == 2
    assert len(done(rows, hidden=10, target_accuracy=0.95)) == 2
    found = en.claims(pd.DataFrame(rows).assign(id=range(len(rows))))
    assert len(found) == 19


@pytest.mark.parametrize("rule", ["largest", "largest-per-neuron"])
def test_matched_plasticity_is_the_nearest(rule):
    variant = variants(small(), pd.DataFrame(), SHAPE)[0]
    fraction = matched_fraction(variant, 3000, Method(rule=rule, hidden=(3000,)), 10)
    plastic = en.rule_from_name(rule, fraction=fraction).counts(SHAPE(3000)).plastic
    assert abs(plastic - 7960) <= (0 if rule == "largest" else 1500)


def test_variants_are_studies_of_their_own():
    rows, _ = carry_out(small(vary={"max_steps": [300_000]}), model(0.03))
    assert len(rows) == 19
    preset = small(vary={"init_std": [0.01, 0.03]})
    stage = next_stage(preset, pd.DataFrame(), SHAPE)
    assert len(stage.configs) == 2 * 15


def test_one_size_at_a_time():
    methods = [{"rule": "all", "hidden": [100, 20]}]
    preset = small(one_size_at_a_time=True, method=methods)
    rows, names = carry_out(preset, model(0.03))
    assert names == ["exploration", "confirmation"] * 2
    assert [row["hidden"] for row in rows] == [20] * 5 + [100] * 5


@pytest.mark.parametrize("seed", range(3))
def test_interruptions_change_nothing(seed):
    """Each stage is cut off after a random number of runs, as kills would do."""

    def need(config):
        return {0.01: 900_000, 0.03: 400_000}.get(getattr(config.rule, "fraction", 1.0), 30_000)

    preset = small(
        extend={"times": 3},
        long={"max_steps": 1_500_000, "up_to": 1000},
        skip={"from": 100, "points": 7.0},
    )
    chance = random.Random(seed)
    whole, _ = carry_out(preset, model(0.004, need))

    def stop(stage):
        return chance.randint(1, 1 + len(stage.configs))

    parts, _ = carry_out(preset, model(0.004, need), stop=stop)
    assert sorted(map(repr, parts)) == sorted(map(repr, whole))


def test_a_run_that_failed_is_not_planned_again():
    def train(config):
        row = model(0.03)(config)
        if config.seed == 1:
            row.update(outcome="failed", m0=None, m1=None, steps=None)
        return row

    rows, names = carry_out(small(), train)
    assert names == ["exploration", "confirmation"]
    assert len(rows) == 19


def test_a_table_read_from_a_file_counts(tmp_path):
    rows, _ = carry_out(small(), model(0.03))
    pd.DataFrame(rows).to_csv(tmp_path / "runs.csv", index=False)
    table = pd.read_csv(tmp_path / "runs.csv")
    assert next_stage(small(), table, SHAPE) is None


@pytest.mark.parametrize("name", PRESETS)
def test_presets_of_the_package(name):
    preset = load_preset(name)
    stage = next_stage(preset, pd.DataFrame(), SHAPE)
    assert len(stage.configs) == len({config_key(config) for config in stage.configs})
    assert preset.title


def test_statement_two_has_confirmation_runs_far_below_the_best():
    rows, _ = carry_out(small(extend={"times": 3}, much_fewer=True), model(0.03))
    assert fractions(rows, (100, 101)) == [0.01, 0.03]


def test_readout_and_controls_are_confirmed_but_not_extended():
    method = [
        {"rule": "all", "hidden": [100]},
        {"rule": "readout", "hidden": [100]},
        {"rule": "random", "hidden": [100], "fraction": [0.1, 0.3], "control": True},
    ]
    preset = small(extend={"times": 3}, much_fewer=True, method=method)
    rows, names = carry_out(preset, model(0.01))
    assert names == ["exploration", "confirmation"]
    assert done(rows, rule="readout")[-1] == (0.0, 101, 300_000)
    assert {row["fraction"] for row in rows if row["rule"] == "random"} == {0.1, 0.3}


def test_a_fraction_that_keeps_the_accuracy_is_looked_for_and_judged():
    """The best one loses two points, the next one nothing."""
    accurate = {"hidden": [100], "seeds": [200, 201], "max_steps": 150_000, "points": 0.5}

    def train(config):
        loses = getattr(config.rule, "fraction", 1.0) == 0.03
        return model(0.03)(config) | {"accuracy": 0.96 if loses else 0.98}

    rows, _ = carry_out(small(accurate=accurate), train)
    beyond = done(rows, target_accuracy=1.0, rule="largest")
    limit = 150_000
    assert [run for run in beyond if run[0] == 0.03] == [(0.03, seed, limit) for seed in range(3)]
    kept = {fraction for fraction, seed, _ in beyond if seed in (200, 201)}
    assert len(kept) == 1
    assert kept < {0.01, 0.1}


def test_fractions_around_a_limit_are_judged_by_other_seeds():
    around = {"hidden": [100], "fraction": [0.05, 0.2], "choose": [0, 1, 2], "judge": [200, 201]}
    units = {"rule": "fixed-units", "hidden": [100], "fraction": [0.03, 0.3]}
    preset = small(around=around, method=[{"rule": "all", "hidden": [100]}, units])
    rows, _ = carry_out(preset, model(0.05))
    judged = {row["fraction"] for row in rows if row["seed"] in (200, 201)}
    assert judged == {0.05, 0.2}


@pytest.mark.parametrize("name", READINGS)
def test_the_rules_of_a_preset_are_those_of_its_reading(name):
    methods = {method.label for method in load_preset(name).method} - {"all"}
    assert methods == reading_rules(name)
    quick = {method.label for method in load_preset("quick").method} - {"all"}
    assert quick < reading_rules("hidden")


def test_numbers_of_units_are_completed_to_a_grid():
    units = next(m for m in load_preset("hidden").method if m.rule == "fixed-units")
    assert units.grid(SHAPE(100)) == [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75]
    assert units.grid(SHAPE(1000)) == [0.005, 0.01, 0.03, 0.1, 0.2, 0.3, 0.4, 0.5]
    assert [round(p * 3000) for p in units.grid(SHAPE(3000))] == [
        *(5, 10, 30, 100, 300, 600, 900, 1000)
    ]
    assert units.grid(SHAPE(10_000))[-1] == 0.75


def test_the_large_study_is_the_one_that_was_planned():
    preset = load_preset("network")
    grids = {
        (method.label, hidden): method.grid(SHAPE(hidden))
        for method in preset.method
        for hidden in method.hidden
    }
    assert grids["largest", 1000] == [0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.3, 0.5]
    assert grids["largest", 3000] == [1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3]
    counts = [1, 2, 4, 8, 24, 78, 157, 314]
    assert grids["largest-per-neuron", 100] == [k / 785 for k in counts]
    assert grids["fixed-synapses", 100] == [0.03, 0.1, 0.2, 0.3, 0.5, 0.6, 0.75, 0.9]
    assert grids["fixed-synapses-balanced", 300][0] == 0.003
    assert grids["fixed-units", 100] == [0.1, 0.2, 0.3, 0.5, 0.75]
    assert grids["fixed-units", 3000][:2] == [10 / 3000, 0.01]
    assert preset.sizes == (10, 20, 30, 50, 100, 300, 1000, 3000, 10000)
    assert preset.seeds["confirmation"] == list(range(100, 108))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"methods": []}, "preset mine: unknown 'methods'"),
        ({"settings": {"eta": 1}}, "preset mine: .*eta"),
        ({"settings": {"init_std": -1}}, "init_std must be"),
        ({"method": [{"rule": "most", "hidden": [1], "fraction": [0.1]}]}, "rule must be one of"),
        (
            {"method": [{"rule": "largest", "fraction": [0.1]}]},
            "preset mine: method 1: hidden must be given",
        ),
        ({"method": [{"rule": "largest", "hidden": [1], "fraction": [2]}]}, "fraction must be"),
    ],
)
def test_a_bad_preset_is_refused(values, words):
    with pytest.raises(en.ConfigError, match=words):
        preset_from_dict("mine", values)


def test_fractions_as_text():
    assert fraction_value("8/785") == 8 / 785
    for bad in ("a", "1/0", "2"):
        with pytest.raises(en.ConfigError, match="fraction must be"):
            fraction_value(bad)


def test_the_key_of_a_config_is_that_of_its_row():
    config = en.TrainingConfig(hidden=7, rule=en.FixedMask(0.1, output_fraction="balanced"))
    assert config_key(config)[1] == rule_label("fixed-synapses", "balanced")
