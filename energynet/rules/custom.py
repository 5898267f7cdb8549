"""Custom plasticity rules: classes that choose, step by step, which synapses change."""

import hashlib
import inspect
import re
import sys
from dataclasses import FrozenInstanceError, dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, dataclass_transform, get_type_hints

import numpy as np

from energynet.errors import ConfigError, EnergynetError
from energynet.rules.base import Counts, Shape
from energynet.rules.compiled import CompiledSelect
from energynet.rules.step import End, Step
from energynet.support import checks
from energynet.support.checks import quoted

FIXED = (
    "parameters are fixed when a rule is made; what it keeps from step to step is declared in"
    " state(self, shape), a dict of arrays, and is written in step.state"
)
SHOWN = "what a step shows cannot be changed: return a mask or updates; step.state keeps what lasts"
_COST = re.compile("[a-z][a-z0-9_]*")


@dataclass_transform(frozen_default=True)
@dataclass(frozen=True)
class PlasticityRule:
    """Base of custom rules; a subclass becomes a frozen dataclass by itself.

    Its annotated fields are the rule's parameters, of type int, float, bool or str; they are
    checked and converted when the rule is made. They, the class's importable name and its
    `version` are part of every config's hash: raise `version` when the rule chooses differently.

    The same step must always give the same choice, or runs cannot be repeated and resumed: take
    random numbers from `step.random`, and keep what is needed later in the arrays that `state`
    declares. `costs` names the costs that the rule reports by `step.add_cost`.

    Raises ConfigError for a parameter that is not allowed, TypeError for what is not a rule.
    """

    version: ClassVar[int] = 1
    costs: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        _check_class(cls)
        checks.arguments(dataclass(frozen=True)(cls))
        cls._file_then = _file_hash(cls)

    def __post_init__(self) -> None:
        _check_methods(self)
        for name, kind in declared(type(self)).items():
            object.__setattr__(self, name, _converted(name, kind, getattr(self, name)))
        try:
            answer: object = self.check()  # type: ignore[func-returns-value]
        except EnergynetError:
            raise
        except FrozenInstanceError as error:
            raise ConfigError(f"rule {self.name}: {error}: {FIXED}") from error
        except ValueError as error:
            raise ConfigError(f"rule {self.name}: {error}") from error
        if answer is not None:
            raise ConfigError(f"rule {self.name}: check must raise ConfigError, not return a value")

    def check(self) -> None:
        """Raise ConfigError for parameters that are not allowed; by default all are."""

    def state(self, shape: Shape) -> dict[str, np.ndarray]:  # noqa: ARG002
        """The arrays that the rule keeps from step to step, by name; by default none.

        shape : `n_in` pixels, `hidden` and `n_out` units. The arrays are bool, integer or real.
        Called once per run. Checkpoints hold the arrays as they are after a step, and a run that
        resumes has them from there.
        """
        return {}

    def select(self, step: Step) -> tuple[Any, Any]:
        """Choose the synapses that change: (in the hidden layer, in the output layer).

        For each layer one of

        - True or False: all of them, or none;
        - a mask: bool, (n_pre, n_post);
        - indices: two arrays of integers of the same length, of pre and of post, no pair twice;
        - factors: two bool arrays, (n_pre,) and (n_post,), or True in place of one of them: all
          synapses from the chosen inputs onto the chosen units;
        - updates in the place of dw: float32 or float64, (n_pre, n_post), or three arrays, which
          are indices and the updates of these synapses;
        - a `Change`, which costs something else.

        Exactly those change, by their dw unless updates are given. A change of 0 is not counted.
        Updates are rounded to the config's dtype first.
        """
        raise NotImplementedError

    def finish(self, step: End) -> Any:
        """Called once at the end of a run that did not diverge; by default nothing happens.

        It may report costs. It may return what is paid in the end: one value for the hidden and one
        for the output layer, each in the form of `paid` of a `Change`. The result holds what was
        reported; the learning curve and checkpoints do not.
        """

    @property
    def name(self) -> str:
        """`module:Class`, by which the rule can be imported."""
        return f"{type(self).__module__}:{type(self).__qualname__}"

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters by name."""
        return {item.name: getattr(self, item.name) for item in fields(self)}

    def counts(self, shape: Shape) -> Counts:
        """Any synapse may change."""
        units = shape.hidden
        return Counts(update="custom", units=units, readout=units, plastic=shape.synapses)

    _file_then: ClassVar[str | None] = None  # hash of the module's file when it was imported


@dataclass(frozen=True)
class NamedRule:
    """A custom rule by its name alone, as tables of results hold it: nothing is imported.

    It has the identity of the rule, but cannot train.
    """

    name: str
    version: int
    given: tuple[tuple[str, Any], ...]

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters by name."""
        return dict(self.given)

    def counts(self, shape: Shape) -> Counts:  # noqa: ARG002
        """Raises ConfigError: nobody knows what the rule does."""
        raise ConfigError(f"rule {self.name} is known by name alone and cannot train")


def declared(kind: type[PlasticityRule]) -> dict[str, Any]:
    """The type of each parameter; raises ConfigError for one that cannot be a parameter."""
    hints = get_type_hints(kind)
    types = {item.name: hints[item.name] for item in fields(kind)}
    for name, declaration in types.items():
        if declaration not in (int, float, bool, str):
            raise ConfigError(
                f"{name} must be declared as int, float, bool or str, got {quoted(declaration)}"
            )
    return types


def changed_since_import(kind: type[PlasticityRule]) -> bool:
    """Whether the file of the class holds something else than when it was imported."""
    return _file_hash(kind) != kind._file_then


def _check_class(cls: type[PlasticityRule]) -> None:
    """Raise TypeError for what could not work, when the class is defined."""
    for method, instead in (("__post_init__", "check(self)"), ("__init__", "annotated fields")):
        if method in cls.__dict__:
            raise TypeError(f"{cls.__name__} must not define {method}: use {instead} instead")
    for name in inspect.get_annotations(cls):
        if hasattr(PlasticityRule, name):
            raise TypeError(f"{cls.__name__} cannot have a parameter called {name}: it is taken")
    version = cls.version
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise TypeError(f"version of {cls.__name__} must be an integer >= 1, got {quoted(version)}")
    costs = cls.costs
    named = isinstance(costs, tuple) and all(
        isinstance(name, str) and _COST.fullmatch(name) for name in costs
    )
    if not named or len(set(costs)) < len(costs):
        raise TypeError(
            f"costs of {cls.__name__} must be a tuple of different names of small letters, digits"
            f" and _, got {quoted(costs)}"
        )


def _check_methods(rule: PlasticityRule) -> None:
    """Raise ConfigError if `select` is missing, or a method takes something else than it gets; also
    if costs could not be reported."""
    for name, argument in (("select", "step"), ("state", "shape"), ("finish", "step")):
        method = getattr(rule, name)
        if isinstance(method, CompiledSelect):
            continue
        missing = name == "select" and type(rule).select is PlasticityRule.select
        try:
            inspect.signature(method).bind(None)
        except TypeError:
            missing = True
        if missing:
            raise ConfigError(f"rule {rule.name} must define {name}(self, {argument})")
    compiled = isinstance(rule.select, CompiledSelect)
    if compiled and rule.costs and type(rule).finish is PlasticityRule.finish:
        raise ConfigError(
            f"rule {rule.name} declares costs, which a compiled select cannot report: it must add"
            " them up in its state and define finish(self, step), which reports them by"
            " step.add_cost"
        )


def _file_hash(kind: type) -> str | None:
    file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    try:
        return hashlib.sha256(Path(file).read_bytes()).hexdigest() if file else None
    except OSError:
        return None


def _converted(name: str, kind: type, value: Any) -> Any:
    if kind is bool:
        return checks.flag(name, value)
    if kind is int:
        return checks.whole(name, value)
    if kind is float:
        return checks.number(name, value, "a finite number", above=-np.inf)
    return checks.text(name, value)
