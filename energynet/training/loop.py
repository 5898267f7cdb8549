"""Training one network online until the criterion, and accounting the energy of its updates."""

import logging
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from energynet.config import TrainingConfig
from energynet.data.dataset import Dataset
from energynet.errors import ConfigError, FileError
from energynet.kernels.state import LEARNT, NOT_FINITE
from energynet.support import checks
from energynet.support.files import check_writable
from energynet.training.counts import folded
from energynet.training.initial import check_types
from energynet.training.network import Network, view_of
from energynet.training.result import CurvePoint, DirectEnergy, Energy, LayerEnergy, TrainingResult
from energynet.training.start import Arrays, direct_energy, given_start
from energynet.training.threads import resolve_threads
from energynet.training.warm import kernel_words

if TYPE_CHECKING:
    from energynet.kernels.evaluate import Kept
    from energynet.training.run import Run

_LOG = logging.getLogger("energynet")
_LARGE = 1000  # hidden units from which on several threads evaluate the test set
_PATIENCE = 3.0  # seconds of compilation that need no word
_RETURN = 0.2  # seconds after which the kernels return, for progress and Ctrl-C
_MOST_COUNTED = 2**32 - 1  # steps: what a count of updates can hold
_SHARE = 20  # a checkpoint is written when the run took 20 times as long as the last write


@dataclass(frozen=True)
class Progress:
    """Where a run stands.

    step: steps done, of at most max_steps; accuracy: share of the test set that was right at the
    last test, None before the first; m0, m1: energies so far.
    """

    step: int
    max_steps: int
    accuracy: float | None
    m0: int
    m1: float


@checks.arguments
def train(
    config: TrainingConfig,
    dataset: Dataset,
    *,
    threads: int | None = None,
    checkpoint: str | Path | None = None,
    start: Network | None = None,
    progress: Callable[[Progress], None] | None = None,
    on_test: Callable[[CurvePoint, Network], None] | None = None,
    on_checkpoint: Callable[[CurvePoint, Network], None] | None = None,
    count_updates: bool = False,
) -> TrainingResult:
    """Train one network online and account for the energy of its updates.

    Parameters
    ----------
    config : TrainingConfig
    dataset : Dataset
    threads : int or None
        How many work on the network, at most one for each usable core; None lets its size decide.
        Results never depend on it.
    checkpoint : path or None
        A file that holds the state of the run. It is written after the first test, and after a
        later one if writing would take less than about 5 % of the time; then at the end, and when
        the run is interrupted (Ctrl-C) or a callback raises an exception. A run that is killed
        before its first test starts over. If the file exists, the run resumes from it; the result
        is the same, bit for bit, as that of a run that was never stopped. The file may come from a
        run with another `max_steps`: an exhausted run continues with a larger one. If it was
        exhausted between two tests, it starts over instead, and a warning says so. If the file
        cannot be written later, an error is logged and the run continues.
    start : Network or None
        A trained network whose weights, rounded to the config's dtype, take the place of initial
        ones. It must have the shape and the activation that the config and the data give. Its mean
        is not used. Direct energies compare with it.
    progress : callable or None
        Called with a `Progress` several times a second.
    on_test : callable or None
        Called at each test with its row of the learning curve and the network as it is then,
        read-only; copy the weights that you keep. A resumed run calls it for the later ones.
    on_checkpoint : callable or None
        Deprecated: the old name of `on_test`.
    count_updates : bool
        Count how often each synapse changes: `TrainingResult.update_counts`. It takes four bytes
        per synapse and changes nothing else in the result. Needs max_steps below 2^32. A checkpoint
        holds the counts; a run that counts resumes only from one that has them, and other runs only
        from one that has none.

    Returns
    -------
    TrainingResult

    Raises
    ------
    ConfigError, DataError, FileError
        Before any work starts.
    KeyboardInterrupt
        After the state was written to `checkpoint`, if given; likewise any exception of a callback.
        An exception of a custom rule's `select` leaves the file as it was.
    """
    started = time.perf_counter()
    check_types(config, dataset)
    evaluators = resolve_threads(threads, config.hidden, crossover=_LARGE)
    checks.function("progress", progress)
    if on_checkpoint is not None:
        if on_test is not None:
            raise ConfigError("on_checkpoint, the old name, must be left out with on_test")
        warnings.warn("on_checkpoint is called on_test now", DeprecationWarning, stacklevel=3)
        on_test = on_checkpoint
    checks.function("on_test", on_test)
    count_updates = checks.flag("count_updates", count_updates)
    if count_updates and config.max_steps > _MOST_COUNTED:
        raise ConfigError(
            f"max_steps must be below 2^32 with count_updates, got {config.max_steps}"
        )
    if checkpoint is not None:
        checkpoint = checks.path("checkpoint", checkpoint)
        check_writable(checkpoint, "checkpoint")

    from energynet.training.run import prepare, shape_of

    config, weights = given_start(config, start, shape_of(config, dataset))
    run = prepare(config, dataset, threads, weights, count_updates=count_updates)
    mean = dataset.mean if config.center else 0.0
    training = _Training(config, run, weights, mean, evaluators, progress, on_test)
    if checkpoint is None:
        outcome = training.finish(lambda: None)
    else:
        outcome = _with_checkpoint(training, checkpoint, dataset, started)
    training.seconds["total"] += time.perf_counter() - started
    return _result(training, outcome)


def _with_checkpoint(training: "_Training", path: Path, dataset: Dataset, started: float) -> str:
    """Finish a run: resume it from `path` if that exists, and write it after some tests."""
    from energynet.training.checkpoint import identity, load_checkpoint, save_checkpoint

    owner = identity(training.config, dataset.sha256)
    stored = load_checkpoint(path, owner, training.run) if path.exists() else None
    if stored is not None:
        training.history, training.costs, training.seconds = stored
    written, cost, told = time.perf_counter(), 0.0, False

    def save() -> None:
        """A file that cannot be written is no reason to lose the run; it is said once."""
        nonlocal written, cost, told
        began = time.perf_counter()
        seconds = training.seconds | {"total": training.seconds["total"] + began - started}
        try:
            save_checkpoint(path, owner, training.run, training.history, training.costs, seconds)
        except FileError as error:
            if not told:
                _LOG.error("checkpoint not saved: %s", error)
            told = True
        written = time.perf_counter()
        cost = written - began

    def save_sometimes() -> None:
        if time.perf_counter() - written >= _SHARE * cost:
            save()

    try:
        outcome = training.finish(save_sometimes)
    except BaseException:
        if training.whole:
            save()
        raise
    save()
    return outcome


class _Training:
    """A run under way. All that decides its future is in `run`, which only the kernels change."""

    def __init__(
        self,
        config: TrainingConfig,
        run: "Run",
        start: Arrays | None,
        mean: float,
        threads: int,
        progress: Callable[[Progress], None] | None,
        on_test: Callable[[CurvePoint, Network], None] | None,
    ) -> None:
        self.config, self.run, self.start = config, run, start
        self.mean, self.threads = mean, threads
        self.progress, self.on_test = progress, on_test
        self.history: list[CurvePoint] = []
        self.costs: list[tuple[float, ...]] = []  # of a custom rule, at each row of the history
        self.kept: Kept | None = None  # of frozen units, from test to test
        self.seconds = {"train": 0.0, "evaluate": 0.0, "cpu": 0.0, "total": 0.0}
        self.pace = 50.0  # steps until the kernels return
        self.whole = True  # the state is that at the end of a step

    @property
    def step(self) -> int:
        return self.run.step

    @property
    def diverged(self) -> bool:
        return bool(self.run.clock[NOT_FINITE])

    def finish(self, after_test: Callable[[], None]) -> str:
        """Train until the criterion, the last step or divergence; returns the outcome."""
        self._compile()
        while not self.diverged:
            if self._is_test(self.step):
                if not self.history or self.history[-1].step < self.step:
                    self._evaluate()
                    if self.diverged:
                        break
                    self._report()
                    if self.on_test is not None:
                        self.on_test(self.history[-1], self.network())
                    after_test()
                if self._is_reached():
                    return "reached"
                if self.step >= self.config.max_steps:
                    return "exhausted"
            self._advance()
            self._report()
        return "diverged"

    def _is_reached(self) -> bool:
        """Whether the last tests together meet the criterion, by one division of integers."""
        hold, tested = self.config.hold, len(self.run.test_label)
        last = self.history[-hold:]
        right = sum(round(row.accuracy * tested) for row in last)
        return len(last) == hold and right / (hold * tested) >= self.config.target_accuracy

    def network(self) -> Network:
        """The network as it is after a fold; w1 is a read-only view of the run's weights."""
        run = self.run
        background = float(run.train_images.background)
        w2 = np.ascontiguousarray(run.weights.w_out.T)
        return view_of(run.weights.u, w2, self.mean, background, self.config.activation)

    def _compile(self) -> None:
        """Compile or load the kernels outside the measured times; say so if it takes long."""
        from energynet.kernels.passes import fold
        from energynet.training.evaluation import evaluate_lists

        what = kernel_words(self.config)
        began = time.perf_counter()
        notice = threading.Timer(
            _PATIENCE,
            lambda: _LOG.warning("compiling %s, once: this takes up to a minute", what),
        )
        notice.daemon = True
        notice.start()
        try:
            self.run.advance(0)
            weights, lists, mask = self.run.weights, self.run.test_strokes, self.run.mask
            empty = weights._replace(u=weights.u[:1], v=weights.v.copy(), r=weights.r.copy())
            fold(empty, mask._replace(start_hidden=mask.start_hidden[:0], bits=mask.bits[:0]))
            none = lists._replace(image=lists.image[:0])
            evaluate_lists(weights, none, self.run.activation, threads=1)
        finally:
            notice.cancel()
        spent = time.perf_counter() - began
        if spent > _PATIENCE:
            _LOG.warning("compiled %s in %.0f s", what, spent)

    def _is_test(self, step: int) -> bool:
        return step > 0 and (step % self.config.test_every == 0 or step >= self.config.max_steps)

    def _advance(self) -> None:
        """Do some steps, but none beyond the next test."""
        to_test = self.config.test_every - self.step % self.config.test_every
        stop = min(self.step + int(self.pace), self.step + to_test, self.config.max_steps)
        before = self.step
        with self._clocked("train") as spent:
            try:
                self.run.advance(stop)
            except BaseException as error:  # kernels raise nothing, but a custom rule may
                custom = self.run.custom
                interrupted = isinstance(error, KeyboardInterrupt)
                self.whole = custom is None or (interrupted and custom.keeping.settled)
                raise
        seconds_a_step = spent() / max(1, self.step - before)
        self.pace = min(max(1.0, _RETURN / max(seconds_a_step, 1e-9)), 4 * self.pace)

    def _evaluate(self) -> None:
        """Fold the background into the weights, check that they are finite, test the network."""
        from energynet.kernels.passes import fold
        from energynet.training.evaluation import evaluate_lists, keep_frozen

        run = self.run
        with self._clocked("evaluate"):
            fold(run.weights, run.mask)
            weights = run.weights
            if not all(np.isfinite(w).all() for w in (weights.r, weights.u[-1], weights.w_out)):
                run.clock[NOT_FINITE] = 1
                return
            lists = run.test_strokes
            if self.kept is None:  # the weights of a resumed run are there by now
                self.kept = keep_frozen(weights, lists, run.constants.units, run.constants.readout)
            _, predicted = evaluate_lists(weights, lists, run.activation, self.threads, self.kept)
            accuracy = float(np.mean(predicted == run.test_label))
        m0, m1 = int(run.energies.m0.sum()), float(run.energies.power[0].sum())
        self.history.append(CurvePoint(self.step, accuracy, m0, m1))
        self.costs.append(() if run.custom is None else run.custom.keeping.costs.so_far)

    def _report(self) -> None:
        if self.progress is not None:
            energies = self.run.energies
            self.progress(
                Progress(
                    self.step,
                    self.config.max_steps,
                    self.history[-1].accuracy if self.history else None,
                    int(energies.m0.sum()),
                    float(energies.power[0].sum()),
                )
            )

    @contextmanager
    def _clocked(self, what: str) -> Iterator[Callable[[], float]]:
        began, processor = time.perf_counter(), time.process_time()
        try:
            yield lambda: time.perf_counter() - began
        finally:
            self.seconds[what] += time.perf_counter() - began
            if "cpu" in self.seconds:
                self.seconds["cpu"] += time.process_time() - processor


def _result(training: _Training, outcome: str) -> TrainingResult:
    from energynet.kernels.passes import fold

    run, config = training.run, training.config
    tally, custom = run.energies.tally, run.custom
    fold(run.weights, run.mask)
    network = training.network()
    diverged = outcome == "diverged"
    if custom is not None and not diverged:
        custom.finish(run.energies, run.buffers.wide, run.step)
    costs, kept = ({}, {}) if custom is None else custom.keeping.final()
    direct = None if diverged else direct_energy(config, run.shape, training.start, network)
    return TrainingResult(
        config=config,
        outcome=outcome,
        steps=training.step,
        learning_steps=int(run.clock[LEARNT]),
        accuracy=None if diverged else training.history[-1].accuracy,
        synapses=run.shape.synapses,
        plastic_synapses=run.plastic,
        energy=_energy(config, run, direct),
        history=tuple(training.history),
        seconds=dict(training.seconds),
        learning_rate=float(run.constants.eta),
        network=network,
        version=version("energynet"),
        update_counts=None if tally is None else folded(tally, run.mask),
        costs=costs,
        cost_history=dict(zip(costs, zip(*training.costs, strict=True), strict=False)),
        state=kept,
    )


def _energy(config: TrainingConfig, run: "Run", direct: DirectEnergy | None) -> Energy:
    hidden, output = (int(count) for count in run.energies.m0)
    rows = [(float(row[0]), float(row[1])) for row in run.energies.power]
    alpha = dict(zip(config.alpha, rows[1:], strict=True))
    return Energy(
        m0=hidden + output,
        m1=sum(rows[0]),
        alpha={exponent: sum(layers) for exponent, layers in alpha.items()},
        per_layer=LayerEnergy((hidden, output), rows[0], alpha),
        direct=direct,
    )
