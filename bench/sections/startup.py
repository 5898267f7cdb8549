"""How long a person waits: the import, and a new process up to its first training steps."""

from functools import partial

from bench import runs
from bench.child import child, python
from bench.results import Section
from bench.timing import Effort, clock

IMPORT = "import time; t = time.perf_counter(); import energynet; print(time.perf_counter() - t)"
SIZES = (100, 10_000)
RULES = (("all", None), ("largest", 0.01))


def measure(effort: Effort) -> Section:
    """All that can be cached is: each command runs once before it is timed."""
    section = Section("Start-up")
    cases = [(hidden, *rule) for hidden in effort.sizes(SIZES) for rule in RULES]
    python("-c", IMPORT)
    for case in cases:
        child("first-step", *case)
    imports: list[float] = []
    first: dict = {case: [] for case in cases}
    for _ in range(effort.rounds):
        imports.append(float(python("-c", IMPORT)))
        for case in cases:
            first[case].append(clock(partial(child, "first-step", *case)))
    section.add("`import energynet`", imports, unit="s", at_most=0.3)
    for (hidden, *rule), values in first.items():
        name = f"command to first training steps, {runs.label(*rule)}, nh = {hidden:,}"
        section.add(name, values, unit="s", at_most=2)
    section.note(
        "A new process that calls `train` and ends at its first report of progress, after the first"
        " 50 steps: the time of the whole process, from its start by another one to its end."
    )
    return section
