"""Which method spends least is said with the interval, and with what is not final."""

import math

import pandas as pd
import pytest

from energynet.analysis.least import least_of_all


def tables(ratio, low, high, pairs=3, bound="", marks=("", "", "")):
    """`all`, A and B: B spends 1/ratio of A, all ten times as much as A."""
    names = ["all", "A", "B"]
    best = pd.DataFrame({"hidden": 50, "energy": "m0", "rule": names, "mark": marks})

    def row(rule, against, value, ends):
        names = {"hidden": 50, "energy": "m0", "rule": rule, "against": against, "bound": ""}
        return names | {
            "ratio": value,
            "ratio_low": ends[0],
            "ratio_high": ends[1],
            "pairs": pairs,
        }

    rows = [row("A", "all", 10.0, (9.0, 11.0)), row("B", "all", 10 * ratio, (8.0, 12.0))]
    rows += [row("B", "A", ratio, (low, high)) | {"bound": bound}]
    rows += [
        each | {"rule": each["against"], "against": each["rule"], "ratio": 1 / each["ratio"],
                "ratio_low": 1 / each["ratio_high"], "ratio_high": 1 / each["ratio_low"]}
        for each in rows
    ]  # fmt: skip
    return best, pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ((1.2, 1.1, 1.3),
         "At 50 hidden units M0 is least with B. The next, A, spends 1.20 times (1.10 to 1.30) as"
         " much."),
        ((1.2, 0.9, 1.6),
         "At 50 hidden units M0 is least with B. The next, A, spends 1.20 times (0.900 to 1.60) as"
         " much: these seeds do not tell them apart."),
        ((0.5, 0.4, 0.6),
         "At 50 hidden units M0 is least with A. The next, B, spends 2.00 times (1.67 to 2.50) as"
         " much."),
        ((1.2, 1.1, 1.3, 2),
         "At 50 hidden units M0 is least with B. The next, A, spends 1.20 times as much: these"
         " seeds do not tell them apart."),
        ((1.2, 1.1, 1.3, 3, "", ("", "not bracketed", "")),
         "At 50 hidden units M0 is least with B. The next, A (not bracketed), spends 1.20 times"
         " (1.10 to 1.30) as much."),
    ],
)  # fmt: skip
def test_the_least_and_the_next(given, words):
    assert least_of_all(*tables(*given)) == [words]


def test_energies_have_the_names_that_are_asked_for():
    best, ratios = tables(1.2, 1.1, 1.3)
    [words] = least_of_all(best, ratios, str.upper)
    assert words.startswith("At 50 hidden units M0 is least with B. ")
    cost = [table.assign(energy="cost_m0") for table in (best, ratios)]
    assert least_of_all(*cost)[0].startswith("At 50 hidden units cost_m0 is least with B. ")


def test_what_was_cut_off_is_not_compared():
    best, ratios = tables(1.2, 1.1, math.inf, bound="lower")
    [words] = least_of_all(best, ratios)
    assert "is least with A, among the methods whose runs all reached the criterion. " in words
    assert least_of_all(best, ratios[ratios["bound"] != ""]) == []
