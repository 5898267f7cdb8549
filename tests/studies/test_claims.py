"""Each statement on tables made to hold, to fail and to be undecided."""

import math
from functools import cache
from unittest.mock import patch

import pandas as pd
import pytest
import tables
from tables import as_claimed, complete

import energynet as en
from energynet.analysis.intervals import Bound, Estimate
from energynet.analysis.missing import Missing
from energynet.studies.statements import claims as claims_module
from energynet.studies.statements import words
from energynet.studies.statements.energy_kinds import ratio_above, ratio_within
from energynet.studies.statements.judge import Check, agreement, judge, judge_any
from energynet.studies.statements.text import to_json

NUMBERS = range(1, 15)


SECOND = (2, 3, 10, 11, 12)  # statements of which there is a second version


def of_version(found, version=1):
    """Number -> claim of the version; statements of one version have it in both."""
    return {c.number: c for c in found if c.version == version or c.number not in SECOND}


def verdicts(table, history=None):
    return of_version(en.claims(table, history=history))


def verdict(number, table, history=None, version=1):
    """The claim on this statement; the others, which take most of the time, are not judged."""
    only = [statement for statement in claims_module.STATEMENTS if statement.number == number]
    with patch.object(claims_module, "STATEMENTS", only):
        return of_version(en.claims(table, history=history), version)[number]


@cache
def of_complete(**options):
    """The claims of a complete study; the same study is judged once."""
    table, history = complete(**options)
    return en.claims(table, history=history)


def changed(change):
    """Ratios as claimed, but for what change(hidden, rule, m0, m1) makes of them."""
    return lambda hidden, rule: change(hidden, rule, *as_claimed(hidden, rule))


@pytest.fixture(scope="module")
def held():
    return of_version(of_complete())


@pytest.mark.parametrize("number", NUMBERS)
def test_holds(held, number):
    assert held[number].verdict == "holds", held[number].words
    assert held[number].words.endswith(".")


def test_what_holds_has_an_estimate_whatever_its_cells_measure(held):
    assert held[11].estimate is not None
    assert held[11].quantity in ("ratio of energies", "difference in points")
    assert held[11].region is not None


@pytest.mark.parametrize("number", SECOND)
def test_the_second_version_holds(number):
    claim = of_version(of_complete(), version=2)[number]
    assert (claim.verdict, claim.reading) == ("holds", "network"), claim.words


def lose(hidden, rule, m0, m1):
    return (m0, 0.8) if (hidden, rule) == (300, "largest") else (m0, m1)


def apart(hidden, rule, m0, m1):
    return (m0, m1 * 3) if (hidden, rule) == (300, "largest") else (m0, m1)


def fixed_above(hidden, rule, m0, m1):
    return m0, m1 / 2 if hidden >= 3000 and rule.startswith("fixed") else m1


def close(_hidden, rule, m0, m1):
    return (m0 * 5, m1) if rule.startswith("fixed") else (m0, m1)


def diverging(hidden, rule, m0, m1):
    return (m0 * hidden / 100, m1) if rule == "largest" else (m0, m1)


def shrinking(hidden, _rule, m0, m1):
    return 2e3 / hidden * m0, m1


def neuron_best(_hidden, rule, m0, m1):
    return (m0 * 4, m1) if rule == "largest-per-neuron" else (m0, m1)


def little(_hidden, _rule, m0, m1):
    return m0 / 10, m1


def much(_hidden, _rule, m0, m1):
    return m0 * 10, m1


@pytest.mark.parametrize(
    ("number", "ratios", "words"),
    [
        (1, lose, "E(all)/E(L) in M1 at nh = 300: ratio 0.8"),
        (4, apart, "at nh = 300: ratio 3.7"),
        (5, fixed_above, "more than stated"),
        (6, close, "ratio 1.18"),
        (7, diverging, "(b)"),
        (8, shrinking, "slope -"),
        (9, fixed_above, "in M1 at nh = 3,000: ratio 1.56"),
        (10, neuron_best, "E(N)/E(L) in M0"),
        (11, little, "No rule fulfils all of its cells. F: fails in 2 of 4 cells"),
        (13, little, "less than stated"),
        (13, much, "more than stated"),
        (14, shrinking, "in M0 at nh ="),
    ],
)
def test_fails(number, ratios, words):
    claim = verdict(number, *complete(changed(ratios)))
    assert claim.verdict == "fails", claim.words
    assert words in claim.words


@pytest.mark.parametrize(
    ("number", "options", "words"),
    [
        (3, {"gain": -0.02}, "minus that of 10 unmodified units: difference -2"),
        (3, {"small": 0.96}, "(a) Fails in 3 of 3 cells"),
        (11, {"loss": 0.007}, "L: fails in 2 of 4 cells; 2 hold. Accuracy with L minus"),
        (12, {"best": 0.1}, "ratio"),
    ],
)
def test_fails_with_other_runs(number, options, words):
    if number == 12:  # the few cost more: confirm those too
        rows = tables.study(as_claimed, grid=(0.01, 0.03, 0.1, 0.3), **options)
        few = [
            tables.run(h, "fixed-units", 0.03, s, 1e13 * tables.noise(s), 1e8 * tables.noise(s))
            for h in (1000, 3000)
            for s in tables.CONFIRMATION
        ]
        claim = verdict(12, tables.frame(rows + few))
    else:
        claim = verdict(number, *complete(**options))
    assert claim.verdict == "fails", claim.words
    assert words in claim.words


@pytest.mark.parametrize(
    ("number", "options", "words"),
    [
        (2, {"few": [29_000, 1, 1]}, "(a)"),
        (3, {"gain": 0.0}, "late accuracy at nh ="),  # none to speak of
        (3, {"gain": -0.02}, "late accuracy at nh ="),
        (3, {"small": 0.96}, "(a) Fails in 3 of 3 cells"),
        (10, {"ratios": changed(lambda h, r, *m: neuron_best(h, r, *m))}, "E(N)/E(L)"),
        (11, {"ratios": changed(lambda h, r, *m: little(h, r, *m))}, "No rule fulfils"),
    ],
)
def test_the_second_version_fails(number, options, words):
    few = options.pop("few", None)
    table, history = complete(**options)
    if few:  # confirmation runs at P*/3 that take and cost nothing
        confirmed = table["fraction"].eq(0.01) & table["seed"].ge(100)
        table.loc[confirmed, ["steps", "m0", "m1"]] = few
    claim = verdict(number, table, history, version=2)
    assert claim.verdict == "fails", claim.words
    assert words.lower() in claim.words.lower()


@pytest.mark.parametrize(("loss", "expected"), [(0.004, "holds"), (0.02, "undecided")])
def test_eleven_looks_for_a_fraction_that_keeps_the_accuracy(loss, expected):
    assert verdict(11, *complete(loss=loss), version=2).verdict == expected


def test_too_few_synapses_that_cost_nothing_make_it_fail():
    table, history = complete()
    table.loc[table["fraction"] == 0.01, ["steps", "m0", "m1"]] = [29_000, 1.0, 1.0]
    table.loc[table["fraction"] == 0.01, "outcome"] = "exhausted"  # else it were P* itself
    table.loc[table["fraction"] == 0.003, "steps"] = 31_000
    claim = verdict(2, table, history)
    assert claim.verdict == "fails"
    assert "Steps at P = 0.003 over those at P* = 0.03" in claim.words


@pytest.mark.parametrize(
    ("dropped", "energy", "words"),
    [
        ((), 1.0, "ratio at least"),  # given up before they had spent what P* spends
        ((), 1e30, "Holds in all"),
        ((1, 2), 1e30, "fewer than two runs to compare"),  # one seed says nothing about others
    ],
)
def test_too_few_synapses_that_never_reach_bound_the_energy(dropped, energy, words):
    table, history = complete()
    few = table["fraction"].isin([0.003, 0.01]) & table["target_accuracy"].lt(1)
    table = table[~(few & table["seed"].isin(dropped))]
    table.loc[few, "outcome"] = "exhausted"
    table.loc[few, ["m0", "m1"]] = energy
    claim = verdict(2, table, history)
    assert claim.verdict == ("holds" if "Holds" in words else "undecided")
    assert words in claim.words


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ("holds holds", "holds"),
        ("holds fails undecided", "mixed"),
        ("holds undecided", "undecided"),
        ("fails undecided", "undecided"),
    ],
)
def test_mixed_is_kept_for_holds_against_fails(found, verdict):
    assert agreement(found.split()) == verdict


@pytest.fixture(scope="module")
def small_only():
    table, history = complete()
    return verdicts(table[table["hidden"] < 300], history)


@pytest.mark.parametrize("number", set(NUMBERS) - {3})
def test_undecided_where_sizes_are_missing(small_only, number):
    claim = small_only[number]
    assert claim.verdict == "undecided"
    assert claim.lacking
    assert "no runs at nh = " in claim.words


@pytest.fixture(scope="module")
def exploration_only():
    table, history = complete()
    return verdicts(table[table["seed"] < 100], history)


@pytest.mark.parametrize("number", NUMBERS)
def test_undecided_without_confirmation(exploration_only, number):
    claim = exploration_only[number]
    assert claim.verdict == "undecided"
    assert "no confirmation runs" in claim.words or number == 3


@pytest.fixture(scope="module")
def one_seed():
    table, history = complete()
    return verdicts(table[table["seed"] <= 100], history)


@pytest.mark.parametrize("number", NUMBERS)
def test_undecided_with_one_confirmation_seed(one_seed, number):
    claim = one_seed[number]
    assert claim.verdict == "undecided"
    reason = {2: "fewer than two runs", 3: "no two runs of one seed"}.get(number, "only one seed")
    assert reason in claim.words


@pytest.mark.parametrize("number", set(NUMBERS) - {2, 3, 11})
def test_a_wide_interval_is_no_agreement(number):
    claim = of_version(of_complete(scale=3.0))[number]
    assert claim.verdict != "holds"


def test_nothing_reached_counts_against_savings_and_leaves_the_rest_open():
    table, history = complete()
    table.loc[table["rule"] != "all", "outcome"] = "exhausted"
    found = verdicts(table, history)
    for number in (1, 4, 8, 10):
        assert found[number].verdict == "fails"
        assert "no saving possible with largest updates of the network" in found[number].words
    for number in (2, 5, 6, 7, 9, 13, 14):
        assert found[number].verdict == "undecided"
        assert not found[number].lacking  # no run is missing: that is how it is
        assert "no P < 1 reaches the criterion" in found[number].words


def test_everything_exhausted_gives_words():
    table, history = complete()
    table["outcome"] = "exhausted"
    found = verdicts(table, history)
    assert found.pop(3).verdict == "holds"  # its runs have no criterion to reach
    words = {12: "the runs leave no interval", 14: "no unmodified network reaches the criterion"}
    for number, claim in found.items():
        assert claim.verdict == ("fails" if number in (1, 4, 8, 10) else "undecided")
        assert words.get(number, "no P < 1 reaches the criterion") in claim.words


def test_a_cut_off_confirmation_run_never_supports_a_saving():
    table, history = complete()
    cut = (table["hidden"] == 300) & (table["rule"] == "largest") & (table["seed"] == 103)
    table.loc[cut, "outcome"] = "exhausted"
    claim = verdict(1, table, history)
    assert claim.verdict == "undecided"
    assert "E(all)/E(L) in M0 at nh = 300: ratio at most" in claim.words
    assert claim.interval[0] is None


def test_readings_that_differ_are_mixed():
    def units_lose(_hidden, rule, m0, m1):
        return (0.5, m1) if rule == "fixed-units" else (m0, m1)

    claim = verdict(1, *complete(changed(units_lose)))
    assert (claim.verdict, claim.estimate, claim.interval) == ("mixed", None, None)
    assert claim.words.startswith(
        "Of 3 kinds of F it holds for 2 (F uniform and F balanced) and fails for 1 (F units)."
    )
    assert [part.verdict for part in claim.parts] == ["holds", "holds", "fails"]


def test_both_parts_of_seven_are_shown(held):
    assert [part.statement[:3] for part in held[7].parts] == ["(a)", "(b)"]
    assert all(len(part.parts) == 3 for part in held[7].parts)
    assert held[7].estimate is None


def test_what_stands_beside_a_statement_is_judged_by_itself(held):
    assert [part.verdict for part in held[3].parts] == ["holds"] * 4
    assert "beside (b): L with as many plastic synapses" in held[3].parts[2].statement
    assert held[12].parts[0].verdict == "holds"


def test_six_says_where_ten_lies(held):
    assert (
        "The poster's factor, 10, does not lie in the interval at nh = 100, 300 and 1,000."
        in held[6].words
    )


def test_marks_are_told():
    table, history = complete()
    short = (table["rule"] == "largest") & (table["hidden"] == 100) & (table["fraction"] == 0.01)
    table.loc[short, "outcome"] = "exhausted"
    table.loc[short, ["m0", "m1"]] = 1.0
    claim = verdict(1, table, history)
    assert claim.verdict == "holds"
    assert claim.words.endswith("P* is limited by max_steps in 2 cells.")


def test_what_no_rule_fulfils_is_told_rule_by_rule_or_once_for_all():
    table, history = complete()
    without = table[~table["hidden"].isin([1000, 3000])]
    assert verdict(11, without, history).words == (
        "The same for all 3 kinds of F. Undecided: no runs at nh = 1,000 and 3,000."
    )
    wide = verdict(11, *complete(loss=0.0052))
    assert (wide.verdict, wide.estimate) == ("undecided", None)
    assert "No rule is known to fulfil all of its cells. F: " in wide.words
    assert " L: undecided: 2 of 4 cells hold; " in wide.words


def test_each_mark_counts_its_own_cells():
    marks = ["limited by max_steps", "", "not bracketed", "limited by max_steps"]
    told = " P* is limited by max_steps in 2 cells and not bracketed in 1 cell."
    assert words.marks_words(marks) == told
    assert words.marks_words(["", ""]) == ""


def test_the_required_size_must_be_known():
    assert (
        "three exploration runs of the unmodified"
        in verdict(14, tables.frame(tables.study(as_claimed))).words
    )
    nothing = verdict(14, *complete(required=1000))
    assert nothing.verdict == "undecided"  # 100 units learn it: only 3,000 and 10,000 are beyond
    ten = verdict(14, *complete(required=10))  # 300 units are 30 times as many
    assert "Holds in all 6 cells" in ten.words
    hundred = verdict(14, *complete(required=60))
    assert hundred.sizes == (100, 300, 1000, 3000, 10000)


def test_runs_made_for_other_ends_change_nothing_else(held):
    table, history = complete()
    without = verdicts(table[table["target_accuracy"] == 0.95], history)
    for number in set(NUMBERS) - {3, 11}:
        assert held[number] == without[number]


def test_the_same_table_gives_the_same_bytes():
    table, history = complete()
    found = en.claims(table.sample(frac=1, random_state=1), history=history)
    assert to_json(found) == to_json(of_complete())


def test_a_table_that_went_through_a_file_gives_the_same_bytes(tmp_path):
    table, history = complete()
    table.to_csv(tmp_path / "study.csv", index=False)
    again = pd.read_csv(tmp_path / "study.csv", dtype={"id": str})
    assert to_json(en.claims(again, history=history)) == to_json(of_complete())


def test_by_gives_a_verdict_for_each_group():
    table, history = complete()
    both = pd.concat([table, table.assign(init_std=0.03)], ignore_index=True)
    both["init_std"] = both["init_std"].fillna(0.01)
    found = en.claims(both, by=["init_std"], history=history)
    assert [claim.to_dict()["group"] for claim in found[::19]] == [
        {"init_std": 0.01},
        {"init_std": 0.03},
    ]
    assert {claim.verdict for claim in found} == {"holds"}


def test_the_plain_form_is_that_of_the_design(held):
    values = held[1].to_dict()
    names = "number statement verdict estimate interval sizes words parts"
    assert list(values) == [*names.split(), "version", "reading", "quantity", "cell"]
    assert list(values["parts"][0]) == names.split()


@pytest.mark.parametrize(
    ("limit", "comparisons", "verdict"),
    [(0.9, 1, "holds"), (1.1, 1, "undecided"), (1.3, 1, "fails"), (1.3, 30, "undecided")],
)
def test_a_cell_fails_only_when_corrected_for_all_comparisons(limit, comparisons, verdict):
    """ln ratio 0.1 with standard error 0.05 and 7 degrees of freedom: 95 % are 0.98 to 1.24."""
    check = Check("ratio", (100,), Estimate(0.1, 0.05, 7, number=8), ratio_above(limit))
    assert judge(check, comparisons).verdict == verdict


@pytest.mark.parametrize(
    ("bound", "low", "high", "verdict"),
    [
        ("upper", 0.9, math.inf, "undecided"),
        ("upper", 1.5, math.inf, "fails"),
        ("lower", 0.9, math.inf, "holds"),
        ("lower", 0.0, 1.5, "undecided"),
        ("lower", 0.0, 0.9, "fails"),
        ("unknown", 0.0, 9.0, "undecided"),
    ],
)
def test_a_bound_supports_one_side_only(bound, low, high, verdict):
    check = Check("ratio", (100,), Estimate(0.1, 0.05, 7, Bound(bound), 8), ratio_within(low, high))
    assert judge(check, 1).verdict == verdict


def test_any_rule_may_do_but_is_corrected_for_the_choice():
    def check(method, error):
        return Check("ratio", (100,), Estimate(0.1, error, 7), ratio_above(1), method)

    sure, close = check("L", 0.02), check("L", 0.04)
    other = [check("F", 0.5), check("N", 0.5)]
    verdict, judged = judge_any([sure, *other])
    assert (verdict, [item.check.method for item in judged]) == ("holds", ["L"])
    assert judge(close, 3).verdict == "holds"
    assert judge_any([close, *other])[0] == "undecided"


@pytest.mark.parametrize(
    ("wide", "told"),
    [
        (["wide"], "Undecided: the interval does not decide (wide: ratio"),
        (["wide", ""], "holds; 1 interval, corrected for the number of cells, does not decide"),
        (["wide", "wide", ""], "; 2 intervals, corrected for the number of cells, do not decide"),
    ],
)
def test_intervals_that_decide_nothing_are_counted(wide, told):
    judged = [
        judge(Check(name, (100,), Estimate(0.1, 0.5 if name else 0.01, 7), ratio_above(1)), 1)
        for name in wide
    ]
    assert told in words.describe("undecided", judged)


def test_what_is_missing_is_told_once_with_all_its_sizes():
    runs, saving = (
        (Missing.of("no runs", size) for size in (300, 1000)),
        Missing.of("lost", 100, against=True),
    )
    found = Missing.among([*runs, Estimate(0.1, 0.05, 7), saving, Missing.of("no curves")])
    assert found.words == "no runs at nh = 300 and 1,000; lost at nh = 100; no curves"
    assert found.reasons == "no runs; lost; no curves"
    assert found.against == saving
    assert not Missing.among([Estimate(0.1, 0.05, 7)])
