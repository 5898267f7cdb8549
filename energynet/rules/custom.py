"""Custom plasticity rules: classes that choose, step by step, which synapses change."""

import hashlib
import inspect
import sys
from dataclasses import FrozenInstanceError, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, dataclass_transform, get_type_hints

import numpy as np

from energynet.errors import ConfigError, EnergynetError
from energynet.rules.base import Counts, Shape
from energynet.support import checks
from energynet.support.checks import quoted

FIXED = (
    "a rule keeps nothing from one step to the next; its parameters are the annotated fields of its"
    " class, such as `share: float`, and are fixed when it is made"
)


class Layer(NamedTuple):
    """The factors of one layer's updates: dw[i, j] = pre[i] post[j].

    Attributes
    ----------
    pre : float32 or float64, (n_pre,), read-only
        Presynaptic: x of the pixels, or the activities of the hidden units; the bias unit's 1 is
        the last.
    post : same type, (n_post,), read-only
        Postsynaptic: the learning rate times the error signal of each hidden or output unit.
    """

    pre: np.ndarray
    post: np.ndarray

    @property
    def dw(self) -> np.ndarray:
        """All updates, (n_pre, n_post), read-only, made anew each time, as many numbers as the
        layer has synapses."""
        product: np.ndarray = self.pre[:, np.newaxis] * self.post
        product.flags.writeable = False
        return product


@dataclass(frozen=True, eq=False)
class Step:
    """What a rule sees of one training step.

    Attributes
    ----------
    number : int
        Steps done before this one.
    hidden : Layer
        Factors of the updates of the synapses onto the hidden units.
    output : Layer
        Factors of those onto the output units.
    key : uint64
        From the run's seed; `random` counts from it.
    """

    number: int
    hidden: Layer
    output: Layer
    key: np.uint64

    @cached_property
    def random(self) -> np.random.Generator:
        """Random numbers of this step alone, a function of the run's seed and the step."""
        return np.random.Generator(
            np.random.Philox(key=int(self.key), counter=[0, 0, 0, self.number])
        )


@dataclass_transform(frozen_default=True)
@dataclass(frozen=True)
class PlasticityRule:
    """Base of custom rules; a subclass becomes a frozen dataclass by itself.

    Its annotated fields are the rule's parameters, of type int, float, bool or str; they are
    checked and converted when the rule is made. They, the class's importable name and its
    `version` are part of every config's hash: raise `version` when the rule chooses differently.

    The same step must always give the same choice, or runs cannot be repeated and resumed: take
    random numbers from `step.random` and keep nothing from one step to the next.

    Raises ConfigError for a parameter that is not allowed, TypeError for a class that is no rule.
    """

    version: ClassVar[int] = 1

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        _check_class(cls)
        checks.arguments(dataclass(frozen=True)(cls))
        cls._file_then = _file_hash(cls)

    def __post_init__(self) -> None:
        _check_select(self)
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

    def select(self, step: Step) -> tuple[Any, Any]:
        """Choose the synapses that change: (in the hidden layer, in the output layer).

        For each layer one of

        - True or False: all of them, or none;
        - a mask: bool, (n_pre, n_post);
        - indices: two arrays of integers of the same length, of pre and of post, no pair twice;
        - factors: two bool arrays, (n_pre,) and (n_post,), or True in place of one of them: all
          synapses from the chosen inputs onto the chosen units.

        Exactly those change by their dw, and are counted where it is not 0.
        """
        raise NotImplementedError

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
        return Counts(update="custom", units=shape.hidden, plastic=shape.synapses)

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


def _check_select(rule: PlasticityRule) -> None:
    """Raise ConfigError where `select` is missing or takes something else than a step."""
    missing = type(rule).select is PlasticityRule.select
    if not missing:
        try:
            inspect.signature(rule.select).bind(None)
        except TypeError:
            missing = True
    if missing:
        raise ConfigError(f"rule {rule.name} must define select(self, step)")


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
