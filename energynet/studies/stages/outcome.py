"""What a comparison of methods comes to: tables, words, files."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from energynet.analysis.comparison import Axis, Comparison
from energynet.analysis.intervals import Bound
from energynet.analysis.least import least_of_all
from energynet.analysis.methods import display_name
from energynet.analysis.optimum import LIMITED, NOT_BRACKETED
from energynet.studies.stages.method import Method
from energynet.studies.stages.preset import Preset
from energynet.studies.stages.variant import ShapeOf, Variant, variants
from energynet.support.checks import pluralize
from energynet.support.format import parameter, significant

if TYPE_CHECKING:
    import pandas as pd


ADVICE = {
    NOT_BRACKETED: "the best value is the first or last of its grid. A wider grid may do better.",
    LIMITED: "the best value depends on max_steps. With more steps the next value may do better.",
}


@dataclass(frozen=True, eq=False, repr=False)
class StudyOutcome:
    """The outcome of `study`.

    Attributes
    ----------
    best : DataFrame
        One row per size, method and energy: the best value of the method's axis, in the column
        named by that parameter (`fraction`, `threshold` ...); `energy_per_success` of the
        exploration seeds, which chose it. Of the confirmation seeds: `confirmed`, the energy per
        success, which is the energy of all runs divided by the number of those that reached the
        criterion (if none did, what a run spent: a lower bound); `low` and `high`, its 95 %
        interval, empty unless all runs reached the criterion; `success`, `runs`, `reached`: the
        share of runs that did, how many there are, how many did. `mark`, as in `optimal_energy`;
        `max_steps`; `why`, the reason if nothing is confirmed.
    ratios : DataFrame
        One row per size, method, other method (`against`) and energy: `ratio`, the energy of the
        other method divided by that of the method, each at its best value, paired by confirmation
        seed; `ratio_low`, `ratio_high`, its 95 % interval; the same as a saving; `pairs`, `bound`,
        `why`, as in `savings`.
    runs, history : DataFrame
        The tidy table of all runs, and their learning curves.
    studies : sequence of (dict, Comparison)
        What the tables are made from, for each combination of varied settings.
    title : str
    """

    best: "pd.DataFrame"
    ratios: "pd.DataFrame"
    runs: "pd.DataFrame"
    history: "pd.DataFrame"
    studies: Sequence[tuple[dict[str, Any], Comparison]]
    title: str

    def __repr__(self) -> str:
        """The best values, the ratios, and which method spends least, in words."""
        parts = [self.title, "", *self._best_lines(), "", *self._ratio_lines()]
        return "\n".join([*parts, *self._least_lines()])

    def _repr_html_(self) -> str:
        _, study = self.studies[0]
        table = study.once(self.ratios)
        for name in (*self._axes, *self.studies[0][0]):
            table = table.assign(**{name: table[name].map(parameter, na_action="ignore")})
        heads = {"ratio": "ratio: energy of against / energy of rule"}
        table = table.rename(columns=heads)
        return str(table.to_html(index=False, float_format=significant))

    def of(self, settings: dict[str, Any]) -> "tuple[pd.DataFrame, pd.DataFrame]":
        """`best` and `ratios` of a combination of varied settings."""
        found = []
        for table in (self.best, self.ratios):
            for name, value in settings.items():
                table = table[table[name] == value]
            found.append(table.drop(columns=list(settings)))
        return found[0], found[1]

    def _best_lines(self) -> Iterator[str]:
        for row in self.best.to_dict("records"):
            at = [f"{name} {parameter(row[name])}" for name in self._axes if row[name] == row[name]]
            notes = [row["why"] or row["mark"]]
            if row["reached"] < row["runs"]:
                notes.append(f"{row['reached']} of {pluralize(row['runs'], 'run')} reached")
            told = ", ".join([f"{row['energy']}{_spent(row)}", *at])
            note = "; ".join(filter(None, notes))
            about = f" ({note})" if note else ""
            yield f"{self._place(row)}, {display_name(row['rule'])}, best {told}{about}"

    def _ratio_lines(self) -> Iterator[str]:
        """A line for each pair of methods: energy of the first / energy of the second.

        A ratio without one of its methods is left out: the line of that method says why.
        """
        told = {*self.best["why"]} - {""}
        _, study = self.studies[0]
        yield "Energy of the first method / energy of the second: above 1, the second saves."
        for row in study.once(self.ratios).to_dict("records"):
            if not told.intersection(row["why"].split("; ")):
                names = f"{display_name(row['against'])} / {display_name(row['rule'])}"
                yield f"{self._place(row)}, {row['energy']}: {names} {ratio_words(row)}"

    def _least_lines(self) -> Iterator[str]:
        """Which method spends least, below an empty line."""
        for settings, _ in self.studies:
            words = ", ".join(f"{name} = {parameter(value)}" for name, value in settings.items())
            found = least_of_all(*self.of(settings))
            yield from ["", *([f"{words}:"] if words else []), *found] if found else []
        marks = {*self.best["mark"]}
        if marks & ADVICE.keys():
            yield ""
        yield from (f"{mark}: {advice}" for mark, advice in ADVICE.items() if mark in marks)

    @property
    def _axes(self) -> list[str]:
        return self.studies[0][1].axis_names

    def _place(self, row: dict[str, Any]) -> str:
        """The size and the varied settings of a row."""
        varied = [f"{name} = {parameter(row[name])}" for name in self.studies[0][0]]
        return ", ".join([f"nh = {row['hidden']:,d}", *varied])


def _spent(row: dict[str, Any]) -> str:
    """The confirmed energy of a row of `best`, if there is one."""
    if row["confirmed"] != row["confirmed"]:
        return ""
    bound = " at least" if row["success"] == 0 else ""
    return f"{bound} {significant(row['confirmed'])}"


def ratio_words(row: dict[str, Any]) -> str:
    """The ratio of a row, with its interval, as a bound, or why there is none."""
    if row["ratio"] != row["ratio"] or row["bound"] == Bound.UNKNOWN:
        return f"unknown: {row['why']}"
    low, high = significant(row["ratio_low"]), significant(row["ratio_high"])
    if row["bound"]:
        return f"at least {low}" if row["bound"] == Bound.LOWER else f"at most {high}"
    return f"= {significant(row['ratio'])} ({low} to {high}, {row['pairs']} seeds)"


def outcome(
    preset: Preset, table: "pd.DataFrame", history: "pd.DataFrame", shape: ShapeOf
) -> StudyOutcome:
    """The outcome of a preset, from what is stored."""
    import pandas as pd

    found = [
        ({name: variant.settings[name] for name in preset.vary}, _comparison(variant, history))
        for variant in variants(preset, table, shape)
        if variant.study is not None
    ]
    best, ratios = (
        pd.concat([_with(settings, make(study)) for settings, study in found], ignore_index=True)
        for make in (Comparison.best, Comparison.ratios)
    )
    return StudyOutcome(best, ratios, table, history, found, preset.title)


def _comparison(variant: Variant, history: "pd.DataFrame") -> Comparison:
    assert variant.study is not None
    methods = variant.preset.method
    sizes: dict[str, list[int]] = {}
    for method in methods:
        sizes.setdefault(method.label, []).extend(method.hidden)
    every = variant.study.every
    own = variant.in_settings()
    own = own[
        [h in sizes.get(rule, ()) for rule, h in zip(own["rule"], own["hidden"], strict=True)]
    ]
    return Comparison(
        every,
        own.reset_index(drop=True),
        history,
        axes={method.label: _axis(method) for method in methods},
        sizes_of=sizes,
        compared=variant.preset.energies,
    )


def _axis(method: Method) -> Axis:
    return Axis("" if method.whole is not None else method.axis, method.position(1.0))


def _with(settings: dict[str, Any], table: "pd.DataFrame") -> "pd.DataFrame":
    """The table with settings as its first columns."""
    for number, (name, value) in enumerate(settings.items()):
        table.insert(number, name, value)
    return table
