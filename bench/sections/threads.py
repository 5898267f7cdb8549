"""What a second thread gains in large networks, beside what streaming the same rows gains."""

from bench import runs
from bench.results import Section, microseconds
from bench.sections.streaming import Stream
from bench.timing import Effort, compare, ratios
from energynet.training.threads import gather_team

SIZES = (20_000, 100_000)
FRACTION = 0.01


def measure(effort: Effort) -> Section:
    """Steps of all rules."""
    section = Section("Two threads against one")
    if gather_team(2, SIZES[0]).parts < 2:
        section.note("Not measured: only one thread can train a network here.")
        return section
    lines = []
    for hidden in effort.sizes(SIZES):
        for name in (*runs.WHOLE, *runs.WITH_FRACTION):
            rule = (name, None if name in runs.WHOLE else FRACTION)
            trained = {n: runs.trained_run(hidden, *rule, n, effort.quick) for n in (1, 2)}
            tasks = {n: runs.stepping(run) for n, run in trained.items()}
            tasks |= {("streaming", n): Stream(run, n).task for n, run in trained.items()}
            times = compare(tasks, effort)
            words = f"{runs.label(*rule)}, nh = {hidden:,}"
            gains = ratios(times[1], times[2])
            section.add(f"gain of a second thread, {words}", gains)
            streaming = ratios(times["streaming", 1], times["streaming", 2])
            section.add(
                f"gain of a second thread / that of streaming, {words}",
                ratios(gains, streaming),
                at_least=None if name == "random" else 0.9,
            )
            both = [microseconds(times[threads]) for threads in (1, 2)]
            lines.append([f"{hidden:,}", runs.label(*rule), *both])
    section.table("Microseconds per step", ["nh", "rule", "1 thread", "2 threads"], lines)
    return section
