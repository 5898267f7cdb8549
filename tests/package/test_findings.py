"""Every number in docs/findings.md and in the README's findings is derived from the results."""

import json
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

import energynet as en
from energynet.analysis.study import Study
from energynet.store.exchange import read_table
from energynet.support.format import significant

ROOT = Path(__file__).parents[2]
FINDINGS = " ".join((ROOT / "docs" / "findings.md").read_text().split())


class Reading:
    """The results of one reading of P."""

    def __init__(self, name):
        self.table = read_table(ROOT / "results" / f"{name}.csv")
        history = read_table(ROOT / "results" / f"{name}_history.csv.xz")
        self.study = Study.of(self.table, history)
        keys = ["hidden", "rule", "energy"]
        self.savings = en.savings(self.table).set_index(keys)
        self.optima = en.optimal_energy(self.table).set_index(keys)
        self.runs = self.study.runs

    def ratio(self, hidden, rule, energy="m0"):
        return self.savings.loc[(hidden, rule, energy), "ratio"]

    def ratios(self, rule, energy="m0"):
        return self.savings.xs((rule, energy), level=("rule", "energy"))["ratio"]

    def saved(self, hidden, rule, energy="m0"):
        """30.2-fold (28.6 to 32.0)."""
        row = self.savings.loc[(hidden, rule, energy)]
        ends = f"{significant(row['ratio_low'])} to {significant(row['ratio_high'])}"
        return f"{significant(row['ratio'])}-fold ({ends})"

    def at_optimum(self, hidden, rule, energy="m0"):
        """Confirmation runs at P*."""
        fraction = self.optima.loc[(hidden, rule, energy), "fraction"]
        runs = self.runs[self.runs["hidden"].eq(hidden) & self.runs["rule"].eq(rule)]
        runs = runs[runs["seeds"].eq("confirmation")]
        return runs if rule == "all" else runs[runs["fraction"].eq(fraction)]

    def steps(self, hidden, rule):
        """How many times as many steps as without the rule, at P* of M0."""
        rule, whole = (self.at_optimum(hidden, name)["steps"].mean() for name in (rule, "all"))
        return rule / whole

    def against_the_cheapest(self, hidden, rule, energy="m0"):
        """The least energy of an unmodified network of any size over that of the rule."""
        cells = self.study.cells
        own = cells["rule"].eq("all") & cells["energy"].eq(energy) & cells["success"].ge(0.8)
        least = cells.loc[own & cells["seeds"].eq("exploration"), "energy_per_success"].min()
        return least / self.optima.loc[(hidden, rule, energy), "energy_per_success"]


@pytest.fixture(scope="module")
def network():
    return Reading("network")


@pytest.fixture(scope="module")
def hidden():
    return Reading("hidden")


SIZES = (100, 300, 1000, 3000, 10_000)
L, N = "largest-per-layer output 1", "largest-per-neuron output 1"
UNITS, SYNAPSES = "fixed-units output 1", "fixed-synapses output 1"
RANDOM = "random output 1"


def spread(values, form="{:.3g}"):
    low, high = (form.format(end(values)) for end in (min, max))
    return f"{low}- to {high}-fold"


def powers(value):
    """Two digits and an exponent, as in 6.4·10⁷."""
    digits, exponent = f"{value:.1e}".split("e")
    return f"{digits}·10{str(int(exponent)).translate(str.maketrans('0123456789', '⁰¹²³⁴⁵⁶⁷⁸⁹'))}"


def shares(reading, hidden, rule):
    """Share of M0 that is spent in the output layer, at P*."""
    runs = reading.at_optimum(hidden, rule)
    return float((runs["m0_layer2"] / runs["m0"]).mean())


def late_loss(reading, hidden, rule, fraction=None, seeds=8):
    """Points of accuracy after 150,000 steps, the unmodified network minus the rule."""
    runs = reading.study.endless
    runs = runs[runs["hidden"].eq(hidden) & runs["max_steps"].eq(150_000)]
    runs = runs[runs["seeds"].eq("confirmation")]
    late = runs.assign(late=runs["id"].map(reading.study.late_accuracy))
    fraction = fraction or reading.optima.loc[(hidden, rule, "m0"), "fraction"]
    own = late[late["rule"].eq(rule) & late["fraction"].eq(fraction)].set_index("seed")["late"]
    whole = late[late["rule"].eq("all")].set_index("seed")["late"]
    lost = 100 * (whole - own).dropna()
    assert len(lost) == seeds
    return float(lost.mean())


def in_eight_sentences(hidden, network):
    others = [hidden.ratio(1000, rule) for rule in (N, UNITS, SYNAPSES)]
    yield f"save {hidden.saved(1000, L)} in M0 at 1,000 hidden"
    yield f"the other rules, which save {min(others):.1f}- to {max(others):.1f}-fold there, come"
    assert max(hidden.ratio(3000, rule) for rule in (N, UNITS)) > max(others)
    yield f"{network.saved(1000, 'largest')} at 1,000 hidden units and"
    yield f"{network.saved(10_000, 'largest')} at 10,000, and the rules move apart"
    leads = network.ratios("largest") / network.ratios("largest-per-neuron")
    assert leads.is_monotonic_increasing
    whole = hidden.at_optimum(1000, "all")["synapses"].iloc[0]
    yield f"no rule can save more than {whole / (10 * 1001):.1f}-fold at 1,000 hidden units"
    least = [network.optima.loc[(size, "largest", "m0"), "confirmed"] for size in SIZES]
    yield f"the largest updates need {powers(min(least))} to {powers(max(least))} changes"
    small = hidden.against_the_cheapest(1000, L), network.against_the_cheapest(1000, "largest")
    all_saved = [hidden.ratio(1000, L), network.ratio(1000, "largest")]
    yield (
        f"the largest updates at 1,000 units save {small[0]:.1f}-fold (*hidden*)"
        f" or {small[1]:.1f}-fold (*network*), not {all_saved[0]:.1f}- or {all_saved[1]:.0f}-fold"
    )
    m1 = [hidden.ratio(1000, rule, "m1") for rule in (L, N, UNITS, SYNAPSES)]
    assert hidden.ratio(1000, RANDOM, "m1") > max(m1)
    yield f"at 1,000 hidden units {min(m1):.2f}- to {max(m1):.2f}-fold (*hidden*)"
    yield f"saves more than any of them: {hidden.saved(1000, RANDOM, 'm1')}"
    steps = hidden.steps(1000, L), network.steps(1000, "largest")
    yield f"they take {steps[0]:.1f} (*hidden*) or {steps[1]:.1f} (*network*) times as many steps"
    lost = late_loss(hidden, 1000, L, seeds=3), late_loss(network, 1000, "largest", seeds=3)
    yield f"classify {lost[0]:.1f} or {lost[1]:.1f} points fewer images correctly (three seeds)"


def with_a_plastic_output_layer(hidden, _):
    saved = {rule: hidden.ratio(3000, rule) for rule in (L, N, UNITS, SYNAPSES)}
    alone = hidden.ratio(3000, "readout")
    yield f"and saves {alone:.1f}-fold in M0"
    rest = [saved[rule] for rule in (N, UNITS, SYNAPSES)]
    yield f"save hardly more, {min(rest):.1f}- to {max(rest):.1f}-fold"
    spent = [100 * shares(hidden, 3000, rule) for rule in (N, UNITS, SYNAPSES)]
    yield f"and {min(spent):.0f} to {max(spent):.0f} % of their M0 is spent in the output layer"
    lead = {
        size: hidden.ratio(size, L) / max(hidden.ratio(size, rule) for rule in (N, UNITS, SYNAPSES))
        for size in (100, 3000)
    }
    yield f"They save {lead[3000]:.1f} times what the next rule saves at 3,000 hidden units"
    yield f"and {lead[100]:.1f} times at 100"
    m1 = {rule: hidden.ratio(3000, rule, "m1") for rule in (L, N, UNITS, SYNAPSES)}
    assert max(m1, key=m1.get) == UNITS
    assert min(m1, key=m1.get) == L
    yield f"fixed units save most ({m1[UNITS]:.2f}-fold)"
    yield f"the largest updates least ({m1[L]:.2f}-fold)"
    yield f"1,000 units end {late_loss(hidden, 1000, L, 0.03):.2f} points short"
    every = en.savings(hidden.table, at="every fraction")
    [still] = every.query("hidden == 1000 and rule == @L and fraction == 0.03 and energy == 'm0'")[
        "ratio"
    ]
    yield f"and still save {still:.1f}-fold in M0"


def with_p_of_the_network(_, network):
    runs = [network.at_optimum(size, "largest") for size in SIZES]
    counts = [int(each["plastic_synapses"].iloc[0]) for each in runs]
    yield f"M0 is least with {min(counts):,} to {max(counts):,} changes per step"
    changed = [100 * (each["m0_direct"] / each["synapses"]).mean() for each in runs]
    yield f"{changed[0]:.0f} % of the synapses change at 100 units, {changed[-1]:.0f} % at 10,000"
    whole = [network.optima.loc[(size, "all", "m0"), "confirmed"] for size in (100, 10_000)]
    yield f"Its M0 rises from {powers(whole[0])} to {powers(whole[1])}"
    ends = [network.ratio(size, "largest") for size in (100, 10_000)]
    yield f"rises from {significant(ends[0])}-fold to {significant(ends[1])}-fold"
    best = network.savings.xs("m1", level="energy")["ratio"]
    assert all(best[size].idxmax() == "largest-per-neuron" for size in (100, 300, 1000))
    assert best[10_000].idxmax() == "fixed-units"
    yield f"it is fixed units, {network.saved(10_000, 'fixed-units', 'm1')}"
    m1 = network.ratios("largest", "m1")
    yield f"network save {m1.min():.2f}- to {m1.max():.2f}-fold"
    units = [size * network.optima.loc[(size, "fixed-units", "m0"), "fraction"] for size in SIZES]
    yield f"Their best number, {min(units):.0f} to {max(units):.0f}, hardly depends"
    steps = [network.steps(size, "largest") for size in SIZES]
    yield f"the largest updates take {min(steps):.1f} to {max(steps):.1f} times as many steps"
    for words, rule in (
        ("short of the unmodified network at 1,000 and at 3,000 units", "largest"),
        ("short, fixed units", "largest-per-neuron"),
        (".", "fixed-units"),
    ):
        lost = [f"{late_loss(network, size, rule, seeds=3):.1f}" for size in (1000, 3000)]
        told = lost[0] if rule == "largest" else " and ".join(lost)
        assert rule != "largest" or lost[0] == lost[1]
        yield f"{told}{' points' if words[0] == 's' else ''}{' ' * (words[0] == 's')}{words}"


def in_both(_, network):
    cells = network.study.cells.query("rule == 'all' and seeds == 'exploration' and success >= 0.8")
    for energy, size in (("m0", 50), ("m1", 100)):
        own = cells[cells["energy"] == energy].set_index("hidden")["energy_per_success"]
        assert own.idxmin() == size
    rules = ("largest", "largest-per-neuron", "fixed-units", "fixed-synapses")
    most = {
        size: max(network.against_the_cheapest(size, rule, "m1") for rule in rules)
        for size in SIZES
    }
    yield f"In M1 the best rule saves {most[100]:.2f}-fold at 100 hidden units (*network*)"
    yield f"saves more than {max(most[3000], most[10_000]):.2f}-fold"


def uncentred_savings():
    table = read_table(ROOT / "results" / "uncentred.csv").drop(columns="center")
    return en.savings(table).set_index(["hidden", "rule", "energy"])


def uncentred_saving(rule):
    return uncentred_savings().loc[(1000, rule, "m0"), "ratio"]


def without_centring(hidden, _):
    table = read_table(ROOT / "results" / "uncentred.csv")
    of_all = table.query("rule == 'all' and hidden == 1000 and seed >= 100").set_index("seed")
    whole = hidden.at_optimum(1000, "all").set_index("seed").loc[of_all.index]
    assert whole["steps"].mean() == of_all["steps"].mean()
    m0, m1 = (whole[name].mean() / of_all[name].mean() for name in ("m0", "m1"))
    yield f"with {m0:.2f}-fold less M0 and {m1:.2f}-fold less M1"
    savings = uncentred_savings()
    at = {name: savings.loc[1000].xs(name, level="energy") for name in ("m0", "m1")}
    of_m0, of_m1 = (at[name]["ratio"].dropna() for name in ("m0", "m1"))
    assert of_m0.idxmax() == L
    assert of_m0.idxmin() == N
    yield f"save most, {of_m0[L]:.2f}-fold, not {hidden.ratio(1000, L):.1f}-fold"
    row = at["m0"].loc[L]
    ends = f"({row['ratio_low']:.2f} to {row['ratio_high']:.2f})"
    yield f"updates save {of_m0[L]:.2f}-fold {ends} at 1,000 hidden units, not"
    row = at["m0"].loc[N]
    ends = f"({row['ratio_low']:.2f} to {row['ratio_high']:.2f})"
    yield f"now save least, {of_m0[N]:.2f}-fold {ends}"
    assert list(of_m1.sort_values().index[:2]) == [N, L]
    assert of_m1.idxmax() == RANDOM
    row = at["m1"].loc[RANDOM]
    ends = f"({row['ratio_low']:.2f} to {row['ratio_high']:.2f})"
    yield f"save least, {of_m1[L]:.2f}- and {of_m1[N]:.2f}-fold"
    yield f"most, {of_m1[RANDOM]:.2f}-fold {ends}"


def settings(*_):
    table = pd.read_csv(ROOT / "results" / "figures" / "figure-10-other-settings.csv")
    own = table.query("rule == 'largest' and quantity == 'm0'")["value"]
    yield f"they save {own.min():.0f}- to {own.max():.0f}-fold there (*network*, three"


@pytest.mark.parametrize(
    "part",
    [
        in_eight_sentences,
        with_a_plastic_output_layer,
        with_p_of_the_network,
        in_both,
        without_centring,
        settings,
    ],
)
def test_the_findings_say_what_the_tables_say(part, hidden, network):
    for words in part(hidden, network):
        assert words in FINDINGS, f"findings.md should say: {words}"


def test_the_readme_says_what_the_tables_say(hidden, network):
    text = " ".join((ROOT / "README.md").read_text().split())
    counts = Counter(
        claim["verdict"]
        for claim in last_versions(json.loads((ROOT / "results" / "verdicts.json").read_text()))
        if claim["reading"] == "network"
    )
    assert counts == {"holds": 4, "fails": 2, "mixed": 1, "undecided": 7}
    saved = hidden.saved(1000, L), network.saved(1000, "largest")
    small = hidden.against_the_cheapest(1000, L), network.against_the_cheapest(1000, "largest")
    steps = hidden.steps(1000, L), network.steps(1000, "largest")
    lost = late_loss(hidden, 1000, L, seeds=3), late_loss(network, 1000, "largest", seeds=3)
    for words in (
        "four statements hold, two fail, one is mixed, seven are undecided",
        f"they save {saved[0]} if it is plastic",
        f"They save {saved[1]} if P is a fraction of the whole network",
        f"against it, they save {small[0]:.1f}- and {small[1]:.1f}-fold",
        f"synapses drawn at random, saves most: {hidden.saved(1000, RANDOM, 'm1')}",
        f"the largest updates take {steps[0]:.1f} or, with P of the whole network,",
        f"network, {steps[1]:.1f} times as many steps",
        f"save {uncentred_saving(L):.2f}-fold, not {hidden.ratio(1000, L):.1f}-fold, and the order",
        f"classify {lost[0]:.1f} or {lost[1]:.1f} points fewer images correctly",
    ):
        assert words in text, f"README.md should say: {words}"


def last_versions(claims):
    newest = {}
    for claim in claims:
        newest[claim["reading"], claim["number"]] = claim
    return newest.values()
