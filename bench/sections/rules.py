"""A step of each rule against a step of the unmodified network."""

from bench import runs
from bench.results import Section, counted, microseconds
from bench.timing import Effort, compare, ratios
from energynet.training.threads import gather_team

# Rule, P, and the largest ratio to a step of `all` that is allowed at each size; None: no target.
SIZES = (1000, 10_000)
CASES = (
    ("largest", 0.0003, 1.0, 1.0),
    ("largest", 0.001, 1.0, 1.0),
    ("largest", 0.01, 1.4, 1.4),
    *(("largest", p, 2.0, 2.0) for p in (0.03, 0.1, 0.3, 0.5, 0.75, 1.0)),
    *(("largest-per-layer", p, 2.0, 2.0) for p in (0.01, 0.1, 0.5, 1.0)),
    ("largest-per-neuron", 0.01, 0.8, 0.8),
    *(("largest-per-neuron", p, 2.0, 2.0) for p in (0.1, 0.3, 1.0)),
    *(("largest-per-neuron", p, None, None) for p in (0.5, 0.75)),
    ("fixed-units", 0.01, 0.8, 0.8),
    ("fixed-synapses", 0.01, 0.8, 0.8),
    *(("fixed-synapses", p, 2.0, 1.5) for p in (0.03, 0.1, 0.2, 0.3, 0.5, 0.75, 0.9)),
)


def measure(effort: Effort) -> Section:
    """On one thread, and on as many as the size of the network decides."""
    section = Section("Steps of the rules against steps of `all`")
    lines = []
    for hidden in effort.sizes(SIZES):
        for threads in dict.fromkeys((1, gather_team(None, hidden).parts)):
            lines += _against_all(section, effort, hidden, threads)
    section.table("Microseconds per step", ["nh", "threads", "rule", "median (range)"], lines)
    if effort.reference:
        section.note("Ratios are to `all` of the other build, so that a faster `all` leaves them.")
    return section


def _against_all(section: Section, effort: Effort, hidden: int, threads: int) -> list:
    rules = [("all", None), *((rule, fraction) for rule, fraction, *_ in CASES)]
    size = SIZES.index(hidden) if hidden in SIZES else 0  # a quick trial has other sizes
    tasks = {
        rule: runs.stepping(runs.trained_run(hidden, *rule, threads, effort.quick))
        for rule in rules
    }
    with runs.reference(effort, hidden, threads) as other:
        times = compare(tasks | other, effort)
    base = runs.base_of(times, ("all", None))
    for rule, fraction, *targets in CASES:
        section.add(
            f"{runs.label(rule, fraction)} / `all`, nh = {hidden:,}, {counted(threads)}",
            ratios(times[rule, fraction], base),
            at_most=targets[size] if threads == 1 else None,
        )
    labels = {rule: runs.label(*rule) for rule in rules} | dict.fromkeys(other, runs.OTHER)
    return [
        [f"{hidden:,}", threads, label, microseconds(times[key])] for key, label in labels.items()
    ]
