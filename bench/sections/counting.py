"""A step of a run that counts how often each synapse changes against one that does not."""

from bench import runs
from bench.results import Section, microseconds
from bench.timing import Effort, compare, ratios

SIZES = (1000, 10_000)
# Rule, P, and the largest ratio that is allowed with 1,000 hidden units.
CASES = (("all", None, None), ("largest", 0.01, 1.2), ("fixed-synapses", 0.01, None))


def measure(effort: Effort) -> Section:
    """One thread."""
    section = Section("Counting how often each synapse changes")
    lines = []
    for hidden in effort.sizes(SIZES):
        for rule, fraction, target in CASES:
            tasks = {
                counted: runs.stepping(
                    runs.trained_run(hidden, rule, fraction, 1, effort.quick, counted)
                )
                for counted in (False, True)
            }
            times = compare(tasks, effort)
            name = runs.label(rule, fraction)
            section.add(
                f"counting / not counting, {name}, nh = {hidden:,}",
                ratios(times[True], times[False]),
                at_most=target if hidden == effort.size(SIZES[0]) else None,
            )
            cells = [microseconds(times[counted]) for counted in (False, True)]
            lines.append([f"{hidden:,}", name, *cells])
    section.table(
        "Microseconds per step, median (range)", ["nh", "rule", "not counting", "counting"], lines
    )
    return section
