"""Custom rules: what the way through Python costs beside a built-in step."""

import numpy as np

import energynet as en
from bench import runs
from bench.results import Section, microseconds
from bench.timing import Effort, compare, ratios
from energynet.training.run import prepare

SIZES = (100, 1000)
MASKS = 10  # times a step of `all`, for masks made from step.dw in the larger network


class Nothing(en.PlasticityRule):
    """The way there and back alone."""

    def select(self, step):
        return False, False


class FirstUnits(en.PlasticityRule):
    """`fixed-units`, as factors."""

    fraction: float

    def select(self, step):
        first = np.arange(len(step.hidden.post)) < self.fraction * len(step.hidden.post)
        inputs, outputs = np.ones(len(step.hidden.pre), bool), np.ones(len(step.output.post), bool)
        return (inputs, first), (np.append(first, True), outputs)


class Large(en.PlasticityRule):
    """All |dw| above a size, as masks."""

    least: float

    def select(self, step):
        return np.abs(step.hidden.dw) >= self.least, np.abs(step.output.dw) >= self.least


RULES = (
    ("`all`, built in", en.AllSynapses()),
    ("custom rule that chooses nothing", Nothing()),
    ("custom `fixed-units` P = 0.1, as factors", FirstUnits(0.1)),
    ("custom threshold, as masks", Large(1e-3)),
)


def measure(effort: Effort) -> Section:
    """One thread, against a step of `all`."""
    section = Section("Custom rules")
    lines = []
    for hidden in effort.sizes(SIZES):
        tasks = {name: runs.stepping(_trained(hidden, rule)) for name, rule in RULES}
        times = compare(tasks, effort)
        first = RULES[0][0]
        for name, _ in RULES[1:]:
            target = MASKS if (name, hidden) == (RULES[-1][0], SIZES[-1]) else None
            ratio = ratios(times[name], times[first])
            section.add(f"{name} / `all`, nh = {hidden:,}", ratio, at_most=target)
        lines += [[f"{hidden:,}", name, microseconds(times[name])] for name, _ in RULES]
    section.table("Microseconds a step", ["nh", "rule", "median (range)"], lines)
    return section


def _trained(hidden: int, rule: en.PlasticityRule) -> runs.Run:
    config = en.TrainingConfig(hidden=hidden, rule=rule, learning_rate=0.002)
    run = prepare(config, runs.mnist(), 1)
    run.advance(0)
    runs.advance(run, 100)
    return run
