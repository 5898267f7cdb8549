"""Step time against the size of the network and against the plastic fraction."""

import statistics

import numpy as np

from bench import runs
from bench.results import Section, microseconds
from bench.sections.streaming import Stream
from bench.timing import Effort, Times, calibrate, compare_unequal, interleave, progress

SIZES = (100, 300, 1000, 3000, 10_000, 30_000, 100_000)
FIRST_FITTED = 1000  # hidden units
FITTED = ("all", "largest")  # have a target
FRACTION = 0.01
FRACTIONS = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
FRACTION_SIZES = (1000, 10_000)
STREAMS = {"streaming": None, "streaming, one thread": 1}  # threads; None: as many as steps have
RULES = (*runs.WHOLE, *runs.WITH_FRACTION)
_SLOW = 5  # `random` draws synapse by synapse: a fifth of the steps is enough


def measure(effort: Effort) -> Section:
    """All rules at all sizes, then at all fractions."""
    section = Section("Step time against network size and plastic fraction")
    _against_size(section, effort)
    for hidden in effort.sizes(FRACTION_SIZES):
        _against_fraction(section, effort, hidden)
    return section


def _against_size(section: Section, effort: Effort) -> None:
    """All sizes and rules in turn: the exponents come from times of the same round."""
    sizes = effort.sizes(SIZES)
    tasks, units, threads = {}, {}, {}
    for hidden in sizes:
        group = {}
        for rule in RULES:
            run = runs.trained_run(hidden, rule, _fraction(rule), None, effort.quick)
            group[hidden, rule] = runs.stepping(run)
            threads[hidden] = run.team.parts
        for name, number in STREAMS.items():
            group[hidden, name] = Stream(run, number or threads[hidden]).task
        steps = calibrate(group.values(), effort.seconds)
        units |= dict.fromkeys(group, steps) | {(hidden, "random"): max(1, steps // _SLOW)}
        tasks |= group
        progress(f"  nh = {hidden:,}: {len(RULES)} networks are ready, {steps} steps a round")
    times = interleave(tasks, units, effort.rounds)
    exponents = _exponents(section, times, [n for n in sizes if n >= effort.size(FIRST_FITTED)])
    lines = [
        [
            runs.label(name, _fraction(name)) if name in RULES else name,
            *(microseconds(times[hidden, name]) for hidden in sizes),
            f"{exponents[name]:.2f}",
        ]
        for name in exponents
    ]
    section.table(
        "Microseconds per step, median (range), threads chosen automatically; exponents of power"
        f" laws fitted from nh = {effort.size(FIRST_FITTED):,} on",
        ["rule", *(f"nh = {n:,}, threads: {threads[n]}" for n in sizes), "exponent"],
        lines,
    )
    section.curves["size"] = {
        "hidden": sizes,
        "fraction": FRACTION,
        "fitted_from": effort.size(FIRST_FITTED),
        "exponent": exponents,
        "seconds": {name: [_median(times[n, name]) for n in sizes] for name in exponents},
    }


def _exponents(section: Section, times: Times, sizes: list[int]) -> dict[str, float]:
    """Exponents of all rules and streams, the median of the rounds' fits."""
    fits = {
        name: np.polyfit(np.log(sizes), np.log([times[n, name] for n in sizes]), 1)[0]
        for name in [*RULES, *STREAMS]
    }
    where = f"nh = {sizes[0]:,} to {sizes[-1]:,}"
    for rule in FITTED:
        words = f"exponent of the step time, {runs.label(rule, _fraction(rule))}, {where}"
        section.add(words, fits[rule].tolist(), at_most=1.15)
        relative = 1 + fits[rule] - fits["streaming"]
        section.add(f"{words}, streaming divided out", relative.tolist(), at_most=1.05)
    for name in STREAMS:
        section.add(f"exponent of {name}, {where}", fits[name].tolist())
    section.note(
        "'Streaming divided out' is 1 + the exponent of the ratio of step to streaming time, which"
        " would be the exponent of the step time if streaming the same rows on the same number of"
        " threads took a time proportional to nh at every size."
    )
    return {name: _median(values.tolist()) for name, values in fits.items()}


def _against_fraction(section: Section, effort: Effort, hidden: int) -> None:
    """All rules at all fractions, on one thread, in turn."""
    cases = [("all", None), *((rule, p) for rule in runs.WITH_FRACTION for p in FRACTIONS)]
    tasks = {
        case: runs.stepping(runs.trained_run(hidden, *case, 1, effort.quick)) for case in cases
    }
    progress(f"  nh = {hidden:,}: {len(cases)} networks are ready")
    times = compare_unequal(tasks, effort)
    rules = runs.WITH_FRACTION
    section.table(
        f"Microseconds per step against P, nh = {hidden:,}, one thread, median (range);"
        f" `all`: {microseconds(times['all', None])}",
        ["rule", *(f"P = {fraction:g}" for fraction in FRACTIONS)],
        [[f"`{rule}`", *(microseconds(times[rule, p]) for p in FRACTIONS)] for rule in rules],
    )
    curves = section.curves.setdefault("fraction", {"fraction": list(FRACTIONS), "hidden": {}})
    curves["hidden"][str(hidden)] = {
        "all": _median(times["all", None]),
        "seconds": {rule: [_median(times[rule, p]) for p in FRACTIONS] for rule in rules},
    }


def _fraction(rule: str) -> float | None:
    return None if rule in runs.WHOLE else FRACTION


def _median(values: list[float]) -> float:
    return statistics.median(values)
