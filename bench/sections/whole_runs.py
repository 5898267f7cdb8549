"""Whole runs to 95 % of the test set, against the same runs in dense NumPy."""

import time

import energynet as en
from bench import runs
from bench.peers import inputs, problem_of, stepping
from bench.peers.dense import DenseRun, predict
from bench.results import Section
from bench.timing import Effort, progress
from energynet.support.format import significant
from energynet.training.run import prepare

# Hidden units, rule, fraction: where dense NumPy needs no more than some minutes.
CASES = (
    (100, "all", None),
    (100, "largest", 0.1),
    (100, "largest-per-neuron", 0.1),
    (1000, "all", None),
    (1000, "fixed-synapses", 0.1),
)


def measure(effort: Effort) -> Section:
    """One run of each on one thread: training, energies and the tests of the criterion."""
    section = Section("Whole runs to the criterion")
    mnist, lines = runs.mnist(), []
    x, x_test = inputs(mnist.x_train, mnist.mean), inputs(mnist.x_test, mnist.mean)
    for hidden, rule, fraction in CASES:
        config = en.TrainingConfig(
            hidden=effort.size(hidden), rule=en.rule_from_name(rule, fraction=fraction)
        )
        en.train(config, mnist, threads=1)  # compiled, and the data set read
        began = time.perf_counter()
        result = en.train(config, mnist, threads=1)
        ours = time.perf_counter() - began
        peer = DenseRun(problem_of(prepare(config, mnist, 1), x, mnist.y_train, rule, fraction))
        task, dense = stepping(peer, peer.problem), 0.0
        for _ in range(result.steps // config.test_every):
            steps = task(config.test_every)
            began = time.perf_counter()
            steps()
            predict(*peer.weights(), x_test)
            dense += time.perf_counter() - began
        words = f"{runs.label(rule, fraction)}, nh = {config.hidden:,}"
        section.add(f"dense NumPy / energynet, {words}, whole run", [dense / ours])
        accuracy = (predict(*peer.weights(), x_test) == mnist.y_test).mean()
        progress(f"  {result.outcome} after {result.steps} steps, in dense NumPy {accuracy:.4f}")
        lines.append([words, f"{result.steps:,}", *map(significant, (dense, ours))])
    section.table(
        "Seconds of a run, its tests and energies included, on one thread; first weights and images"
        " are the same; dense NumPy multiplies its test images on as many threads as it likes",
        ["rule and size", "steps", "dense NumPy", "energynet"],
        lines,
    )
    return section
