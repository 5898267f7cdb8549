"""The same training steps in PyTorch, in dense NumPy, and in plainly written Numba."""

import importlib.util
import statistics
from collections.abc import Callable
from functools import partial

from bench import runs
from bench.peers import Peer, Problem, disagreement, inputs, problem_of, stepping
from bench.peers.dense import DenseRun
from bench.peers.plain import PlainRun
from bench.results import Section, counted, microseconds
from bench.timing import Effort, calibrate, clock, compare_unequal, progress, ratios
from energynet.support.format import significant
from energynet.training.run import prepare

SIZES = (100, 1000, 10_000)
RULES = (("all", None), ("largest", 0.01), ("largest-per-neuron", 0.01), ("fixed-synapses", 0.01))
# Peer, rule, hidden units -> the ratio to reach.
TARGETS = {
    ("PyTorch", "largest", 100): 40,
    ("PyTorch", "largest", 1000): 120,
    ("PyTorch", "largest", 10_000): 350,
    ("dense NumPy", "largest", 1000): 150,
}
TOLERANCE = 1e-4  # of the largest change of a weight, and of the energies
_TRIES = 3  # timings of each way to do it in PyTorch, before the fastest is compared

Ways = dict[str, Callable[[Problem], Peer]]


def measure(effort: Effort) -> Section:
    """Four rules at three sizes; energynet chooses its threads, PyTorch gets its best number."""
    section = Section("The same steps in other programs")
    if not _with_torch():
        section.note("PyTorch was not measured: it is not installed.")
    check_peers()
    mnist = runs.mnist()
    x, lines, tried = inputs(mnist.x_train, mnist.mean), [], []
    for size in SIZES:
        hidden = effort.size(size)
        for rule in RULES:
            run = prepare(runs.make_config(hidden, *rule), mnist, None)
            problem = problem_of(run, x, mnist.y_train, *rule)
            peers: dict[str, Peer] = {
                "dense NumPy": DenseRun(problem),
                "plain Numba": PlainRun(problem),
            }
            words = f"{runs.label(*rule)}, nh = {hidden:,}"
            if _with_torch():
                peers["PyTorch"], times = _best_torch(problem)
                tried.append([words, ", ".join(f"{way} {us}" for way, us in times.items())])
            runs.advance(run, 50 if effort.quick else 300)
            tasks = {"energynet": runs.stepping(run)}
            tasks |= {name: stepping(peer, problem) for name, peer in peers.items()}
            seconds = compare_unequal(tasks, effort)
            for name in peers:
                target = TARGETS.get((name, rule[0], size))
                ratio = ratios(seconds[name], seconds["energynet"])
                section.add(f"{name} / energynet, {words}", ratio, at_least=target)
            lines.append([words, run.team.parts, *map(microseconds, seconds.values())])
    columns = ["rule and size", "energynet's threads", "energynet", *peers]
    section.table("Microseconds per step, median (range)", columns, lines)
    if tried:
        section.table(
            "Microseconds per step of PyTorch by each way it was tried; the fastest is compared",
            ["rule and size", "way, threads, time"],
            tried,
        )
    section.note(
        "All programs compute in float32 and account for M0 and M1. Before they are timed, each"
        " trains 200 steps of 30 hidden units: its weights then differ from energynet's by less"
        f" than {TOLERANCE:g} of the largest change, its energies by less than {TOLERANCE:g}."
    )
    return section


def check_peers() -> None:
    """Refuse to compare programs that do not do the same."""
    for rule, _ in RULES:
        fraction = None if rule == "all" else 0.05
        for name, start in all_ways(rule).items():
            off = disagreement(rule, fraction, start)
            if not off < TOLERANCE:
                raise RuntimeError(f"{name} disagrees with energynet on rule {rule} by {off:.2g}")
    progress(f"  all programs agree on {len(RULES)} rules")


def all_ways(rule: str) -> Ways:
    """Each peer, and each way in which PyTorch can do it."""
    return {"dense NumPy": DenseRun, "plain Numba": PlainRun, **_torch_ways(rule)}


def _torch_ways(rule: str) -> Ways:
    if not _with_torch():
        return {}
    from bench.peers.pytorch import WAYS, TorchRun

    return {
        f"{way}, {counted(threads)}": partial(TorchRun, way=way, threads=threads)
        for way in WAYS[rule]
        for threads in runs.thread_counts()
    }


def _with_torch() -> bool:
    return importlib.util.find_spec("torch") is not None


def _best_torch(problem: Problem) -> tuple[Peer, dict[str, str]]:
    """PyTorch in the way that is fastest here, and the microseconds of all."""
    peers, times = {}, {}
    for name, start in _torch_ways(problem.rule).items():
        peers[name] = start(problem)
        task = stepping(peers[name], problem)
        steps = calibrate([task], 0.02)
        times[name] = statistics.median([clock(task(steps)) / steps for _ in range(_TRIES)])
    best = min(times, key=times.__getitem__)
    return peers[best], {name: significant(1e6 * seconds) for name, seconds in times.items()}
