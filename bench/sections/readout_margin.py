"""Steps of rules with a plastic output layer, and with a margin, against steps of `all`."""

from dataclasses import replace

import energynet as en
from bench import runs
from bench.results import Section, microseconds
from bench.timing import Effort, compare, progress, ratios
from energynet.kernels.state import LEARNT
from energynet.training.evaluation import evaluate_lists
from energynet.training.run import Run, prepare

SIZES = (1000, 10_000)
ALL, MARGIN = "`all`", "`all`, margin 0, once 90 % are right"
# Name, rule, and the largest ratio to a step of `all` that is allowed.
CASES = (
    (
        "`fixed-units` P = 0.01, Q = 1",
        en.FixedMask(0.01, over="units", output_fraction=1),
        0.8,
    ),
    ("`readout`", en.Readout(), 0.8),
    (
        "`largest-per-neuron` P = 0.01, Q = 1",
        en.LargestUpdates(0.01, scope="neuron", output_fraction=1),
        1.0,
    ),
)
RIGHT, LEARNING_RATE = 0.9, 0.01
TESTED = 2000  # steps between two looks whether so many are right


def measure(effort: Effort) -> Section:
    """On one thread; all networks have the weights at which the unmodified one has 90 % right."""
    section = Section("Steps with a plastic readout, and with a margin")
    lines = []
    for hidden in effort.sizes(SIZES):
        plain = runs.make_config(hidden, "all")
        gated = _trained(replace(plain, margin=0, learning_rate=LEARNING_RATE))
        configs = {ALL: plain, **{name: replace(plain, rule=rule) for name, rule, _ in CASES}}
        tasks = {name: runs.stepping(_from(gated, config)) for name, config in configs.items()}
        seen, learnt = gated.step, gated.clock[LEARNT]
        with runs.reference(effort, hidden, 1) as other:
            times = compare(tasks | {MARGIN: runs.stepping(gated)} | other, effort)
        base = runs.base_of(times, ALL)
        share = (gated.clock[LEARNT] - learnt) / (gated.step - seen)
        targets = {name: target for name, _, target in CASES} | {MARGIN: 0.7}
        for name, target in targets.items():
            section.add(
                f"{name} / `all`, nh = {hidden:,}, 1 thread",
                ratios(times[name], base),
                at_most=target,
            )
        lines += [[f"{hidden:,}", name, microseconds(times[name])] for name in times]
        section.note(
            f"nh = {hidden:,}: with margin 0, {100 * share:.1f} % of the steps were learnt."
        )
    section.table("Microseconds per step", ["nh", "rule", "median (range)"], lines)
    return section


def _trained(config: en.TrainingConfig) -> Run:
    """A run at the first test at which as many are right."""
    run = prepare(config, runs.mnist(), 1)
    right = 0.0
    while right < RIGHT:
        runs.advance(run, TESTED)  # so that the background was folded just now
        _, predicted = evaluate_lists(run.weights, run.test_strokes, run.activation, threads=1)
        right = (predicted == run.test_label).mean()
    progress(f"  {config.hidden:,} units: {100 * right:.1f} % right after {run.step:,} steps")
    return run


def _from(other: Run, config: en.TrainingConfig) -> Run:
    """A run that continues from the weights of another."""
    run = prepare(config, runs.mnist(), 1)
    for own, given in zip(run.weights, other.weights, strict=True):
        own[:] = given
    return run
