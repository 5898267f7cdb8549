"""What a study would do next, and how long that may take; nothing is started."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from energynet.analysis.methods import display_name
from energynet.config import TrainingConfig
from energynet.studies.stages.method import identity_of
from energynet.studies.stages.plan import Stage, next_stage
from energynet.studies.stages.preset import Preset
from energynet.studies.stages.variant import ShapeOf, config_key, variants
from energynet.support.checks import pluralize
from energynet.support.format import duration
from energynet.sweeps.estimates import MNIST_LOAD, USUAL_STEPS, Load, expected_seconds

if TYPE_CHECKING:
    import pandas as pd


def outlook(
    presets: Sequence[Preset], table: "pd.DataFrame", shape: ShapeOf, load: Load = MNIST_LOAD
) -> str:
    """The next stage of the first preset that is not complete, in words, a line per size and rule.

    Parameters are those of `next_stage`; `load` is that of the data set.
    """
    stored = f"{pluralize(len(table), 'run')} stored so far"
    for preset in presets:
        stage = next_stage(preset, table, shape)
        if stage is not None:
            whole = _exploration(preset, table, shape, load)
            later = "later stages follow from these results"
            return "\n".join([*_stage(preset, stage, load), *whole, later, stored])
    return f"complete: nothing left to run\n{stored}"


def _stage(preset: Preset, stage: Stage, load: Load) -> list[str]:
    groups: dict[tuple[int, str], list[float]] = {}
    for config in stage.configs:
        group = config.hidden, _label(preset, config)
        groups.setdefault(group, []).append(expected_seconds(config, load))
    total = duration(sum(map(sum, groups.values())))
    runs = pluralize(len(stage.configs), "run")
    return [
        f"{preset.name}: next is the stage '{stage.name}', {runs}, about {total} of one core",
        *(
            f"{hidden:>9,d} {display_name(label):<52}{len(times):>5} {duration(sum(times)):>8}"
            for (hidden, label), times in sorted(groups.items())
        ),
    ]


def _exploration(
    preset: Preset, table: "pd.DataFrame", shape: ShapeOf, load: Load
) -> Iterator[str]:
    """How long the exploration takes, if its sizes follow one another: a stage is one of them."""
    if not preset.one_size_at_a_time:
        return
    times = [
        expected_seconds(config, load)
        for variant in variants(preset, table, shape)
        for method in preset.method
        for hidden in method.hidden
        for fraction in method.grid(shape(hidden))
        for seed in variant.seeds("exploration")
        if config_key(config := variant.config(hidden, method, fraction, seed)) not in variant.rows
    ]
    if times:
        runs = pluralize(len(times), "run")
        yield (
            f"exploration of all sizes: {runs}, {duration(sum(times))} of one core if each took"
            f" {USUAL_STEPS:,d} steps; at small fractions they take more"
        )


def _label(preset: Preset, config: TrainingConfig) -> str:
    """The label of the method that a run belongs to; of other runs that of the rule."""
    rule = identity_of(config.rule)
    own = [method.label for method in preset.method if method.position_of(rule) is not None]
    return own[0] if own else str(rule.key[0])
