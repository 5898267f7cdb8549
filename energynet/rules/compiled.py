"""Custom rules whose choice Numba compiles."""

import inspect
from collections.abc import Callable
from typing import Any, overload

from energynet.errors import ConfigError
from energynet.support import checks
from energynet.support.checks import quoted

ARGUMENTS = (
    *("pre_hidden", "post_hidden", "pre_output", "post_output", "outputs", "label", "step"),
    *("parameters", "state", "change_hidden", "change_output"),
)


class CompiledSelect:
    """The object that `compiled` makes of a `select`. Calling it calls the original function."""

    def __init__(self, function: Callable[..., None], python: bool) -> None:
        self.function, self.python = function, python
        self.__doc__ = function.__doc__

    def __call__(self, *arguments: Any) -> None:
        """Call the original function, which Python runs."""
        self.function(*arguments)


@overload
def compiled(select: Callable[..., None]) -> CompiledSelect: ...


@overload
def compiled(*, python: bool = ...) -> Callable[[Callable[..., None]], CompiledSelect]: ...


@checks.arguments
def compiled(select: Callable[..., None] | None = None, *, python: bool = False) -> Any:
    """Decorator of the `select` of a custom rule: Numba compiles it.

    `select` is then a function without `self`. It is called once per step that is learnt, and fills
    two masks::

        @en.compiled
        def select(pre_hidden, post_hidden, pre_output, post_output, outputs, label, step,
                   parameters, state, change_hidden, change_output):

    - `pre_hidden`, `post_hidden`, `pre_output`, `post_output`: real, (n_pre,) or (n_post,),
      read-only. The factors of dw, as `Layer.pre` and `Layer.post`.
    - `outputs`: real (n_out,), read-only.
    - `label`, `step`: int. Class of the image; steps done before this one.
    - `parameters`, `state`: the fields of the rule, and the arrays that it declares, as attributes.
    - `change_hidden`, `change_output`: bool (n_pre, n_post), all False; set to True what changes
      by its dw.

    The function sees no weights, gives no updates and reports no costs: a rule with `costs` adds
    them up in its state, and reports them in `finish`, which stays a method of Python.

    The function is compiled when training starts, which takes seconds; the result is not kept on
    disk. Compiled code does not check indices: try a rule with `@en.compiled(python=True)` first,
    which runs it as Python.

    Raises ConfigError for a function that takes other arguments. Training raises RuleError for one
    that Numba does not compile.
    """
    python = checks.flag("python", python)
    if select is None:
        return lambda function: CompiledSelect(_checked(function), python)
    return CompiledSelect(_checked(select), python)


def _checked(function: Any) -> Callable[..., None]:
    taken = tuple(inspect.signature(function).parameters) if inspect.isfunction(function) else ()
    if taken != ARGUMENTS:
        raise ConfigError(
            f"a compiled select must be a function of ({', '.join(ARGUMENTS)}), got"
            f" {', '.join(taken) or quoted(function)}"
        )
    checked: Callable[..., None] = function
    return checked
