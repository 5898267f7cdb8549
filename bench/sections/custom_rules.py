"""Custom rules: what the way through Python costs beside a built-in step."""

import numpy as np

import energynet as en
from bench import runs
from bench.results import Section, microseconds
from bench.timing import Effort, compare, ratios
from energynet.training.run import prepare

SIZES = (100, 1000)


class Nothing(en.PlasticityRule):
    """The way there and back alone."""

    def select(self, step):
        return False, False


class Everything(en.PlasticityRule):
    """`all`, by the built-in kernels."""

    def select(self, step):
        return True, True


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


class CompiledLarge(en.PlasticityRule):
    """The same, compiled."""

    least: float

    @en.compiled
    def select(
        pre_hidden, post_hidden, pre_output, post_output, outputs, label, step,  # noqa: N805
        parameters, state, change_hidden, change_output,
    ):  # fmt: skip
        least = np.float32(parameters.least)
        for i in range(pre_hidden.shape[0]):
            for j in range(post_hidden.shape[0]):
                change_hidden[i, j] = abs(pre_hidden[i] * post_hidden[j]) >= least
        for j in range(pre_output.shape[0]):
            for o in range(post_output.shape[0]):
                change_output[j, o] = abs(pre_output[j] * post_output[o]) >= least


class Half(en.PlasticityRule):
    """Half of dw, as updates of the hidden layer."""

    def select(self, step):
        return step.hidden.dw * np.float32(0.5), True


ALL = "`all`, built in"
RULES = (
    (ALL, en.AllSynapses(), {}),
    ("custom rule that chooses nothing", Nothing(), {}),
    ("custom rule, True for both layers", Everything(), {}),
    ("custom `fixed-units` P = 0.1, as factors", FirstUnits(0.1), {}),
    ("custom threshold, as masks", Large(1e-3), {1000: 10}),
    ("custom threshold, compiled", CompiledLarge(1e-3), {1000: 5}),
    ("custom updates of all synapses", Half(), {}),
)


def measure(effort: Effort) -> Section:
    """One thread, against a step of `all`."""
    section = Section("Custom rules")
    lines = []
    for hidden in effort.sizes(SIZES):
        tasks = {name: runs.stepping(_trained(hidden, rule)) for name, rule, _ in RULES}
        times = compare(tasks, effort)
        for name, _, targets in RULES[1:]:
            ratio = ratios(times[name], times[ALL])
            section.add(f"{name} / `all`, nh = {hidden:,}", ratio, at_most=targets.get(hidden))
        lines += [[f"{hidden:,}", name, microseconds(times[name])] for name, *_ in RULES]
    section.table("Microseconds per step", ["nh", "rule", "median (range)"], lines)
    return section


def _trained(hidden: int, rule: en.PlasticityRule) -> runs.Run:
    config = en.TrainingConfig(hidden=hidden, rule=rule, learning_rate=0.002)
    run = prepare(config, runs.mnist(), 1)
    run.advance(0)
    runs.advance(run, 100)
    return run
