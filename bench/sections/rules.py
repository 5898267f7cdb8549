"""A step of each rule against a step of the unmodified network."""

from bench import runs
from bench.results import Section, counted, microseconds
from bench.timing import Effort, compare, ratios
from energynet.training.threads import gather_team

SIZES = (1000, 10_000)
# Rule, P, the largest ratio to a step of `all` that is allowed, and whether it holds for one
# thread alone.
CASES = (
    ("largest", 0.001, 1.0, False),
    ("largest", 0.01, 1.5, False),
    ("largest-per-neuron", 0.01, 0.8, True),
    ("fixed-units", 0.01, 0.8, True),
    ("fixed-synapses", 0.01, 0.8, True),
)


def measure(effort: Effort) -> Section:
    """On one thread, and on as many as the size of the network decides."""
    section = Section("Steps of the rules against steps of `all`")
    lines = []
    for hidden in effort.sizes(SIZES):
        for threads in dict.fromkeys((1, gather_team(None, hidden).parts)):
            lines += _against_all(section, effort, hidden, threads)
    section.table("Microseconds a step", ["nh", "threads", "rule", "median (range)"], lines)
    return section


def _against_all(section: Section, effort: Effort, hidden: int, threads: int) -> list:
    rules = [("all", None), *((rule, fraction) for rule, fraction, *_ in CASES)]
    tasks = {
        rule: runs.stepping(runs.trained_run(hidden, *rule, threads, effort.quick))
        for rule in rules
    }
    times = compare(tasks, effort)
    for rule, fraction, target, alone in CASES:
        section.add(
            f"{runs.label(rule, fraction)} / `all`, nh = {hidden:,}, {counted(threads)}",
            ratios(times[rule, fraction], times["all", None]),
            at_most=target if threads == 1 or not alone else None,
        )
    return [
        [f"{hidden:,}", threads, runs.label(*rule), microseconds(times[rule])] for rule in rules
    ]
