"""Figures: what they plot, and that no table makes them fail."""

import itertools

import numpy as np
import pandas as pd
import pytest
from made_up_study import beyond, study_history, study_table
from matplotlib.collections import LineCollection
from matplotlib.text import Text
from odd_studies import (
    a_failed_confirmation,
    all_exhausted,
    diverged,
    few_columns,
    no_confirmation,
    one_seed,
    only_unmodified,
    other_seeds,
    unmodified_failed,
    without_unmodified,
)

import energynet as en
from energynet.analysis.study import Study
from energynet.errors import DataError
from energynet.studies import figures
from energynet.studies.figures import DRAWINGS, style
from energynet.studies.figures.drawing import confirmed_first
from energynet.studies.figures.save import to_svg
from energynet.studies.figures.scales import log_axis
from energynet.studies.report import tables


def with_longer(table):
    rows, curves = beyond(table)
    both = pd.concat([table.assign(target_accuracy=0.95), rows], ignore_index=True)
    return Study.of(both, pd.concat([study_history(table), curves]))


@pytest.fixture(scope="module")
def longer(table):
    """The same with runs beyond the criterion."""
    return with_longer(table)


def test_runs_beyond_the_criterion_are_told_with_their_seeds(longer):
    told = dict(tables.facts(longer))["runs beyond the criterion"]
    assert told.startswith(f"{len(longer.endless)} (")
    assert told.endswith(f", {len(set(longer.endless['seed']))} seeds")


def numbers(drawing, results, **where):
    found = drawing.numbers(results)
    for name, value in where.items():
        found = found[found[name] == value]
    return found


def caption(drawing, results):
    return drawing.caption(drawing.numbers(results))


def test_m1_is_relative_to_the_confirmed_unmodified_network(results):
    found = numbers(figures.m1_against_fraction, results, hidden=100, rule="largest")
    cells = results.cells
    cells = cells[(cells["hidden"] == 100) & (cells["energy"] == "m1")]
    unit = cells[(cells["rule"] == "all") & (cells["seeds"] == "confirmation")]
    explored = cells[(cells["rule"] == "largest") & (cells["seeds"] == "exploration")]
    expected = explored["energy_per_success"].to_numpy() / unit["energy_per_success"].item()
    plotted = found[found["seeds"] == "exploration"]
    assert list(plotted["fraction"]) == [0.002, 0.01, 0.05, 0.2, 1.0]
    np.testing.assert_allclose(plotted["value"], expected)
    best = found[found["seeds"] == "confirmation"]
    optimal = results.optimal.set_index(["hidden", "rule", "energy"])["fraction"]
    assert best["fraction"].item() == optimal[100, "largest", "m1"]


def test_a_cell_without_success_is_a_lower_bound(results):
    found = numbers(figures.costs_against_fraction, results, hidden=100, rule="fixed-synapses")
    bounds = found[found["lower_bound"]]
    assert set(bounds["fraction"]) == {0.002, 0.01, 0.05}
    assert (bounds["reached"] == 0).all()
    runs = results.runs[results.runs["rule"].eq("fixed-synapses") & results.runs["seed"].le(2)]
    spent = runs[runs["hidden"] == 100].groupby("fraction")["m0"].mean()  # by one run
    known = bounds[bounds["quantity"] == "m0"].set_index("fraction")["value"]
    np.testing.assert_allclose(known, spent[known.index])
    assert set(bounds.loc[bounds["quantity"] == "steps", "value"]) == {300_000}


def test_arrows_are_drawn_at_bounds_alone(results):
    figure = figures.costs_against_fraction(results)
    arrows = [line for line in figure.axes[0].lines if not isinstance(line.get_marker(), str | int)]
    drawn = sum(len(line.get_xdata()) for line in arrows)
    found = numbers(figures.costs_against_fraction, results, hidden=100, quantity="m0")
    assert drawn == found["lower_bound"].sum() > 0


def words(figure):
    handles = figure.legends[0].legend_handles if figure.legends else []
    return {handle.get_label() for handle in handles}


@pytest.mark.parametrize("drawing", [figures.m1_against_fraction, figures.costs_against_fraction])
def test_confirmed_is_said_where_something_was_confirmed(drawing, small):
    confirmed, explored = Study.of(small), Study.of(no_confirmation(small))
    assert "at P*, confirmed" in words(drawing(confirmed))
    assert "at P*, confirmed" not in words(drawing(explored))
    assert "3 exploration seeds or 8 confirmation seeds." in caption(drawing, confirmed)
    assert "no marker is ringed" in caption(drawing, explored)
    for study, stand_back in ((confirmed, True), (explored, False)):
        bars = drawing(study).axes[0].collections
        faint = [part for part in bars if isinstance(part, LineCollection)]
        assert any(part.get_colors()[0][3] < 1 for part in faint) == stand_back
        assert ("faint" in caption(drawing, study)) == stand_back
    assert "A point stands for 3 exploration seeds." in caption(drawing, explored)


def test_an_axis_of_synapses_begins_at_one(small):
    """And its label stands above the first row of panels."""
    shown = figures.m1_against_fraction.numbers(Study.of(small))
    tiny = shown["fraction"].where(shown["rule"].eq("all"), shown["fraction"] / 1e6)
    figure = figures.m1_against_fraction.of(shown.assign(fraction=tiny))
    tops = [(axis, top) for axis in figure.axes for top in axis.child_axes]
    assert len(tops) == 2
    for (axis, top), synapses in zip(tops, (300 * 795 + 10, 1000 * 795 + 10), strict=True):
        assert axis.get_xlim()[0] * synapses < 0.1
        assert min(top.get_xticks()) == 1
        assert top.get_xlabel() == "plastic synapses k"


def test_captions_tell_how_many_seeds(results, longer, small):
    for drawing in DRAWINGS[1:]:
        assert " seeds" in caption(drawing, longer)
    assert caption(figures.optimal_energies, results).endswith("A point stands for 8 seeds.")
    explored = Study.of(no_confirmation(small))
    assert caption(figures.optimal_energies, explored).endswith("A point stands for 3 seeds.")
    assert "highest of 3 seeds." in caption(figures.updates, explored)


def test_confirmation_comes_first_whatever_the_sets_are_called():
    sets = ["exploration", "other", "confirmation", "exploration", "confirmation"]
    table = pd.DataFrame({"seeds": sets, "number": range(5)}, index=[7, 7, 1, 2, 3])
    assert confirmed_first(table)["number"].tolist() == [2, 4, 0, 3, 1]


def fewer_confirmed(table, most):
    """The table with that many confirmation seeds."""
    return table[(table["seed"] < 100) | (table["seed"] < 100 + most)]


@pytest.mark.parametrize("most", [2, 3])
def test_fewer_than_three_seeds_are_points_without_intervals(most, small, varied):
    table = fewer_confirmed(small, most)
    explored = table[(table["seed"] >= 100) | (table["seed"] < most)]
    for drawing in (figures.m1_against_fraction, figures.costs_against_fraction):
        found = drawing.numbers(Study.of(explored))
        found = found[(found["quantity"] != "steps") & ~found["lower_bound"]]
        for end in ("low", "high"):
            np.testing.assert_array_equal(found[end].notna(), found["reached"] >= 3)
        assert (found["reached"] >= 3).any() == (most == 3)
    optimal = figures.optimal_energies.numbers(Study.of(table))
    saved = figures.maximum_saving.numbers(Study.of(table))
    at_rates = figures.saving_against_rate.numbers(Study.of(fewer_confirmed(varied, most)))
    for found in (optimal, saved, at_rates):
        assert len(found) > 0
        assert found[["low", "high"]].notna().any(axis=None) == (most == 3)
    rows = tables.optima(Study.of(table))
    shown = {tables.span(row[name]) for row in rows for name in ("ratio_ends",)}
    shown |= {tables.span((row["low"], row["high"])) for row in rows}
    assert (shown == {"–"}) == (most == 2)
    assert all(np.isfinite(row["confirmed"]) for row in rows)
    with_two = en.savings(table)
    assert with_two["ratio_low"].notna().any()  # the tables of the analysis keep theirs


def test_savings_are_those_of_the_analysis(results):
    found = numbers(figures.maximum_saving, results, smallest=0, quantity="m0")
    expected = results.savings.set_index(["hidden", "rule", "energy"])
    assert len(found) == 10
    for row in found.to_dict("records"):
        of_cell = expected.loc[(row["hidden"], row["rule"], "m0")]
        assert row["value"] == of_cell["ratio"]
        assert row["high"] == of_cell["ratio_high"]
        assert row["low"] == of_cell["ratio_low"] or row["bound"] == "upper"


def test_savings_at_other_rates_are_those_of_the_analysis(varied):
    drawing = figures.saving_against_rate
    found = drawing.numbers(Study.of(varied)).set_index(["learning_rate", "init_std", "rule"])
    expected = en.savings(varied, by=["learning_rate", "init_std"]).set_index(
        ["learning_rate", "init_std", "rule"]
    )
    assert len(found) == 3 * 2 * 2 * 2
    for quantity, part in found.groupby("quantity"):
        same = expected[expected["energy"] == quantity].loc[part.index]
        np.testing.assert_array_equal(part["value"], same["ratio"])
        np.testing.assert_array_equal(part["pairs"], same["pairs"])
    axes = drawing(Study.of(varied)).axes
    assert [axis.get_title() for axis in axes[::2]] == [
        f"M₀, initial SD {spread}" for spread in (0.01, 0.03)
    ]


def test_many_spreads_of_initial_weights_stay_readable(varied):
    few = varied[(varied["init_std"] == 0.01) & (varied["rule"] != "fixed-units")]
    spreads = [round(0.01 + 0.001 * number, 3) for number in range(20)]
    many = pd.concat([few.assign(init_std=spread) for spread in spreads], ignore_index=True)
    drawing = figures.saving_against_rate
    found = drawing.numbers(Study.of(many))
    shown = sorted(set(found["init_std"]))
    assert len(shown) == 8
    assert (shown[0], shown[-1]) == (spreads[0], spreads[-1])
    figure = drawing.of(found)
    assert [axis.get_title(loc="left") for axis in figure.axes] == list("abcdefghijklmnop")
    assert "8 rows at most" in drawing.caption(found)


def test_no_label_of_the_package_is_mathematics(longer, varied):
    every = [(drawing, longer) for drawing in DRAWINGS]
    for drawing, its_results in [*every, (figures.saving_against_rate, Study.of(varied))]:
        assert b"$" not in to_svg(drawing(its_results))


def test_updates_of_known_shares(results):
    found = numbers(figures.updates, results, rule="largest", measure="output")
    by_energy = found.groupby("quantity")["value"].first()
    np.testing.assert_allclose(by_energy, [0.05, 0.1], rtol=1e-6)


def test_accuracy_ends_at_the_criterion_with_the_energy_of_the_runs(results):
    found = numbers(figures.accuracy_against_energy, results, rule="all", quantity="m0", hidden=100)
    last = found.sort_values("accuracy").iloc[-1]
    runs = results.runs
    runs = runs[(runs["rule"] == "all") & (runs["hidden"] == 100) & (runs["seed"] >= 100)]
    assert last["accuracy"] == 0.95
    assert last["runs"] == 8
    assert last["value"] == pytest.approx(np.exp(np.log(runs["m0"]).mean()))


@pytest.mark.parametrize("least", [0.96, 0.99, 0.996, 1.0])
def test_all_accuracies_and_the_criterion_are_in_sight(table, least):
    best = min(1, least + 0.004)
    accuracy = np.linspace(least, best, len(table)).round(3)  # of 1,000 images
    found = figures.capacity.numbers(Study.of(table.assign(best_accuracy=accuracy)))
    bottom, top = figures.capacity.draw(found).axes[0].get_ylim()
    assert bottom < found["criterion"].min()
    assert bottom < found["low"].min()
    means = found["value"][found["value"] < 1]
    assert means.empty or means.max() < top


def test_large_networks_are_compared_where_runs_go_on(table):
    longer = table[table["hidden"].isin([10, 20, 1000]) & (table["seed"] < 3)]
    longer = longer.assign(target_accuracy=1.0, id=longer["id"] + "x", best_accuracy=0.97)
    shorter = longer[longer["seed"] == 0]
    shorter = shorter.assign(id=shorter["id"] + "y", max_steps=150_000, best_accuracy=0.96)
    both = pd.concat([table.assign(target_accuracy=0.95), longer, shorter], ignore_index=True)
    results = Study.of(both)
    found = figures.capacity.numbers(results)
    assert set(found["runs"]) == {3}
    np.testing.assert_allclose(found["value"], 0.97)
    assert set(found["panel"]) == {1000}
    assert "continue for 300,000 steps" in figures.capacity.caption(found)
    assert figures.m1_against_fraction.numbers(results).equals(
        figures.m1_against_fraction.numbers(Study.of(table))
    )


@pytest.mark.parametrize("hidden", [(1000,), (100, 300, 10_000)])
def test_no_word_leaves_a_figure_or_covers_another(hidden, varied, monkeypatch):
    drawn, draw = [], Text.draw
    monkeypatch.setattr(Text, "draw", lambda text, to: drawn.append(text) or draw(text, to))
    table = study_table(hidden=hidden, fractions=(0.001, 0.01, 0.2), small=(10, 20, 30))
    results = with_longer(table) if 1000 in hidden else Study.of(table, study_history(table))
    of_results = [(drawing, results) for drawing in DRAWINGS]
    for drawing, its_results in [*of_results, (figures.saving_against_rate, Study.of(varied))]:
        if drawing.number == 14 and its_results.endless.empty:
            continue
        figure = drawing(its_results)
        with style.settings():
            drawn.clear()
            figure.draw_without_rendering()
            shown = {text for text in drawn if text.get_visible() and text.get_text()}
            boxes = {text: text.get_window_extent() for text in shown}
        assert len(boxes) > 5
        for text, box in boxes.items():
            words = f"{drawing.name}: {text.get_text()!r}"
            assert box.x0 > -1, words
            assert box.y0 > -1, words
            assert box.x1 < figure.bbox.x1 + 1, words
            assert box.y1 < figure.bbox.y1 + 1, words
        for (one, box), (other, second) in itertools.combinations(boxes.items(), 2):
            apart = not box.padded(-0.5).overlaps(second.padded(-0.5))
            assert apart, f"{drawing.name}: {one.get_text()!r} {other.get_text()!r}"


def test_schematic_shows_exact_counts():
    found = figures.schematic.numbers(None)
    plastic = found.groupby("rule")["plastic"].sum()
    assert plastic["all"] == 45
    assert plastic["largest"] == plastic["fixed-synapses"] == 9
    per_neuron = found[(found["rule"] == "largest-per-neuron") & found["plastic"]]
    assert (per_neuron.groupby(["layer", "post"]).size() == 1).all()


TABLES = [
    one_seed,
    no_confirmation,
    all_exhausted,
    other_seeds,
    a_failed_confirmation,
    unmodified_failed,
    without_unmodified,
    only_unmodified,
    diverged,
    few_columns,
]


@pytest.mark.parametrize("change", TABLES)
def test_any_table_is_drawn_or_refused_in_words(change, small, varied):
    changed = change(small)
    results = Study.of(changed, study_history(changed) if "accuracy" in changed else None)
    at_rates = change(varied)
    if change is few_columns:
        at_rates = at_rates.assign(learning_rate=varied["learning_rate"])
    every = [(drawing, results) for drawing in DRAWINGS]
    for drawing, results in [*every, (figures.saving_against_rate, Study.of(at_rates))]:
        found = drawing.numbers(results)
        if found.empty:
            with pytest.raises(DataError, match=f"figure {drawing.number} .* needs "):
                drawing(results)
        else:
            figure = drawing.of(found)
            figure.set_layout_engine("none")  # takes half of the time
            figure.draw_without_rendering()
            assert drawing.caption(found).endswith(".")


def test_bounds_of_ratios_point_down(table):
    results = Study.of(a_failed_confirmation(table))
    found = numbers(figures.maximum_saving, results, rule="largest", smallest=0)
    assert set(found["bound"]) == {"upper"}
    assert found["low"].isna().all()


def both_readings():
    """A small study in both readings of P, and the output layer alone."""
    rules = ("largest", "fixed-units")
    network = study_table(hidden=(300, 1000), fractions=(0.01, 0.2, 1.0), rules=rules, small=())
    hidden = network[network["rule"] != "all"].assign(output_fraction=1.0)
    hidden["rule"] = hidden["rule"].replace("largest", "largest-per-layer")
    bare = network[network["rule"] == "all"].assign(rule="readout", fraction=float("nan"))
    hidden = pd.concat([hidden, bare.assign(m0=bare["m0"] / 50)])
    hidden["id"] = [f"{number:016x}" for number in range(len(hidden))]
    return pd.concat([network, hidden], ignore_index=True)


def test_each_reading_has_its_own_figures_and_the_output_layer_alone_its_line():
    found = Study.of(both_readings()).by_reading()
    assert list(found) == ["hidden", "network"]
    rules = {name: set(study.own["rule"]) - {"all"} for name, study in found.items()}
    assert rules["network"] == {"largest", "fixed-units"}
    assert rules["hidden"] == {"largest-per-layer output 1", "fixed-units output 1", "readout"}
    drawing = figures.costs_against_fraction
    shown = numbers(drawing, found["hidden"], rule="readout")
    assert set(shown["fraction"]) == {0.0}
    axis = drawing(found["hidden"]).axes[0]
    color = style.look("readout").color
    assert [line for line in axis.lines if line.get_color() == color and len(line.get_xdata()) == 2]
    assert "the output layer alone" in caption(drawing, found["hidden"])
    assert "the output layer alone" not in caption(drawing, found["network"])


def test_an_output_layer_that_never_reached_is_no_line():
    table = both_readings()
    table.loc[table["rule"] == "readout", "outcome"] = "exhausted"
    found = Study.of(table).by_reading()["hidden"]
    for drawing in (figures.costs_against_fraction, figures.m1_against_fraction):
        assert "readout" not in set(drawing.numbers(found)["rule"])


def test_the_schematic_shows_the_rules_of_its_reading():
    found = figures.schematic.numbers(Study.of(both_readings()).by_reading()["hidden"])
    assert set(found.loc[found["layer"] == 2, "plastic"]) == {True}
    plastic = found[found["layer"] == 1].groupby("rule")["plastic"].sum()
    assert plastic["readout"] == 0
    assert plastic["largest-per-layer output 1"] == plastic["fixed-synapses output 1"] == 6
    assert "plastic under every rule" in figures.schematic.caption(found)


def test_counts_are_of_the_synapses_that_p_is_a_fraction_of():
    table = both_readings()
    hidden = table["output_fraction"].eq(1.0)
    outputs, whole = 10 * (table["hidden"] + 1), 785 * table["hidden"]
    table.loc[hidden, "plastic_synapses"] = (table["fraction"] * whole + outputs)[hidden].round()
    table.loc[table["rule"] == "readout", "plastic_synapses"] = outputs
    drawing, of = figures.costs_against_fraction, Study.of(table).by_reading()
    for name, per_unit in (("hidden", 785), ("network", 795)):
        found = numbers(drawing, of[name], hidden=1000)
        assert set(found["synapses"].round(-2)) == {1000 * per_unit}
        assert "synapses in the hidden layer" in caption(drawing, of[name]) or name == "network"


def test_small_unmodified_networks_that_reached_stand_beside_the_rules():
    table = study_table(hidden=(100,), fractions=(0.01, 0.2, 1.0), small=(10, 50))
    drawing = figures.optimal_energies
    found = drawing.numbers(Study.of(table))
    assert set(found.loc[found["rule"] == "all", "hidden"]) == {50, 100}
    assert drawing.numbers(Study.of(only_unmodified(table))).empty


def test_m0_is_shown_against_plastic_synapses(results):
    found = figures.m0_against_count.numbers(results)
    assert {10, 20, 30, 100, 1000} >= set(found.loc[found["rule"] == "all", "hidden"]) >= {100}
    cells = results.cells[results.cells["energy"] == "m0"]
    for row in found[found["rule"] == "largest"].to_dict("records"):
        same = cells[(cells["hidden"] == row["hidden"]) & (cells["fraction"] == row["fraction"])]
        same = same[(same["rule"] == "largest") & (same["seeds"] == "exploration")].iloc[0]
        assert row["value"] == same["energy_per_success"]
        assert row["plastic_synapses"] == same["plastic_synapses"]


def test_what_savings_depend_on_begins_with_the_best(results):
    found = figures.hinges.numbers(results)
    largest = found["hidden"].max()
    absent = found[(found["rule"] != "fixed-units") | (found["hidden"] < largest)]
    assert "fixed units" in words(figures.hinges.of(found))
    assert "fixed units" not in words(figures.hinges.of(absent))  # not drawn at the largest size
    free = found[found["x"] == 0].pivot_table("value", ["hidden", "rule"], "question")
    np.testing.assert_allclose(free["smallest"], free["price"])
    best = found.groupby(["question", "hidden", "rule"])["value"].max()
    np.testing.assert_allclose(best.unstack("question")["smallest"], free["smallest"])


def test_higher_accuracies_cost_what_the_best_fraction_spends(longer):
    found = numbers(figures.higher_goals, longer, rule="largest", quantity="m0")
    assert list(found["accuracy"]) == [0.93, 0.94, 0.95, 0.96, 0.97, 0.975]
    assert set(found["hidden"]) == {1000}
    assert found["value"].is_monotonic_increasing
    runs = longer.endless
    of_rule = runs[(runs["rule"] == "largest") & (runs["hidden"] == 1000)]
    least = np.exp(np.log(of_rule["m0"].astype(float)).groupby(of_rule["fraction"]).mean()).min()
    assert found["value"].iloc[-1] == pytest.approx(3 * least, rel=0.06)  # the last but one test
    too_few = longer.every[
        ~((longer.every["seed"] == 100) & (longer.every["target_accuracy"] == 1))
    ]
    few = Study.of(too_few, longer.history)
    assert figures.higher_goals.numbers(few).empty


@pytest.mark.parametrize(("low", "high"), [(2e-5, 1), (0.02, 1), (0.5, 900), (0.5, 90_000)])
def test_labels_of_an_axis_are_of_one_kind(low, high):
    axis = style.panels(1, 1, 2)[1][0, 0]
    axis.set_xlim(low, high)
    log_axis(axis, "x")
    labels = [text.get_text() for text in axis.get_xticklabels()]
    powers = [label for label in labels if "10" in label.replace("100", "") and label != "10"]
    plain = [label for label in labels if label not in powers and label[:1] not in "123456789"]
    assert not (powers and plain)


def test_white_shows_inside_hollow_marks(results):
    """An edge as thick as that of other marks fills a cross of this size."""
    for drawing in (figures.costs_against_fraction, figures.maximum_saving):
        lines = [each for axis in drawing(results).axes for each in axis.lines]
        hollow = [each for each in lines if each.get_markerfacecolor() == "white"]
        assert hollow
        assert all(each.get_markeredgewidth() < 0.2 * each.get_markersize() for each in hollow)
