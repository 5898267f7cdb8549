"""Peak memory of training the largest network, each time in a process of its own."""

from bench import runs
from bench.child import IMAGES, STEPS, child
from bench.results import Section
from bench.timing import Effort, progress
from energynet.support.format import significant
from energynet.training.threads import usable_cores

HIDDEN = 100_000
ROUNDS = 5  # a peak hardly varies
CASES = (
    *((name, None) for name in runs.WHOLE),
    *((name, 0.1) for name in runs.WITH_FRACTION),
    ("largest", 0.001),
)


def measure(effort: Effort) -> Section:
    """All rules at the largest P that has a target, and one at a small P."""
    section = Section("Peak memory beyond the weights")
    hidden = effort.size(HIDDEN)
    weights = 4 * (785 * hidden + (hidden + 1) * 10)
    for case in CASES:  # have the kernels on disk: compiling takes memory, too
        child("peak", 20, *case, usable_cores())
    base: list[float] = []
    beyond: dict = {case: [] for case in CASES}
    rounds = min(ROUNDS, effort.rounds)
    for number in range(rounds):
        base.append(float(child("base")) / 1e6)
        for case in CASES:
            beyond[case].append((float(child("peak", hidden, *case, None)) - weights) / 1e6)
        progress(f"  round {number + 1} of {rounds}")
    for case, values in beyond.items():
        name = f"{runs.label(*case)}, nh = {hidden:,}, memory beyond the weights"
        section.add(name, values, unit="MB", at_most=400)
    section.add("imports and MNIST alone", base, unit="MB")
    section.note(
        f"The most resident memory of a new process that trains {STEPS} steps, evaluates"
        f" {IMAGES:,} images and compares the weights with their start, minus the weights"
        f" themselves ({significant(weights / 1e6)} MB). Compiled code comes from the cache;"
        " threads are chosen automatically."
    )
    return section
