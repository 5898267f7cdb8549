"""The staged plan: what to run next, from the preset and the table of stored results alone."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from energynet.analysis.contrasts import Cell
from energynet.analysis.methods import ALL, PER_NEURON, READOUT, UNITS
from energynet.analysis.optimum import LIMITED, MUCH_FEWER, Point, best_of_side, choose, much_fewer
from energynet.analysis.study import CONFIRMATION, EXPLORATION, Study
from energynet.config import TrainingConfig
from energynet.rules.names import rule_from_name
from energynet.studies.stages.method import Method, fraction_value
from energynet.studies.stages.preset import Preset
from energynet.studies.stages.variant import ShapeOf, Variant, config_key, variants
from energynet.studies.statements.energy_kinds import FEW
from energynet.studies.statements.second_kinds import best_reached

if TYPE_CHECKING:
    import pandas as pd

SKIPPED = "the first seed ended {points:g} points or more below the criterion"


class Stage(NamedTuple):
    """Runs to make before anything else can be decided."""

    name: str
    configs: list[TrainingConfig]


def next_stage(preset: Preset, table: "pd.DataFrame", shape: ShapeOf) -> Stage | None:
    """The next runs of a study; None once it is complete.

    A pure function: an interrupted study resumes as if it had not been interrupted.
    `table` is the tidy table of what is stored.
    """
    studies = variants(preset, table, shape)
    groups = [(hidden,) for hidden in preset.sizes]
    for sizes in groups if preset.one_size_at_a_time else [preset.sizes]:
        for name, wanted in STAGES:
            configs = {
                config_key(config): config
                for variant in studies
                for hidden in sizes
                for config in wanted(variant, hidden)
                if config_key(config) not in variant.rows
            }
            if configs:
                return Stage(name, list(configs.values()))
    return None


def skipped_runs(
    preset: Preset, table: "pd.DataFrame", shape: ShapeOf
) -> list[tuple[TrainingConfig, str]]:
    """Runs of the exploration that the plan leaves out, and why."""
    reason = SKIPPED.format(points=preset.skip.get("points", 0))
    found = []
    for variant in variants(preset, table, shape):
        for hidden in preset.sizes:
            for method in _methods(variant, hidden):
                for fraction, limit in _fractions(variant, hidden, method):
                    first, *rest = _seeds(variant, hidden, method, fraction, limit)
                    if _far_below(variant, first):
                        found += [(config, reason) for config in rest]
    return found


def _methods(variant: Variant, hidden: int) -> list[Method]:
    return [method for method in variant.preset.method if hidden in method.hidden]


def _seeds(
    variant: Variant, hidden: int, method: Method, fraction: float, max_steps: int
) -> list[TrainingConfig]:
    """The exploration runs of a fraction."""
    seeds = variant.seeds("exploration")
    return [variant.config(hidden, method, fraction, seed, max_steps=max_steps) for seed in seeds]


def _max_steps(variant: Variant) -> int:
    return int(variant.settings.get("max_steps", TrainingConfig.max_steps))


def _far_below(variant: Variant, first: TrainingConfig) -> bool:
    """Whether the first seed ended so far below the criterion that the others are left out."""
    skip = variant.preset.skip
    if not skip or first.hidden < skip["from"]:
        return False
    row = variant.rows.get(config_key(first))
    if row is None or row["reached"] or row["missing"]:
        return False
    accuracy = row.get("accuracy")
    if accuracy is None or accuracy != accuracy:
        return True
    return bool(first.target_accuracy - accuracy > skip["points"] / 100)


def _wanted_seeds(configs: Sequence[TrainingConfig], variant: Variant) -> Sequence[TrainingConfig]:
    """All seeds; in large networks first only one, as it may make the others needless."""
    first = configs[:1]
    skip = variant.preset.skip
    if skip and first and first[0].hidden >= skip["from"]:
        known = config_key(first[0]) in variant.rows
        if not known or _far_below(variant, first[0]):
            return first
    return configs


def _explore(variant: Variant, hidden: int) -> Iterator[TrainingConfig]:
    """The grid of each method, and blocks of runs that nothing else decides."""
    for method in _methods(variant, hidden):
        for fraction in method.grid(variant.shape(hidden)):
            configs = _seeds(variant, hidden, method, fraction, _max_steps(variant))
            yield from _wanted_seeds(configs, variant)
    yield from _around(variant, hidden)
    for block in variant.preset.runs:
        if hidden in block["hidden"]:
            yield from _block(variant, hidden, block)


def _block(variant: Variant, hidden: int, block: Any) -> Iterator[TrainingConfig]:
    rule = {"fraction": None, "output_fraction": None, "within_units": None}
    other = {key: value for key, value in block.items() if key not in (*rule, "rule", "hidden")}
    seeds = other.pop("seeds")
    rule |= {key: block[key] for key in rule if key in block}
    for fraction in rule["fraction"] or [None]:
        share = None if fraction is None else fraction_value(fraction)
        made = rule_from_name(block["rule"], **{**rule, "fraction": share})
        for seed in seeds:
            values = {**variant.settings, **other}
            yield TrainingConfig(hidden=hidden, rule=made, seed=seed, **values)


def _choose(variant: Variant, hidden: int) -> Iterator[TrainingConfig]:
    """Extensions of grids and longer runs that the choice of P* asks for."""
    for method in _methods(variant, hidden):
        if method.whole is not None:
            continue
        pending: list[TrainingConfig] = []
        for fraction, limit in _fractions(variant, hidden, method):
            configs = _seeds(variant, hidden, method, fraction, limit)
            pending += _wanted_seeds(configs, variant)
        if all(config_key(config) in variant.rows for config in pending):
            for fraction, limit in _asked_for(variant, hidden, method):
                configs = _seeds(variant, hidden, method, fraction, limit)
                pending += _wanted_seeds(configs, variant)
        yield from pending


def _fractions(variant: Variant, hidden: int, method: Method) -> list[tuple[float, int]]:
    """(fraction, max_steps) of which there are exploration runs, or which the grid has."""
    found = {(p, _max_steps(variant)) for p in method.grid(variant.shape(hidden))}
    if method.whole is not None:
        return sorted(found)
    for energy in variant.preset.energies:
        for point in variant.points(hidden, method, energy):
            found |= {(point.fraction, _max_steps(variant)), (point.fraction, point.max_steps)}
    return sorted(found)


def _asked_for(variant: Variant, hidden: int, method: Method) -> list[tuple[float, int]]:
    """(fraction, max_steps) that the choice of P* asks for, given all that is there."""
    asked = set()
    for energy in variant.preset.energies:
        points = variant.points(hidden, method, energy)
        best, mark = variant.optimum(hidden, method, energy)
        if best is None:
            continue
        for fraction in _extension(variant, hidden, method, points, best):
            asked.add((fraction, _max_steps(variant)))
        long = variant.preset.long
        if mark == LIMITED and long and hidden <= long["up_to"] and not method.control:
            smaller = points[list(points).index(best) - 1]
            if smaller.max_steps < long["max_steps"]:
                asked.add((smaller.fraction, long["max_steps"]))
    return sorted(asked)


def _extension(
    variant: Variant, hidden: int, method: Method, points: Sequence[Point], best: Point
) -> list[float]:
    """Fractions beyond an end of the grid.

    P*/3, as long as nothing so small was run: it closes the grid below, and statement 2 compares
    with it. Twice P*, if that is the last one.
    """
    grid, shape = method.grid(variant.shape(hidden)), variant.shape(hidden)
    times = 0 if method.control else variant.preset.extend.get("times", 0)
    candidates = []
    if times and not much_fewer(points, best):
        candidates.append(best.fraction / MUCH_FEWER)
    if best == points[-1] and sum(point.fraction > grid[-1] for point in points) < times:
        candidates.append(best.fraction * 2)
    return [p for p in candidates if method.differs(p, best.fraction, shape)]


def _confirm(variant: Variant, hidden: int) -> Iterator[TrainingConfig]:
    """The unmodified network, each rule at each P*, and what statements compare with these."""
    for method in _methods(variant, hidden):
        whole = method.whole
        chosen = set() if whole is None else {(whole, _max_steps(variant))}
        for energy in variant.preset.energies if whole is None else ():
            best = variant.optimum(hidden, method, energy).point
            chosen |= {(best.fraction, best.max_steps)} if best else set()
            if energy in ("m0", "m1"):
                chosen |= _beside(variant, hidden, method, energy)
        for fraction, limit in sorted(chosen):
            for seed in variant.seeds("confirmation"):
                yield variant.config(hidden, method, fraction, seed, max_steps=limit)


def _beside(variant: Variant, hidden: int, method: Method, energy: str) -> set[tuple[float, int]]:
    """Fractions beside P* that are compared with it, and their limits of steps."""
    points, best = variant.points(hidden, method, energy), variant.optimum(hidden, method, energy)
    found: list[Point | None] = []
    if variant.preset.much_fewer and best.point and not method.control:
        found += much_fewer(points, best.point)[-1:]
    if hidden in variant.preset.both_sides.get("hidden", ()) and not method.control:
        found += [best_of_side(points, FEW, few) for few in (True, False)]
    if variant.preset.admitted and not method.control:
        found.append(choose([p for p in points if p.fraction >= variant.preset.admitted]).point)
    return {(point.fraction, point.max_steps) for point in found if point}


def _long_after(variant: Variant, hidden: int) -> Iterator[TrainingConfig]:
    """Accuracy long after the criterion, at the best fraction for M0."""
    wanted = variant.preset.long_after
    if hidden not in wanted.get("hidden", ()):
        return
    for method in _methods(variant, hidden):
        if method.control or method.rule == READOUT:
            continue
        best = None if method.rule == ALL else variant.optimum(hidden, method, "m0").point
        if best is None and method.rule != ALL:
            continue
        fraction = best.fraction if best else 1.0
        for seed in wanted["seeds"]:
            settings = {"target_accuracy": 1.0, "max_steps": wanted["max_steps"]}
            yield variant.config(hidden, method, fraction, seed, **settings)


def _accurate(variant: Variant, hidden: int) -> Iterator[TrainingConfig]:
    """Runs beyond the criterion: exploration seeds until a P keeps the accuracy, then judges."""
    wanted = variant.preset.accurate
    if hidden not in wanted.get("hidden", ()) or variant.study is None:
        return
    settings = {"target_accuracy": 1.0, "max_steps": wanted["max_steps"]}
    for method in _methods(variant, hidden):
        if method.control or method.rule == READOUT:
            continue
        seeds, fraction = [*variant.seeds("exploration"), *wanted["seeds"]], method.whole
        if fraction is None:
            found = variant.study.accurate(
                hidden, method.label, wanted["max_steps"], wanted["points"] / 100
            )
            fraction = found.needed if found.fraction is None else found.fraction
            if found.needed is not None:
                seeds = variant.seeds("exploration")
        if fraction is not None:
            for seed in seeds:
                yield variant.config(hidden, method, fraction, seed, **settings)


def _around(variant: Variant, hidden: int) -> Iterator[TrainingConfig]:
    """Fractions around a limit, with the seeds that choose among them."""
    wanted = variant.preset.around
    if hidden in wanted.get("hidden", ()):
        method = _around_method(variant, hidden)
        for fraction in wanted["fraction"]:
            for seed in wanted["choose"]:
                yield variant.config(hidden, method, fraction, seed)


def _around_judged(variant: Variant, hidden: int) -> Iterator[TrainingConfig]:
    """The best fractions on both sides of the limit, with the seeds that judge."""
    wanted = variant.preset.around
    if hidden not in wanted.get("hidden", ()) or variant.study is None:
        return
    method = _around_method(variant, hidden)
    whole = Study(variant.study.every, variant.in_settings())
    explored = set(wanted["choose"]) <= set(variant.seeds("exploration"))
    chooser = EXPLORATION if explored else CONFIRMATION
    for energy in ("m0", "m1"):
        for few in (True, False):
            cell = Cell(hidden, method.label, energy)
            fraction = best_reached(whole, cell, FEW, few, chooser)
            if fraction is not None:
                for seed in wanted["judge"]:
                    yield variant.config(hidden, method, fraction, seed)


def _around_method(variant: Variant, hidden: int) -> Method:
    methods = _methods(variant, hidden)
    return next(method for method in methods if method.rule == UNITS)


def _matched(variant: Variant, hidden: int) -> Iterator[TrainingConfig]:
    """Large networks with the plasticity of small unmodified ones, and those."""
    for wanted in variant.preset.matched:
        if hidden not in wanted.get("hidden", ()):
            continue
        settings = {"target_accuracy": 1.0, "max_steps": wanted["max_steps"]}
        for units in wanted["units"]:
            small = Method(rule=ALL, hidden=(units,))
            for seed in wanted["seeds"]:
                yield variant.config(units, small, 1.0, seed, **settings)
                for rule in wanted["rules"]:
                    method = Method(
                        rule=rule,
                        hidden=(hidden,),
                        output_fraction=wanted.get("output_fraction"),
                    )
                    fraction = matched_fraction(variant, hidden, method, units)
                    yield variant.config(hidden, method, fraction, seed, **settings)


def matched_fraction(variant: Variant, hidden: int, method: Method, units: int) -> float:
    """The fraction with as many plastic units, or the nearest number of plastic synapses."""
    if method.rule == UNITS:
        return units / hidden
    shape = variant.shape(hidden)
    target = rule_from_name(UNITS, fraction=units / hidden).counts(shape).plastic
    if method.rule != PER_NEURON:
        return target / shape.synapses
    candidates = [k / (shape.n_in + 1) for k in range(1, shape.n_in + 2)]
    return min(candidates, key=lambda p: abs(method.at(p).counts(shape).plastic - target))


STAGES: tuple[tuple[str, Callable[[Variant, int], Iterator[TrainingConfig]]], ...] = (
    ("exploration", _explore),
    ("choice", _choose),
    ("confirmation", _confirm),
    ("fractions around a limit", _around_judged),
    ("accuracy long after the criterion", _long_after),
    ("fractions that keep the accuracy", _accurate),
    ("large against small networks", _matched),
)
