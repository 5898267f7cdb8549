"""Verdicts as text: the numbers, the sentences, the three forms."""

import json
import math
from types import SimpleNamespace

import pandas as pd
import pytest
from tables import complete

import energynet as en
from energynet.analysis.intervals import Estimate
from energynet.analysis.missing import NOTHING, listing, size_words
from energynet.studies.statements.claims import Claim
from energynet.studies.statements.judge import (
    FAILS,
    HOLDS,
    POINTS,
    SLOPE,
    UNDECIDED,
    Check,
    Judged,
    Region,
)
from energynet.studies.statements.plain import PLAIN, cell_in_words
from energynet.studies.statements.text import (
    Tally,
    between_text,
    claimed,
    estimates,
    quantity,
    tally,
    to_json,
    to_markdown,
    to_text,
)
from energynet.studies.statements.words import describe
from energynet.support.format import significant, typeset

SECOND = (2, 3, 10, 11, 12)  # of which there is a second version


@pytest.fixture(scope="module")
def found():
    table, history = complete()
    return en.claims(table[table["hidden"] != 300], history=history)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.23456, "1.23"),
        (0.0012345, "0.00123"),
        (123.456, "123"),
        (98765.4, "98,765"),
        (1.5e7, "1.5e+07"),
        (0, "0"),
        (-0.51234, "-0.512"),
        (float("inf"), "infinity"),
        (float("nan"), "none"),
    ],
)
def test_numbers_have_three_digits(value, text):
    assert significant(value) == text


def test_lists_and_sizes():
    assert listing(["a"]) == "a"
    assert listing(["a", "b", "c"]) == "a, b and c"
    assert size_words([3000, 100]) == "nh = 100 and 3,000"


def test_one_cell_holds_and_two_hold():
    fails, holds = (
        SimpleNamespace(verdict=v, missing=NOTHING, estimate=None) for v in (FAILS, HOLDS)
    )
    assert describe(FAILS, [fails, holds]).startswith("Fails in 1 of 2 cells; 1 holds.")
    assert describe(FAILS, [fails, holds, holds]).startswith("Fails in 1 of 3 cells; 2 hold.")


def test_json_is_a_list_with_one_object_a_claim(found):
    values = json.loads(to_json(found))
    assert [item["number"] for item in values] == sorted([*range(1, 15), *SECOND])
    assert values[0]["verdict"] == "undecided"
    assert values[0]["sizes"] == [100, 1000, 3000, 10000]


def test_markdown_has_a_row_a_claim_and_every_part(found):
    text = to_markdown(found)
    assert text.count("\n| ") == 2 + 19
    assert "\n\n| | statement | network | the estimate is |\n" in text
    assert "no parts" not in text
    assert "| 1 | Changing fewer synapses saves energy" in text
    of_parts = next(line for line in text.splitlines() if line.startswith("| 7 |"))
    assert (
        "**<br>(a) holds: 1.57 (1.50 to 1.65), claimed 0.5 to 2: M0 under a fixed mask over that"
        " under the largest updates, at 10,000 hidden units |" in of_parts
    )
    assert of_parts.endswith(" | (a) ratio of energies |")
    assert "<summary><b>1, network: undecided.</b> Each of F, L and N saves energy" in text
    assert "at P &lt;= P*/3 training takes" in text  # a summary is HTML
    assert text.count("<details>") == text.count("</details>") == len(found)
    assert "no runs at nh = 300" in text
    assert "\n  - F uniform: synapses drawn from the whole network: **holds**." in text


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("E(all)/E(N), the best rule, in M1 at nh = 10,000",
         "M1 of the unmodified network over that under the largest of each neuron (the best rule),"
         " at 10,000 hidden units"),
        ("E(all)/E(L) in M0 at nh = 3,000 over that at nh = 300",
         "M0 of the unmodified network over that under the largest updates, at 3,000 hidden units,"
         " relative to that at 300 hidden units"),
        ("ln E(F)/E(L) in M0 against log10 nh",
         "ln M0 under a fixed mask over that under the largest updates, against log10 of the number"
         " of hidden units"),
        ("E(P >= 0.1)/E(P < 0.1) in M1 at nh = 3,000",
         "M1 at the best P >= 0.1 over P < 0.1, at 3,000 hidden units"),
        ("accuracy with L minus that with all at nh = 1,000",
         "accuracy under the largest updates minus that of the unmodified network, at 1,000 hidden"
         " units"),
        ("steps at P <= P*/3 over that at P* (F, P* of M1, at nh = 10,000)",
         "steps at P <= P*/3 over that at P* (under a fixed mask, P* of M1, at 10,000 hidden"
         " units)"),
        ("best accuracy of 30 unmodified units", "best accuracy of 30 unmodified units"),
    ],
)  # fmt: skip
def test_a_cell_is_told_in_words(cell, words):
    assert cell_in_words(cell) == words


def test_markdown_says_the_words_of_a_part_once(found):
    lines = to_markdown(found).splitlines()
    told = [part.words for claim in found for part in claim.parts if not part.parts]
    assert told
    for words in told:
        owners = [claim for claim in everything(found) if claim.words == words]
        assert sum(words in line for line in lines) <= len(owners)
    assert not any(line.endswith(("(a)", "(b)")) for line in lines)


def test_verdicts_are_counted_in_the_first_and_in_the_last_wording():
    told = [
        {"reading": "hidden", "number": number, "version": version, "verdict": verdict}
        for number, version, verdict in (
            (1, 1, "holds"), (2, 1, "fails"), (2, 2, "holds"), (3, 1, "mixed"), (4, 1, "undecided"),
        )
    ]  # fmt: skip
    counts = dict.fromkeys(("holds", "fails", "mixed", "undecided"), 1)
    assert tally([*told, {**told[0], "reading": "network"}]) == [
        Tally("hidden", "first", counts),
        Tally("hidden", "last", counts | {"holds": 2, "fails": 0}),
        Tally("network", "first", dict.fromkeys(counts, 0) | {"holds": 1}),
        Tally("network", "last", dict.fromkeys(counts, 0) | {"holds": 1}),
    ]


@pytest.mark.parametrize(
    ("region", "words"),
    [
        ((1.5, float("inf")), "claimed above 1.5"),
        ((0, 2), "claimed below 2"),
        ((float("-inf"), 0), "claimed below 0"),
        ((0.5, 2), "claimed 0.5 to 2"),
        (None, ""),
    ],
)
def test_what_is_claimed_is_said(region, words):
    assert claimed(Claim(1, "", HOLDS, None, None, (), "", region=region)) == words


def everything(claims):
    for claim in claims:
        yield claim
        yield from everything(claim.parts)


def test_every_estimate_names_its_cell_and_what_it_is(found):
    told = [claim for claim in everything(found) if claim.interval is not None]
    assert len(told) > 50
    for claim in told:
        assert claim.quantity
        assert claim.cell
        if claim.verdict in (HOLDS, FAILS):
            assert claim.cell.lower() in claim.words.lower()
    assert all(not claim.cell for claim in everything(found) if claim.interval is None)


def test_text_fits_a_terminal_and_only_counts_what_lacks_runs(found):
    lines = to_text(found).splitlines()
    assert lines[0].startswith("L: the largest updates; N: the largest of each neuron; F: a fixed")
    del lines[: lines.index("") + 1]
    assert max(map(len, lines)) <= 100
    judged = {claim.number for claim in found if not claim.lacking}
    [end] = [number for number, line in enumerate(lines) if line.startswith("These runs")]
    told = {line[:3].strip(" *") for line in lines[:end]} - {""}
    assert told == {str(number) for number in judged}
    lacking = sorted({*range(1, 15)} - judged)
    assert 1 in lacking
    assert " ".join(lines[end:]) == (
        f"These runs cannot judge numbers {listing(map(str, lacking))} of the 14"
        " statements of our study: they need larger networks and more seeds."
        " `energynet reproduce --preset network` has the runs for all; it takes hours."
    )


def test_savings_between_m0_and_m1_are_shown():
    table, _ = complete()
    table["m_alpha_0.5"] = (table["m0"] * table["m1"]) ** 0.5
    lines = between_text(en.savings(table)).splitlines()
    assert lines[0].startswith("Not judged: ")
    assert len(lines) == 1 + 5
    assert lines[-1].startswith("M_0.5, largest updates of each neuron: ")
    both = pd.concat([table.assign(init_std=0.01), table.assign(init_std=0.03)])
    lines = between_text(en.savings(both, ["init_std"]), ["init_std"]).splitlines()
    assert len(lines) == 1 + 5 * 2
    assert lines[-1].startswith("M_0.5, largest updates of each neuron (init_std = 0.03): ")
    assert between_text(en.savings(table.drop(columns="m_alpha_0.5"))) == ""


def test_each_statement_has_a_plain_sentence_without_letters(found):
    assert {(claim.number, claim.version) for claim in found} == set(PLAIN)
    for sentence in PLAIN.values():
        assert not set(sentence.split()) & {"F", "L", "N", "P", "P*", "M0", "M1", "nh"}


def leaf(verdict, estimate, statement="F units: a fixed set", **other):
    interval = None if estimate is None else (estimate / 2, 2 * estimate)
    return Claim(9, statement, verdict, estimate, interval, (), "", **other)


def test_what_is_shown_as_the_estimate():
    kinds = leaf("holds", 3.0, quantity="ratio"), leaf("fails", 0.5, "F uniform: all", quantity="r")
    told = [(label, each.estimate) for label, each in estimates(leaf("mixed", None, parts=kinds))]
    assert told == [("F units", 3.0), ("F uniform", 0.5)]
    told = estimates(leaf("fails", None, parts=(leaf("fails", 9.0, "beside: x"), *kinds)))
    assert [(label, each.estimate) for label, each in told] == [("F uniform", 0.5)]
    part = leaf("holds", 3.0, "(b) more", parts=kinds)
    assert [label for label, _ in estimates(leaf("holds", None, parts=(part,)))] == ["(b)"]
    assert quantity(part) == "ratio"
    assert estimates(leaf("undecided", None)) == []


def test_a_row_without_an_estimate_says_where_they_are():
    text = to_markdown([leaf("fails", None)])
    assert "** | several quantities: in the details |\n" in text
    lacking = to_markdown([leaf("undecided", None, lacking=True)])
    assert "** |  |\n" in lacking


def test_a_kind_of_mask_that_fails_is_shown_beside_an_undecided_one():
    kinds = leaf("undecided", 3.0, "F synapses: drawn"), leaf("fails", 0.5)
    whole = leaf("undecided", 3.0, "(a) more", parts=kinds)
    assert [label for label, _ in estimates(whole)] == ["F synapses", "F units"]
    found = estimates(leaf("undecided", None, "", parts=(whole,)))
    assert [label for label, _ in found] == ["(a) F synapses", "(a) F units"]
    alone = leaf("undecided", 3.0, parts=(kinds[0], leaf("holds", 9.0)))
    assert estimates(alone) == [("", alone)]


@pytest.mark.parametrize(
    ("verdict", "region", "mark"),
    [
        ("undecided", (7, math.inf), " †"),  # the interval is 1.5 to 6
        ("undecided", (0, 1), " †"),
        ("undecided", (5, math.inf), ""),
        ("fails", (7, math.inf), ""),
    ],
)
def test_intervals_on_the_other_side_that_do_not_decide_are_marked(verdict, region, mark):
    words = claimed(leaf(verdict, 3.0, region=region))
    assert words.removeprefix(claimed(leaf("holds", 3.0, region=region))) == mark


def test_failing_below_a_slack_is_told_as_such():
    region = Region(POINTS, low=0.0, slack=0.5)
    found = Estimate(0.0008, 0.0001, freedom=5)
    words = describe(FAILS, [Judged(Check("late accuracy", (1000,), found, region), FAILS, found)])
    assert words.endswith("), surely below 0.5 points.")
    found = Estimate(-0.0008, 0.0001, freedom=5)
    words = describe(FAILS, [Judged(Check("late accuracy", (1000,), found, region), FAILS, found)])
    assert words.endswith("), on the other side.")


def test_an_interval_that_is_shown_uncorrected_is_called_so():
    found = Estimate(0.1, 0.1, freedom=5)
    one = Judged(Check("slope", (100,), found, Region(SLOPE, low=0.0)), UNDECIDED, found)
    assert "the interval does not decide (slope: slope 0.100" in describe(UNDECIDED, [one])
    told = describe(UNDECIDED, [one, one])
    assert "2 intervals, corrected for the number of cells, do not decide (uncorrected: " in told


def test_the_quantity_of_a_part_is_named_once_for_all_kinds_of_mask():
    kinds = (
        leaf("undecided", 3.0, "F synapses: drawn", quantity="r"),
        leaf("fails", 0.5, quantity="r"),
    )
    part = leaf("undecided", 3.0, "(a) more", parts=tuple(kinds))
    whole = leaf("undecided", None, "", parts=(part,), reading="hidden")
    [row] = [line for line in to_markdown([whole]).splitlines() if line.startswith("| 9 |")]
    assert row.endswith("| (a) r |")


def test_the_last_bits_of_a_number_do_not_decide_how_it_is_rounded():
    assert significant(0.07525) == significant(0.07525 + 1e-16) == significant(0.07525 - 1e-16)
    assert typeset(0.07525) == typeset(0.07525 + 1e-16)
