"""Checks of parameters: each returns the value in its declared type or raises one sentence.

And the words that such sentences are made of.
"""

import functools
import inspect
import math
import operator
import os
import re
import reprlib
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from difflib import get_close_matches
from numbers import Real
from pathlib import Path
from typing import Any, TypeVar, cast

from energynet.errors import ConfigError, FileError

_Called = TypeVar("_Called", bound=Callable[..., Any])
_LONGEST = 200  # characters of what an error of another package says
_WORD = 100  # characters of the longest text that may be a word mistyped


class _Short(reprlib.Repr):
    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = self.maxlong = 60

    def repr_int(self, value: int, level: int) -> str:
        try:
            return super().repr_int(value, level)
        except ValueError:  # more digits than Python likes to write
            return f"an integer of {value.bit_length()} bits"


def quoted(value: Any) -> str:
    """A value as messages show it: its repr, shortened, on one line."""
    return re.sub(r"\s*\n\s*", " ", _Short().repr(value))


def pluralize(number: int, noun: str) -> str:
    """1 run, 2,000 runs, 10 classes."""
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{number:,d} {noun if number == 1 else plural}"


def error_text(error: BaseException) -> str:
    """What an error says, on one line, shortened."""
    if isinstance(error, KeyError):  # its text is the key alone
        return f"it lacks {error}"
    told = " ".join(str(getattr(error, "strerror", None) or error).split())
    told = told or type(error).__name__
    return told if len(told) <= _LONGEST else f"{told[:_LONGEST]}..."


def unwrap(value: Any) -> Any:
    """A NumPy scalar, or an array of no dimensions, as the value of Python that it holds.

    A float of fewer than 64 bits becomes the shortest decimal that it stands for: float32(0.001)
    is 0.001, not 0.0010000000474974513.
    """
    if getattr(value, "ndim", None) != 0:
        return value
    dtype: Any = getattr(value, "dtype", None)
    if getattr(dtype, "kind", "") == "f" and dtype.itemsize < 8:
        return float(str(value))
    return value.item()


def entries(values: Iterable[Any]) -> Iterable[Any]:
    """The values in turn; of a pandas Series or Index in their own type, as NumPy scalars."""
    array: Iterable[Any] = values.to_numpy() if hasattr(values, "to_numpy") else values
    return array


def integer(name: str, value: Any, lowest: int, highest: int) -> int:
    """A whole number in [lowest, highest]; 3.0 counts as 3, True does not count."""
    given = unwrap(value)
    try:
        if isinstance(given, bool) or hasattr(given, "ndim"):
            raise TypeError
        if isinstance(given, float) and given.is_integer():
            given = int(given)
        number = operator.index(given)
    except TypeError:
        number = None
    if number is None or not lowest <= number <= highest:
        raise ConfigError(
            f"{name} must be an integer in [{lowest}, {highest}], got {quoted(given)}"
        )
    return number


def whole(name: str, value: Any) -> int:
    """An integer of any size that 64 bits hold."""
    try:
        return integer(name, value, -(2**63), 2**63 - 1)
    except ConfigError:
        raise ConfigError(f"{name} must be an integer, got {quoted(value)}") from None


def number(name: str, value: Any, allowed: str, above: float, up_to: float = math.inf) -> float:
    """A finite number x with above < x <= up_to; `allowed` is how the sentence puts that."""
    given = unwrap(value)
    try:
        if isinstance(given, bool) or not isinstance(given, Real | Decimal):
            raise TypeError
        result = float(given)
    except (TypeError, ValueError, OverflowError):
        result = math.nan
    if not (above < result <= up_to and math.isfinite(result)):
        raise ConfigError(f"{name} must be {allowed}, got {quoted(given)}")
    return result


def fraction(name: str, value: Any) -> float:
    """A number in (0, 1]."""
    return number(name, value, "a number in (0, 1]", above=0.0, up_to=1.0)


def choice(name: str, value: Any, allowed: Sequence[str]) -> str:
    """One of the allowed words."""
    if not isinstance(value, str) or value not in allowed:
        hint = suggestion(value, allowed)
        raise ConfigError(f"{name} must be one of {', '.join(allowed)}, got {quoted(value)}{hint}")
    return str(value)


def suggestion(value: Any, allowed: Iterable[str]) -> str:
    """The end of a sentence that names the allowed word nearest to a mistyped one, or nothing."""
    mistyped = isinstance(value, str) and len(value) <= _WORD
    near = get_close_matches(value, list(allowed), n=1) if mistyped else []
    return f"; did you mean {near[0]!r}?" if near else ""


def simple(name: str, value: Any) -> bool | int | float | str:
    """A number, a text, True or False."""
    given = unwrap(value)
    if not isinstance(given, bool | int | float | str):
        raise ConfigError(f"{name} must hold numbers, texts, True or False, got {quoted(given)}")
    return given


def text(name: str, value: Any) -> str:
    """A string."""
    if not isinstance(value, str):
        raise ConfigError(f"{name} must be a text, got {quoted(value)}")
    return str(value)


def flag(name: str, value: Any) -> bool:
    """True or False."""
    given = unwrap(value)
    if not isinstance(given, bool):
        raise ConfigError(f"{name} must be True or False, got {quoted(given)}")
    return given


def function(name: str, value: Any) -> Callable[..., Any] | None:
    """Something to be called, or None."""
    if value is not None and not callable(value):
        raise ConfigError(f"{name} must be a function or None, got {quoted(value)}")
    return value  # type: ignore[no-any-return]


def arguments(called: _Called) -> _Called:
    """Decorator of a function or class: arguments that it does not take raise ConfigError.

    Without it they raise TypeError. The signature stays as it is.
    """
    is_class = isinstance(called, type)
    made: Any = called.__init__ if is_class else called

    @functools.wraps(made)
    def checked(*values: Any, **named: Any) -> Any:
        try:
            return made(*values, **named)
        except TypeError as error:
            # The class may be one that derives from the decorated one.
            kind, given = (type(values[0]), values[1:]) if is_class else (called, values)
            wrong = _wrong_arguments(kind, given, named)
            if not wrong:
                raise
            raise ConfigError(wrong) from error

    if not is_class:
        return cast(_Called, checked)
    called.__init__ = checked  # type: ignore[method-assign]
    return called


def _wrong_arguments(
    called: Callable[..., Any], values: Sequence[Any], named: dict[str, Any]
) -> str:
    """A sentence on arguments that do not fit the function or class, or nothing if they do."""
    signature = inspect.signature(called)
    try:
        signature.bind(*values, **named)
        return ""
    except TypeError as error:
        problem = str(error)
    takes = ", ".join(signature.parameters) or "no parameters"
    for name in named:
        if name not in signature.parameters:
            hint = suggestion(name, signature.parameters)
            return f"{called.__name__} takes {takes}, got {quoted(name)}{hint}"
    return f"{called.__name__} takes {takes}: {problem}"


def path(name: str, value: Any) -> Path:
    """A path that can be looked up, whether or not there is anything; `~` is the home folder.

    Raises ConfigError for what is not a path, FileError for one that the system refuses.
    """
    given = os.fspath(value) if isinstance(value, os.PathLike) else value
    if not isinstance(given, str) or not given or "\0" in given:
        raise ConfigError(f"{name} must be a path, got {quoted(value)}")
    result = Path(os.path.expanduser(given))  # noqa: PTH111 (as shells leave "~unknown/file")
    try:
        result.stat()
    except (FileNotFoundError, NotADirectoryError):
        pass
    except (OSError, ValueError) as error:
        raise FileError(f"{name} {quoted(given)} cannot be used: {error_text(error)}") from error
    return result
