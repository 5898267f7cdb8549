"""The choice of a compiled rule: Numba compiles its `select`, which fills two masks."""

import re
from collections import namedtuple
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numba.core.errors import NumbaError

from energynet.errors import RuleError
from energynet.kernels.rules.custom import Change, entry_of
from energynet.rules.compiled import CompiledSelect
from energynet.rules.custom import PlasticityRule
from energynet.rules.step import Source, State, read_only
from energynet.training.custom.choices import LayerForm, mask_of

_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
_PLACE = re.compile(r'File "([^"]+)", line (\d+)')


class CompiledChoice:
    """Calls the rule's function, and gives the changes of both layers."""

    def __init__(
        self,
        rule: PlasticityRule,
        state: State,
        sources: Sequence[Source],
        outputs: np.ndarray,
        forms: Sequence[LayerForm],
    ) -> None:
        factors = [getattr(source, name) for source in sources for name in ("pre", "post")]
        self._seen = tuple(read_only(array.view()) for array in (*factors, outputs))
        self._masks = tuple(np.zeros(form.shape, bool) for form in forms)
        self._kept = _record("Parameters", rule.parameters), _record("State", dict(state))
        hidden, output = (
            Change(mask_of(form, mask.view()), form.nothing)
            for form, mask in zip(forms, self._masks, strict=True)
        )
        self._changes = hidden, output
        self._select = _entry(rule, (*self._seen, 0, 0, *self._kept, *self._masks))

    def __call__(self, number: int, label: int) -> tuple[Change, Change]:
        """What changes in the step of that number, on an image of that class."""
        for mask in self._masks:
            mask.fill(False)
        self._select(*self._seen, label, number, *self._kept, *self._masks)
        return self._changes


def _entry(rule: PlasticityRule, arguments: tuple[Any, ...]) -> Callable[..., Any]:
    select = rule.select
    assert isinstance(select, CompiledSelect)
    if select.python:
        return select.function
    try:
        return entry_of(_compiled(select.function), arguments)
    except NumbaError as error:
        raise RuleError(
            f"rule {rule.name}: select cannot be compiled: {_first_sentence(error)};"
            " @en.compiled(python=True) runs it as Python"
        ) from error


@cache
def _compiled(function: Callable[..., None]) -> Any:
    """Not kept on disk: Numba would not notice a change of what the function calls."""
    return numba.njit(nogil=True, error_model="numpy")(function)


def _record(name: str, values: dict[str, Any]) -> Any:
    return _kind(name, tuple(values))(*values.values())


@cache
def _kind(name: str, fields: tuple[str, ...]) -> Any:
    return namedtuple(name, fields)


def _first_sentence(error: NumbaError) -> str:
    """The part of a message of Numba that tells the fault and its place, not Numba's own pass."""
    text = _ESCAPES.sub("", str(error))
    lines = [line.strip() for line in text.splitlines()]
    told = [line for line in lines if line and not line.startswith("Failed in nopython mode")]
    sentence = " ".join(told[: 2 if told and told[0].endswith(":") else 1]) or "no reason given"
    place = _PLACE.search(text)
    return sentence.rstrip(".:") + (f" ({Path(place[1]).name}, line {place[2]})" if place else "")
