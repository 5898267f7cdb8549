"""Two threads against one in large networks."""

from bench import runs
from bench.results import Section, microseconds
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
            tasks = {
                threads: runs.stepping(runs.trained_run(hidden, *rule, threads, effort.quick))
                for threads in (1, 2)
            }
            times = compare(tasks, effort)
            words = f"{runs.label(*rule)}, nh = {hidden:,}"
            section.add(
                f"speed-up by a second thread, {words}", ratios(times[1], times[2]), at_least=1.5
            )
            both = [microseconds(times[threads]) for threads in (1, 2)]
            lines.append([f"{hidden:,}", runs.label(*rule), *both])
    section.table("Microseconds a step", ["nh", "rule", "1 thread", "2 threads"], lines)
    return section
