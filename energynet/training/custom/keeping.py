"""What a run of a custom rule holds beside weights and energies: declared arrays, and costs."""

import hashlib
from collections.abc import Mapping
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import numpy as np

from energynet.errors import FileError, RuleError
from energynet.rules.base import Shape
from energynet.rules.custom import FIXED, PlasticityRule
from energynet.rules.step import Costs, State, read_only
from energynet.training.custom.choices import short

_STATE, _COST = "state_", "cost_"  # what names in checkpoints begin with
_DECLARED = "declared"


class Keeping:
    """State and costs of one run.

    costs : Costs
    settled : bool
        Whether state and costs are those at the end of a step.
    """

    def __init__(self, rule: PlasticityRule, shape: Shape) -> None:
        self.rule, self.shape = rule, shape
        self.costs = Costs(rule.costs, np.zeros((2, len(rule.costs))))
        self.settled = True
        self._state: State | None = None

    @property
    def state(self) -> State:
        """The arrays of the run; the rule is asked for them once."""
        if self._state is None:
            self._state = State(self._declared())
        return self._state

    def _declared(self) -> dict[str, np.ndarray]:
        name = f"rule {self.rule.name}"
        try:
            given: Any = self.rule.state(self.shape)
        except FrozenInstanceError as error:
            raise RuleError(f"{name}: {error}: {FIXED}") from error
        if not isinstance(given, dict):
            raise RuleError(f"{name}: state must return a dict of arrays, got {short(given)}")
        for key, value in given.items():
            if not isinstance(key, str) or not key.isidentifier() or key.startswith("_"):
                raise RuleError(f"{name}: names of state must be names of Python, got {key!r}")
            if not isinstance(value, np.ndarray) or value.dtype.kind not in "biuf":
                what = value.dtype if isinstance(value, np.ndarray) else short(value)
                raise RuleError(
                    f"{name}: state[{key!r}] must be an array of bool, integers or real numbers,"
                    f" got {what}"
                )
        return {key: np.array(value, order="C") for key, value in given.items()}

    def final(self) -> tuple[dict[str, float], dict[str, np.ndarray]]:
        """Costs by name, and the arrays of the state, from now on read-only."""
        costs = dict(zip(self.costs.names, self.costs.so_far, strict=True))
        return costs, {name: read_only(array) for name, array in self.state.items()}

    def saved(self) -> dict[str, np.ndarray]:
        """What a checkpoint holds of it."""
        arrays = {f"{_STATE}{name}": array for name, array in self.state.items()}
        values = self.costs.values[0]
        arrays |= {f"{_COST}{name}": values[k] for k, name in enumerate(self.costs.names)}
        return arrays | {_DECLARED: np.array(self._declaration())} if arrays else {}

    def restore(self, arrays: Mapping[str, np.ndarray], path: Path) -> None:
        """Take over what `saved` put into a file; raises FileError if it does not fit.

        The rule's `state` is called only if its text has changed: to compare what it declares.
        """
        stored = {
            name.removeprefix(_STATE): np.array(array)
            for name, array in arrays.items()
            if name.startswith(_STATE)
        }
        if str(arrays.get(_DECLARED, "")) != self._declaration():
            declared, found = _words(self._declared()), _words(stored)
            if found != declared:
                raise FileError(_unfit(path, "state", found, declared))
        costs = [name.removeprefix(_COST) for name in arrays if name.startswith(_COST)]
        if sorted(costs) != sorted(self.costs.names):
            found, declared = (
                ", ".join(sorted(names)) or "none" for names in (costs, self.costs.names)
            )
            raise FileError(_unfit(path, "costs", found, declared))
        self.costs.values[0] = [float(arrays[f"{_COST}{name}"]) for name in self.costs.names]
        self._state = State(stored)

    def _declaration(self) -> str:
        """Changes with the text of the rule's `state` and of its file."""
        code = type(self.rule).state.__code__
        text = f"{type(self.rule)._file_then} {code.co_code!r} {code.co_consts!r}"
        return hashlib.sha256(text.encode()).hexdigest()


def _unfit(path: Path, what: str, found: str, declared: str) -> str:
    return (
        f"checkpoint {path} holds other {what} than the rule declares ({found} instead of"
        f" {declared}): choose another file or remove it"
    )


def _words(arrays: Mapping[str, np.ndarray]) -> str:
    each = [f"{name} {a.dtype} {a.shape}" for name, a in sorted(arrays.items())]
    return ", ".join(each) or "none"
