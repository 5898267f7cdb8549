"""The answer of a study in a few lines: which rule saves how much, and what that takes in time."""

import math
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from energynet.analysis.intervals import Bound
from energynet.analysis.methods import (
    ALL,
    HIDDEN,
    NETWORK,
    READOUT,
    output_plastic,
    reading_rules,
    short_names,
)
from energynet.analysis.missing import listing
from energynet.analysis.optimum import LIMITED, NOT_BRACKETED
from energynet.analysis.portions import Portions
from energynet.analysis.ratios import FEWEST
from energynet.analysis.study import CONFIRMATION, EVERY, Study, saving_table
from energynet.studies.figures.drawing import confirmed_first
from energynet.studies.figures.style import ordered
from energynet.support.checks import pluralize
from energynet.support.format import DASH, significant

READINGS = {
    HIDDEN: "P is a fraction of the hidden layer; the output layer is plastic. ",
    NETWORK: "P is a fraction of the whole network. ",
}
HEADS = ("", "M0, number of changes", "M1, their summed size", "steps", "P, best for M0")
MARK = "*"
_M0, _M1 = "m0", "m1"
_WIDTH = 100


@dataclass(frozen=True)
class Saved:
    """What a rule saves in one energy: E(all) / E(rule) with its 95 % interval.

    Attributes
    ----------
    rule : str
        Its label.
    fraction : float
        The plastic fraction of least energy.
    ratio, low, high : float
    bound, pairs
        As in `savings`.
    final : bool
        Whether fractions on both sides of this one are known to cost more.
    """

    rule: str
    fraction: float
    ratio: float
    low: float
    high: float
    bound: str
    pairs: int
    final: bool = True

    @property
    def best(self) -> float:
        """What is surely saved, for comparing rules: nan if that is not known."""
        if self.bound == Bound.LOWER:
            return self.low
        return self.ratio if self.bound == Bound.EXACT else math.nan

    @property
    def words(self) -> str:
        """The ratio as 63.1 (58.0 to 68.7), as a bound in words, or as a dash without a number."""
        if self.bound == Bound.UNKNOWN or math.isnan(self.ratio):
            return DASH
        if self.bound == Bound.UPPER:
            return f"at most {significant(self.high)}"
        if self.bound == Bound.LOWER:
            return f"at least {significant(self.low)}"
        return f"{significant(self.ratio)}{'' if self.final else MARK}{self._ends('')}"

    @property
    def fold(self) -> str:
        """The ratio in a sentence: 63.1-fold (95 % interval 58.0 to 68.7)."""
        if self.bound:
            return f"{self.words}-fold"
        return f"{significant(self.ratio)}-fold{self._ends('95 % interval ')}"

    def _ends(self, title: str) -> str:
        if self.pairs < FEWEST:  # an interval would say nothing
            return ""
        return f" ({title}{significant(self.low)} to {significant(self.high)})"


@dataclass(frozen=True)
class Line:
    """A rule in the table: its name, what it saves, how many times as many steps it takes."""

    name: str
    m0: Saved
    m1: Saved
    steps: float
    plastic: str
    reached: bool

    @property
    def texts(self) -> tuple[str, ...]:
        """The cells of the table."""
        if not self.reached:
            return self.name, "not reached", "not reached", DASH, self.plastic
        steps = DASH if math.isnan(self.steps) else f"{significant(self.steps)} x"
        return self.name, self.m0.words, self.m1.words, steps, self.plastic


@dataclass(frozen=True)
class Cheapest:
    """A small unmodified network: its M0 divided by that under the rule that saves most.

    `ratio` is one of means over `runs` networks of each kind, so it has no interval.
    """

    hidden: int
    ratio: float
    runs: tuple[int, int]


@dataclass(frozen=True)
class Answer:
    """The savings of one reading of P at one size of network.

    `reading` is its name if there are two, and `plastic` says what P is a fraction of. `chosen`
    tells that the seeds that estimate also chose the fractions, for want of others. `cheapest` is
    the unmodified network of least M0, if it is smaller. `alike` has the rules that may spend no
    more than the best one, as the intervals of the ratios go, by energy.
    """

    reading: str
    plastic: str
    hidden: int
    criterion: float
    pairs: int
    chosen: bool
    lines: tuple[Line, ...]
    cheapest: "Cheapest | None"
    alike: Mapping[str, tuple[str, ...]]

    @property
    def title(self) -> str:
        """What the table shows."""
        seeds = f"95 % intervals over {self.pairs} seeds, the choice of P not counted"
        if self.pairs < FEWEST:
            seeds = f"{pluralize(self.pairs, 'seed')}: too few for intervals"
        if self.chosen:
            seeds += "; the same seeds chose the fractions, so these savings are too good"
        goal = f"{100 * self.criterion:g} % of the test set is right"
        return (
            f"{self.plastic}{self.hidden:,} hidden units, trained until {goal}. The table tells how"
            " many times less each rule spends than the unmodified network, each energy at its own"
            f" best P ({seeds}). Steps: how many times as many it takes, at the P best for M0."
        )

    @property
    def note(self) -> str:
        """What a mark means; "" without one."""
        if all(line.m0.final and line.m1.final for line in self.lines):
            return ""
        return (
            f"{MARK} A smaller or larger fraction may be better:"
            " it was not run, or its runs were ended early."
        )

    @property
    def sentences(self) -> tuple[str, ...]:
        """What was found, in a few sentences."""
        return tuple(_sentences(self))


def answers(study: Study) -> list[Answer]:
    """The answer for each reading of P of which there are runs; none without a ratio to tell."""
    found = [_answer(name, part) for name, part in study.by_reading().items()]
    return [answer for answer in found if answer is not None]


def _answer(reading: str, study: Study) -> Answer | None:
    savings, chosen = study.savings, False
    if savings["ratio"].isna().all():
        savings, chosen = _best_of_every(study), True
    known = savings[savings["energy"].eq(_M0) & savings["ratio"].notna()]
    if known.empty:
        return None
    compared = known[~known["rule"].str.startswith("random")]  # the control is run at few sizes
    number = (compared if len(compared) else known).groupby("hidden")["rule"].nunique()
    hidden = int(max(number.index[number == number.max()]))  # a study under way lacks rules beyond
    here = savings[savings["hidden"] == hidden]
    lines = _lines(study, here, hidden)
    best = _best(lines, _M0)
    cheapest = _cheapest(study, best, hidden) if best else None
    pairs = int(here["pairs"].max())
    plastic = _plastic(set(study.own["rule"]))
    alike = {energy: _alike(study, hidden, lines, energy) for energy in (_M0, _M1)}
    return Answer(reading, plastic, hidden, study.criterion, pairs, chosen, lines, cheapest, alike)


def _cheapest(study: Study, best: Line, hidden: int) -> Cheapest | None:
    """The unmodified network of least M0, if it is a smaller one and all of its runs reached."""
    cells = confirmed_first(study.cells[study.cells["energy"].eq(_M0)])
    whole = cells[cells["rule"].eq(ALL)].drop_duplicates("hidden")
    whole = whole[whole["reached"].eq(whole["runs"])]
    rule = cells["rule"].eq(best.m0.rule) & cells["fraction"].eq(best.m0.fraction)
    under_rule = cells[rule & cells["hidden"].eq(hidden) & ~cells["lower_bound"]]
    if whole.empty or under_rule.empty:
        return None
    own = under_rule.iloc[0]
    small = whole.loc[whole["energy_per_success"].idxmin()]
    if small["hidden"] >= hidden:
        return None
    ratio = small["energy_per_success"] / own["energy_per_success"]
    return Cheapest(int(small["hidden"]), ratio, (int(small["runs"]), int(own["runs"])))


def _alike(study: Study, hidden: int, lines: Sequence[Line], energy: str) -> tuple[str, ...]:
    """Rules of which E(best) / E(rule) may be 1 or more, as its interval goes."""
    best = _best(lines, energy)
    if best is None:
        return ()
    ratios = saving_table([((), study)], against=getattr(best, energy).rule)
    near = ratios["energy"].eq(energy) & ratios["bound"].eq(Bound.EXACT)
    near &= ratios["pairs"].ge(FEWEST) & ratios["ratio_high"].ge(1)
    rules = set(ratios.loc[near & ratios["hidden"].eq(hidden), "rule"])
    return tuple(line.name for line in lines if getattr(line, energy).rule in rules)


def _plastic(rules: set[str]) -> str:
    """What P is a fraction of under all of these rules; "" if they differ or do not tell."""
    if output_plastic(rules):
        return READINGS[HIDDEN]
    constrained = rules - {ALL, READOUT}
    return READINGS[NETWORK] if constrained and constrained <= reading_rules(NETWORK) else ""


def _best_of_every(study: Study) -> pd.DataFrame:
    """The largest saving among the fractions of each rule, without seeds that chose one.

    A fraction whose runs were cut off saves at most its ratio: it counts if there is no other.
    """
    every = saving_table([((), study)], at=EVERY)
    every = every[every["ratio"].notna() & every["bound"].ne(Bound.UNKNOWN)]
    sure = every["bound"].ne(Bound.UPPER)
    best = every.assign(sure=sure).sort_values(["sure", "ratio"], kind="stable")
    return best.groupby(["hidden", "rule", "energy"], as_index=False).last().drop(columns="sure")


def _lines(study: Study, savings: pd.DataFrame, hidden: int) -> tuple[Line, ...]:
    """A line for each rule, those that save most in M0 first."""
    portions = Portions(study)
    marks = study.optimal.set_index(["hidden", "rule", "energy"])["mark"]

    def final(rule: str, energy: str, fraction: float) -> bool:
        doubtful = marks.get((hidden, rule, energy)) in (LIMITED, NOT_BRACKETED)
        return not doubtful or portions.fewest(rule, hidden, fraction)

    by_rule = {
        (rule, energy): replace(_saved(row), final=final(rule, energy, row["fraction"]))
        for (rule, energy), row in savings.set_index(["rule", "energy"]).iterrows()
    }
    whole = _steps(study, hidden, ALL, 1.0)
    names = short_names(study.own["rule"])  # the title tells what all have in common
    cells = study.cells[study.cells["hidden"] == hidden]
    ran = cells.groupby("rule").agg(reached=("reached", "sum"), steps=("max_steps", "max"))
    lines = []
    for rule in ordered(savings["rule"]):
        if rule == ALL:
            continue
        m0, m1 = (by_rule.get((rule, energy), _nothing(rule)) for energy in (_M0, _M1))
        ratio = _steps(study, hidden, rule, m0.fraction) / whole
        plastic = portions.counted(rule, hidden, m0.fraction)
        if rule == READOUT:
            plastic = "the output layer alone"
        reached = ran["reached"][rule] > 0
        if not reached:
            alone = f"{plastic}, " if rule == READOUT else ""
            plastic = f"{alone}{ran['steps'][rule]:,.0f} steps"
        lines.append(Line(names[rule], m0, m1, ratio, plastic, reached))
    return tuple(sorted(lines, key=lambda line: -line.m0.best if line.m0.best > 0 else 0))


def _nothing(rule: str) -> Saved:
    return Saved(rule, math.nan, math.nan, math.nan, math.nan, Bound.EXACT, 0)


def _saved(row: "pd.Series") -> Saved:
    names = ("fraction", "ratio", "ratio_low", "ratio_high", "bound", "pairs")
    rule = row["rule"] if "rule" in row else row.name[0]
    return Saved(rule, *(row[name] for name in names))


def _steps(study: Study, hidden: int, rule: str, fraction: float) -> float:
    """Mean steps of the runs that reached: of confirmation seeds, or else of the others."""
    cells = study.cells
    own = cells[cells["hidden"].eq(hidden) & cells["rule"].eq(rule) & cells["energy"].eq(_M0)]
    own = own[own["fraction"].eq(fraction) & own["steps"].notna()]
    confirmed = own[own["seeds"] == CONFIRMATION]
    own = confirmed if len(confirmed) else own
    return float(own["steps"].iloc[0]) if len(own) else math.nan


def _best(lines: Sequence[Line], energy: str) -> Line | None:
    """The rule that saves most."""
    known = [line for line in lines if not math.isnan(getattr(line, energy).best)]
    return max(known, key=lambda line: getattr(line, energy).best, default=None)


def _sentences(answer: Answer) -> Iterator[str]:
    first, second = (_best(answer.lines, energy) for energy in (_M0, _M1))
    place = f"At {answer.hidden:,} hidden units"
    if first is None or first.m0.best <= 1:
        yield f"{place} no rule is known to make fewer changes, M0, than the unmodified network."
        return
    yield (
        f"{place} the number of changes, M0, falls most with {first.name}, against the unmodified"
        f" network: {first.m0.fold}{_tied(answer.alike[_M0])}.{_open(first.m0)}"
    )
    if not math.isnan(first.steps):
        times = significant(first.steps)
        yield f"The price is time: at the P best for M0, it takes {times} times as many steps."
    if second is None or second.m1.best <= 1:
        yield "No rule is known to lower the summed size of the changes, M1."
    else:
        name = "the same rule" if second is first else second.name
        yield (
            f"The summed size of the changes, M1, falls most with {name}:"
            f" {second.m1.fold}{_tied(answer.alike[_M1])}.{_open(second.m1)}"
        )
    for line in answer.lines:
        if line.m0.rule == READOUT and line.m0.best > 1 and line is not first:
            yield f"Training the output layer alone saves {significant(line.m0.ratio)}-fold in M0."
    if answer.cheapest is not None:
        small = answer.cheapest
        few, many = small.runs
        runs = f"{few} runs each" if few == many else f"{few} and {many} runs"
        size = f"{small.hidden:,} hidden units"
        start = f"The unmodified network is cheapest with {size}: it spends"
        if small.ratio < 1:
            start = f"A small unmodified network is cheaper still: with {size} it spends"
        yield (
            f"{start} {significant(small.ratio)} times as much M0 as {answer.hidden:,} units with"
            f" {first.name} (means over {runs})."
        )


def _open(saved: Saved) -> str:
    return "" if saved.final else " Another P may save more than this one."


def _tied(names: Sequence[str]) -> str:
    return f"; these seeds do not tell it apart from {listing(names)}" if names else ""


def to_text(found: Sequence[Answer]) -> str:
    """The answers for a terminal: a table each, and what it comes to."""
    return "\n\n".join(_as_text(answer) for answer in found)


def _as_text(answer: Answer) -> str:
    rows = [HEADS, *(line.texts for line in answer.lines)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    table = [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    title, note, sentences = map(_wrapped, (answer.title, answer.note, " ".join(answer.sentences)))
    return "\n".join([*title, "", *table, *note, "", *sentences])


def _wrapped(text: str) -> list[str]:
    """Lines, none of which ends between a number and its %."""
    joined = textwrap.wrap(text.replace(" %", "\N{NO-BREAK SPACE}%"), _WIDTH)
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in joined]
