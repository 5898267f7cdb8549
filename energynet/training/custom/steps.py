"""Training steps of a custom rule: its choices are checked, applied and counted."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np

from energynet.errors import RuleError
from energynet.kernels import state
from energynet.kernels.rules import custom as kernels
from energynet.kernels.rules.custom import Change, entry_of
from energynet.kernels.state import Alone, Team
from energynet.rules.compiled import CompiledSelect
from energynet.rules.custom import FIXED, SHOWN
from energynet.rules.step import Change as Answer
from energynet.rules.step import End, Step
from energynet.support.signals import holding
from energynet.training.custom.choices import LayerForm, change_of, form_of, paid_of, short
from energynet.training.custom.compiled import CompiledChoice
from energynet.training.custom.keeping import Keeping
from energynet.training.custom.layers import HiddenSource, OutputSource

_LAYERS = ("hidden", "output")


class CustomRun:
    """The part of a run that a custom rule has to itself.

    Parameters
    ----------
    keeping : Keeping
    weights, buffers, constants : of the run
    bits : uint64, a bit for each synapse, all 0
    """

    def __init__(
        self,
        keeping: Keeping,
        weights: state.Weights,
        buffers: state.Buffers,
        constants: state.Constants,
        bits: np.ndarray,
    ) -> None:
        self.keeping = keeping
        self.sources = HiddenSource(weights, buffers), OutputSource(weights, buffers)
        self.outputs = buffers.o
        self.common = int(constants.mask_key), float(constants.eta)
        dtype = weights.u.dtype
        self.forms = tuple(form_of(source.shape, dtype, bits) for source in self.sources)
        self.positions = np.zeros(kernels.LISTED + kernels.SPARE, np.int64)
        self._compiled: CompiledChoice | None = None
        self._entries: tuple[Callable[..., Any], Callable[..., Any]] | None = None

    @property
    def nothing(self) -> tuple[Change, Change]:
        """The changes of both layers that change no synapse."""
        hidden, output = (form.nothing for form in self.forms)
        return Change(hidden, hidden), Change(output, output)

    def _prepare(self) -> None:
        """Ask the rule for its state, and compile what it needs; raises RuleError."""
        state, dtype = self.keeping.state, self.outputs.dtype
        select = self.keeping.rule.select
        if isinstance(select, CompiledSelect):
            self._compiled = CompiledChoice(
                self.keeping.rule, state, self.sources, self.outputs, self.forms
            )
        some = np.zeros((1, 1), dtype)
        kernels.fill_updates(some, some[0], some[0])
        kernels.fill_weights(some, some, np.zeros(1))
        for form in self.forms:
            change_of(form, (form.nothing.pre, form.nothing.post, form.nothing.value))

    def entries(
        self, seen: tuple[Any, ...], applied: tuple[Any, ...], paid: tuple[Any, ...]
    ) -> tuple[Callable[..., Any], Callable[..., Any]]:
        """`find_signals` and `apply_step`, compiled for these arguments; found once per run.

        paid : arguments of `pay_last`, which `finish` needs
        """
        if self._entries is None:
            self._prepare()
            entry_of(kernels.pay_last, paid)
            find = entry_of(kernels.find_signals, seen)
            self._entries = find, entry_of(kernels.apply_step, applied)
        return self._entries

    def choose(self, number: int, label: int) -> tuple[Change, Change]:
        """What changes in a step; all is checked before anything does. Raises RuleError."""
        if self._compiled is not None:
            return self._compiled(number, label)
        rule, keeping = self.keeping.rule, self.keeping
        key, rate = self.common
        step = Step(
            *(self.sources, label, self.outputs, number, key, rate, keeping.state, keeping.costs)
        )
        return self._checked(lambda: rule.select(step), f"step {number}", "select", change_of)

    def _checked(
        self,
        ask: Callable[[], Any],
        when: str,
        method: str,
        form: Callable[[LayerForm, Any], Any],
    ) -> tuple[Any, Any]:
        """The values that a rule returned for both layers, in the form that the kernels take."""
        where = f"rule {self.keeping.rule.name}, {when}"
        try:
            answers = ask()
        except FrozenInstanceError as error:
            raise RuleError(f"{where}: {error}: {FIXED}") from error
        except RuleError as error:
            raise RuleError(f"{where}: {error}") from error
        except ValueError as error:
            if "read-only" not in str(error):  # NumPy's words if a rule writes to what a step shows
                raise
            raise RuleError(f"{where}: {error}: {SHOWN}") from error
        if answers is None and method == "finish":
            answers = False, False
        two = isinstance(answers, tuple | list) and len(answers) == 2
        if not two or isinstance(answers, Answer):
            raise RuleError(
                f"{where}: {method} must return two choices, for the hidden and for the output"
                f" layer, got {short(answers)}"
            )
        found = []
        for name, layer, answer in zip(_LAYERS, self.forms, answers, strict=True):
            try:
                found.append(form(layer, answer))
            except RuleError as error:
                raise RuleError(f"{where}, {name} layer: {error}") from None
        return found[0], found[1]

    def finish(self, energies: state.Energies, wide: np.ndarray, number: int) -> None:
        """Have the rule report what is due in the end, and account for it; raises RuleError."""
        rule, keeping = self.keeping.rule, self.keeping
        keeping.costs.values[1] = 0
        key, rate = self.common
        end = End(self.sources, number, key, rate, keeping.state, keeping.costs)
        paid = self._checked(lambda: rule.finish(end), "at the end", "finish", paid_of)
        changes = tuple(Change(form.nothing, p) for form, p in zip(self.forms, paid, strict=True))
        kernels.pay_last(energies, wide[0], changes, keeping.costs.values)


def run_custom(
    custom: CustomRun,
    team: Alone | Team,
    weights: state.Weights,
    images: state.Images,
    constants: state.Constants,
    mask: state.Mask,
    buffers: state.Buffers,
    energies: state.Energies,
    clock: np.ndarray,
    stop: int,
) -> None:
    """Train until step `stop`, or until a value is not finite, as `kernels.rules.steps` does.

    `select` is not called in a step that is not learnt. If the rule keeps state, an interrupt waits
    for the end of the step.

    Raises RuleError for an invalid choice; whatever the rule raises goes through. The step is not
    counted then.
    """
    keeping, costs = custom.keeping, custom.keeping.costs.values
    seen = (team, weights, images, constants, mask, buffers, clock, stop)
    head = (team, weights, images, constants, mask, buffers, custom.positions, energies, clock)
    applied = (*head, (0, 0.0), custom.nothing, costs)
    find, apply = custom.entries(seen, applied, (energies, buffers.wide[0], custom.nothing, costs))
    kernels.begin_steps(constants, images, buffers, clock)
    kept = bool(keeping.state)
    held: AbstractContextManager[list[int]] = holding() if kept else nullcontext([])
    with held as waiting:
        while not waiting:
            label, count, total = find(*seen)
            if label < 0:
                break
            costs[1] = 0
            keeping.settled = not kept
            changes = custom.choose(int(clock[state.STEPS]), label)
            apply(*head, (count, total), changes, costs)
            keeping.settled = True
