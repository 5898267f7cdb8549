"""The answer of a study in words: it says what `savings` says, and no more."""

import math

import pandas as pd
import pytest
from made_up_study import study_table
from tables import METHODS, as_claimed, frame, run, study

import energynet as en
from energynet.analysis.portions import Portions
from energynet.analysis.study import Study
from energynet.studies.report.answer import answers, to_text
from energynet.support.format import significant


@pytest.fixture(scope="module")
def claimed():
    return frame(study(as_claimed))


def test_numbers_are_those_of_savings(claimed):
    [answer] = answers(Study.of(claimed))
    assert answer.hidden == 10_000
    assert not answer.chosen
    savings = en.savings(claimed).set_index(["hidden", "rule", "energy"]).loc[10_000]
    for line in answer.lines:
        for saved in (line.m0, line.m1):
            row = savings.loc[(saved.rule, "m0" if saved is line.m0 else "m1")]
            ends = f"{significant(row['ratio_low'])} to {significant(row['ratio_high'])}"
            assert saved.words == f"{significant(row['ratio'])} ({ends})"
    assert {line.m0.rule for line in answer.lines} == set(METHODS)


def test_sentences_name_the_rules_that_save_most(claimed):
    [answer] = answers(Study.of(claimed))
    first, second, third, fourth = answer.sentences
    assert "falls most with largest updates of the network, against" in first
    assert "fixed" in third
    assert second == "The price is time: at the P best for M0, it takes 1.00 times as many steps."
    assert fourth.startswith(
        "A small unmodified network is cheaper still: with 100 hidden units it spends "
    )
    savings = en.savings(claimed).set_index(["hidden", "rule", "energy"])["ratio"]
    assert f" {significant(savings[10_000, 'largest', 'm0'])}-fold (95 % interval " in first
    spent = claimed[claimed["seed"].ge(100)].groupby(["hidden", "rule", "fraction"])["m0"].mean()
    best = spent[10_000, "largest"].min()
    times = significant(spent[100, "all", 1.0] / best)
    assert fourth.endswith(
        f" {times} times as much M0 as 10,000 units with largest updates of the network"
        " (means over 8 runs each)."
    )


def test_rules_that_an_interval_does_not_tell_apart_are_named():
    """The second spends 2 % more, give or take 10 %; the third 50 % more, but not at 30 units."""
    rows = []
    for seed in (*range(3), *range(100, 108)):
        noise = 1 + 0.1 * (-1) ** seed
        m1 = {"all": 1e5, "largest": 5e4, "largest-per-neuron": 5.1e4 * noise, "fixed-units": 7.5e4}
        for rule, spent in m1.items():
            fraction = 1.0 if rule == "all" else 0.1
            rows += [run(50, rule, fraction, seed, 1e8, spent)]
            spent = 5e4 * noise if rule == "fixed-units" else spent
            rows += [run(30, rule, fraction, seed, 1e8, spent)]
    rows = [row if row["rule"] == "all" else row | {"m0": 1e7} for row in rows]
    [answer] = answers(Study.of(frame(rows)))
    assert answer.alike["m1"] == ("largest updates of each neuron",)
    assert answer.sentences[2].endswith(
        "; these seeds do not tell it apart from largest updates of each neuron."
        " Another P may save more than this one."  # one was run
    )
    ratio = en.savings(frame(rows), against="largest").query("hidden == 50")
    ratio = ratio.set_index(["rule", "energy"])["ratio_high"]
    assert ratio["fixed-units", "m1"] < 1 < ratio["largest-per-neuron", "m1"]
    two = frame(row for row in rows if row["seed"] < 102)
    assert en.savings(two, against="largest")["ratio_high"].max() > 1
    [answer] = answers(Study.of(two))
    assert answer.alike["m1"] == ()  # two seeds tell nothing apart


def test_what_all_rules_have_in_common_is_not_said_of_each():
    rows = [run(50, "all", 1.0, seed, 1e9, 1e5) for seed in range(3)]
    rows += [run(50, "largest-per-layer", 0.1, s, 1e8, 1e5, output_fraction=1.0) for s in range(3)]
    rows += [run(50, "readout", math.nan, seed, 1e7, 1e4, "exhausted") for seed in range(3)]
    [answer] = answers(Study.of(frame(rows)))
    assert [line.name for line in answer.lines] == ["largest updates of each layer", "readout"]
    assert answer.lines[1].plastic == "the output layer alone, 300,000 steps"


def test_steps_are_compared_at_the_fraction_of_least_m0():
    table = study_table(hidden=(100,))
    [answer] = answers(Study.of(table))
    optima = en.optimal_energy(table).set_index(["rule", "energy"])["fraction"]
    ended = table[(table["seed"] >= 100) & (table["outcome"] == "reached")]
    mean = ended.groupby(["rule", "fraction"])["steps"].mean()
    for line in answer.lines:
        if line.m0.rule.startswith("largest"):
            steps = mean[line.m0.rule, optima[line.m0.rule, "m0"]]
            assert line.steps == pytest.approx(steps / mean["all", 1.0])


def test_without_confirmation_seeds_the_best_is_said_to_be_too_good(claimed):
    [answer] = answers(Study.of(claimed[claimed["seed"] < 100]))
    assert answer.chosen
    assert "; the same seeds chose the fractions, so these savings are too good)" in answer.title
    every = en.savings(claimed[claimed["seed"] < 100], at="every fraction")
    every = every[every["hidden"].eq(10_000) & every["rule"].eq("largest")]
    [line] = [line for line in answer.lines if line.m0.rule == "largest"]
    assert line.m0.ratio == every.loc[every["energy"] == "m0", "ratio"].max()


def test_two_seeds_have_no_interval():
    rows = [run(50, "all", 1.0, seed, 1e9, 1e5) for seed in range(2)]
    rows += [run(50, "largest", 0.1, seed, 1e8, 1e5) for seed in range(2)]
    [answer] = answers(Study.of(frame(rows)))
    assert answer.lines[0].m0.words == "10.0*"
    assert ": 10.0-fold." in answer.sentences[0]
    assert "interval" not in answer.sentences[0]
    assert "2 seeds: too few for intervals" in answer.title


def test_runs_cut_off_are_bounds():
    rows = [run(50, "all", 1.0, seed, 1e9, 1e5) for seed in range(3)]
    rows += [run(50, "largest", 0.1, seed, 1e8, 1e5, "exhausted") for seed in range(3)]
    [answer] = answers(Study.of(frame(rows)))
    assert answer.lines[0].m0.words.startswith("at most 1")
    assert answer.lines[0].texts[1:] == ("not reached", "not reached", "–", "300,000 steps")
    assert answer.sentences == (
        "At 50 hidden units no rule is known to make fewer changes, M0,"
        " than the unmodified network.",
    )


def test_a_fraction_that_reached_stands_before_one_that_was_cut_off():
    rows = [run(50, "all", 1.0, seed, 1e9, 1e5) for seed in range(3)]
    rows += [run(50, "largest", 0.1, seed, 1e8, 1e5) for seed in range(3)]
    rows += [run(50, "largest", 0.01, seed, 1e6, 1e4, "exhausted") for seed in range(3)]
    [answer] = answers(Study.of(frame(rows).assign(seed=lambda table: table["seed"] + 50)))
    [line] = answer.lines
    assert answer.chosen
    assert line.m0.fraction == 0.1
    assert line.m0.words.startswith("10.0 (")


def test_rules_with_and_without_a_plastic_output_layer_are_told_apart():
    rows = [run(50, "all", 1.0, seed, 1e9, 1e5) for seed in range(3)]
    for share in (None, 1.0):
        rows += [
            run(50, "largest-per-layer", 0.1, seed, 1e8, 1e5, output_fraction=share)
            for seed in range(3)
        ]
    [answer] = answers(Study.of(frame(rows)))
    assert answer.plastic == ""
    names = {line.name for line in answer.lines}
    assert names == {
        "largest updates of each layer",
        "largest updates of each layer (output plastic)",
    }


def test_the_output_layer_alone_is_a_rule_like_others():
    rows = [run(50, "all", 1.0, seed, 1e9, 1e5) for seed in range(3)]
    rows += [run(50, "readout", math.nan, seed, 1e7, 1e4) for seed in range(3)]
    [answer] = answers(Study.of(frame(rows)))
    assert "falls most with readout, against the unmodified network: 100" in answer.sentences[0]
    assert not any(sentence.startswith("Training") for sentence in answer.sentences)  # said once


def test_what_the_output_layer_alone_saves_is_said():
    rows = [run(50, "all", 1.0, seed, 1e9, 1e5) for seed in range(3)]
    rows += [run(50, "largest", 0.1, seed, 1e7, 1e4) for seed in range(3)]
    rows += [run(50, "readout", math.nan, seed, 2e7, 1e4) for seed in range(3)]
    [answer] = answers(Study.of(frame(rows)))
    assert "Training the output layer alone saves 50.0-fold in M0." in answer.sentences


def test_a_small_unmodified_network_that_was_cut_off_is_not_the_cheapest(claimed):
    cut = claimed["hidden"].eq(100) & claimed["rule"].eq("all") & claimed["seed"].eq(103)
    outcome = claimed["outcome"].where(~cut, "exhausted")
    [answer] = answers(Study.of(claimed.assign(outcome=outcome)))
    assert answer.cheapest is not None
    assert answer.cheapest.hidden == 300
    dear = claimed["m0"].where(~claimed["rule"].eq("all"), 10 * claimed["m0"])
    [answer] = answers(Study.of(claimed.assign(m0=dear)))
    assert "The unmodified network is cheapest with 100 hidden units: it" in answer.sentences[3]


def test_the_unmodified_network_of_the_same_size_is_not_told_of_twice():
    rows = [run(30, "all", 1.0, seed, 2e9, 1e5) for seed in range(3)]
    rows += [run(50, "all", 1.0, seed, 1e9, 1e5) for seed in range(3)]
    rows += [run(size, "largest", 0.1, seed, 1e8, 5e4) for size in (30, 50) for seed in range(3)]
    [answer] = answers(Study.of(frame(rows)))
    assert answer.hidden == 50
    assert answer.cheapest is None


def test_a_study_under_way_is_answered_at_the_largest_size_with_all_rules(claimed):
    early = claimed[claimed["hidden"].lt(3000) | claimed["rule"].isin(["all", "largest"])]
    control = early["rule"].eq("largest") & early["hidden"].eq(100)  # at few sizes
    early = pd.concat([early, early[control].assign(rule="random")], ignore_index=True)
    [answer] = answers(Study.of(early))
    assert answer.hidden == 1000


@pytest.mark.parametrize(
    "rows",
    [
        [run(50, "all", 1.0, 0, 1e9, 1e5)],
        [run(50, "largest", 0.1, 0, 1e9, 1e5)],
        [run(50, "all", 1.0, 0, 1e9, 1e5), run(50, "largest", 0.1, 0, 1e9, 1e5)],
        [run(50, "all", 1.0, 0, 1e9, 1e5), run(20, "largest", 0.1, 0, 1e9, 1e5)],
    ],
)
def test_without_two_seeds_of_both_there_is_no_answer(rows):
    assert answers(Study.of(frame(rows))) == []


def test_table_fits_a_terminal(claimed):
    text = to_text(answers(Study.of(claimed)))
    assert max(map(len, text.splitlines())) <= 120
    assert text.startswith("P is a fraction of the whole network. 10,000 hidden units, trained")


@pytest.mark.parametrize(
    ("rule", "hidden", "fraction", "words"),
    [
        ("largest", 100, 0.01, ("795 of 79,510", "0.01")),
        ("largest-per-neuron", 100, 0.1, ("79 of 785", "0.101")),
        ("largest-per-layer output 1", 1000, 0.001, ("785 of 785,000", "0.001")),
        ("fixed-units", 300, 0.1, ("30 of 300", "0.1")),
        ("fixed-synapses", 100, 1e-9, ("1 of 79,510", "1.26e-05")),
        ("largest-per-layer", 100, 0.1, ("0.1", "")),
        ("mine:Mine", 100, 0.1, ("0.1", "")),
        ("all", 100, 1.0, ("–", "")),
        ("largest", 100, math.nan, ("–", "")),
    ],
)
def test_fractions_as_counts(rule, hidden, fraction, words):
    sizes = (10, 100, 300, 1000)
    rows = [run(nh, "all", 1.0, 0, 1e9, 1e5, synapses=785 * nh + 10 * (nh + 1)) for nh in sizes]
    assert Portions(Study.of(frame(rows))).words(rule, hidden, fraction) == words


@pytest.mark.parametrize(
    ("rule", "fraction", "words"),
    [
        ("largest-per-neuron output 1", 0.001, "0.00127 = 1 input of each neuron"),
        ("largest-per-neuron", 24 / 785, "0.0306 = 24 inputs of each neuron"),
        ("fixed-units output 1", 0.01, "0.01 = 1 hidden unit"),
        ("fixed-units", 0.6, "0.6 = 60 hidden units"),
        ("largest", 0.03, "0.03 = 2,385 synapses"),
        ("fixed-synapses-balanced", 0.01, "0.01 of the hidden layer = 785 synapses of each layer"),
        ("random", 1e-9, "1.26e-05 = 1 synapse"),
        ("mine:Mine", 0.1, "0.1"),
        ("largest", math.nan, "–"),
    ],
)
def test_what_a_fraction_counts_is_named(rule, fraction, words):
    rows = [run(100, "all", 1.0, 0, 1e9, 1e5, synapses=79_510)]
    assert Portions(Study.of(frame(rows))).counted(rule, 100, fraction) == words


def test_fractions_that_may_not_be_the_best_are_marked(claimed):
    edge = claimed[claimed["rule"].ne("largest") | claimed["fraction"].ge(0.1)]
    [answer] = answers(Study.of(edge))
    [line] = [line for line in answer.lines if line.m0.rule == "largest"]
    assert line.m0.words.startswith("61.6* (")
    assert "* A smaller or larger fraction may be better" in to_text([answer])
    assert "*" not in to_text(answers(Study.of(claimed)))


def test_the_fewest_that_can_be_plastic_are_not_marked():
    """One of 5 synapses onto each unit is best; two are worse, and nothing smaller can be run."""
    runs = [("all", 1.0, 1e9), ("largest-per-neuron", 1 / 5, 1e7), ("largest-per-neuron", 0.4, 1e8)]
    rows = [
        run(50, rule, fraction, seed, m0, m0 / 1e5) | {"synapses": 5 * 50 + 51 * 2}
        for rule, fraction, m0 in runs
        for seed in (*range(3), *range(100, 108))
    ]
    study = Study.of(frame(rows))
    assert set(study.optimal.query("rule == 'largest-per-neuron'")["mark"]) == {"not bracketed"}
    [answer] = answers(study)
    assert answer.lines[0].m0.final
    assert answer.note == ""


def test_rules_stand_in_the_order_of_what_they_save(claimed):
    [answer] = answers(Study.of(claimed))
    best = [line.m0.best for line in answer.lines]
    assert best == sorted(best, reverse=True)
