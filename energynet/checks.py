"""Checks of parameters: each returns the value in its declared type or raises one sentence."""

import math
import operator
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any

from energynet.errors import ConfigError


def integer(name: str, value: Any, lowest: int, highest: int) -> int:
    """A whole number in [lowest, highest]; 3.0 counts as 3, True does not count."""
    try:
        if isinstance(value, bool):
            raise TypeError
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or not lowest <= number <= highest:
        raise ConfigError(f"{name} must be an integer in [{lowest}, {highest}], got {value!r}")
    return number


def whole(name: str, value: Any) -> int:
    """An integer of any size that 64 bits hold."""
    try:
        return integer(name, value, -(2**63), 2**63 - 1)
    except ConfigError:
        raise ConfigError(f"{name} must be an integer, got {value!r}") from None


def number(name: str, value: Any, allowed: str, above: float, up_to: float = math.inf) -> float:
    """A finite number x with above < x <= up_to; `allowed` is how the sentence puts that."""
    try:
        if isinstance(value, bool | str | bytes):
            raise TypeError
        result = float(value)
    except (TypeError, ValueError, OverflowError):
        result = math.nan
    if not (above < result <= up_to and math.isfinite(result)):
        raise ConfigError(f"{name} must be {allowed}, got {value!r}")
    return result


def fraction(name: str, value: Any) -> float:
    """A number in (0, 1]."""
    return number(name, value, "a number in (0, 1]", above=0.0, up_to=1.0)


def choice(name: str, value: Any, allowed: Sequence[str]) -> str:
    """One of the allowed words."""
    if not isinstance(value, str) or value not in allowed:
        hint = suggestion(value, allowed)
        raise ConfigError(f"{name} must be one of {', '.join(allowed)}, got {value!r}{hint}")
    return value


def suggestion(value: Any, allowed: Iterable[str]) -> str:
    """The end of a sentence that names the allowed word nearest to a mistyped one, or nothing."""
    near = get_close_matches(value, list(allowed), n=1) if isinstance(value, str) else []
    return f"; did you mean {near[0]!r}?" if near else ""


def simple(name: str, value: Any) -> bool | int | float | str:
    """A number, a text, True or False."""
    if not isinstance(value, bool | int | float | str):
        raise ConfigError(f"{name} must hold numbers, texts, True or False, got {value!r}")
    return value


def text(name: str, value: Any) -> str:
    """A string."""
    if not isinstance(value, str):
        raise ConfigError(f"{name} must be a text, got {value!r}")
    return value


def flag(name: str, value: Any) -> bool:
    """True or False."""
    if not isinstance(value, bool):
        raise ConfigError(f"{name} must be True or False, got {value!r}")
    return value
