"""Plasticity rules of one's own: classes that choose, step by step, which synapses change."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from importlib.metadata import entry_points
from inspect import get_annotations
from typing import Any, ClassVar, NamedTuple, dataclass_transform, get_type_hints

import numpy as np

from energynet import checks
from energynet.checks import shown
from energynet.errors import ConfigError
from energynet.rules import Plan, Shape, Update

ENTRY_POINTS = "energynet.rules"  # group under which packages give their rules short names


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
        """All updates, (n_pre, n_post): as many numbers as the layer has synapses."""
        product: np.ndarray = self.pre[:, np.newaxis] * self.post
        return product


@dataclass(frozen=True, eq=False)
class Step:
    """What a rule sees of one training step. The arrays are those of the run: copy what you keep.

    Attributes
    ----------
    number : int
        Steps done before this one.
    hidden, output : Layer
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
    """Base of rules of one's own; a subclass becomes a frozen dataclass by itself.

    Its annotated fields are the rule's parameters, of type int, float, bool or str; they are
    checked and converted when the rule is made. They, the class's importable name and its
    `version` are part of every config's hash: raise `version` when the rule chooses differently.

    The same step must always give the same choice, or runs cannot be repeated and resumed: take
    random numbers from `step.random` and keep nothing from one step to the next.

    Raises ConfigError for a parameter of another type.
    """

    version: ClassVar[int] = 1

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "__post_init__" in cls.__dict__:
            raise TypeError(
                f"{cls.__name__} must check its parameters in check(), not __post_init__"
            )
        taken = {*dir(PlasticityRule)} & {*get_annotations(cls)} - {"version"}
        if taken:
            raise TypeError(f"{cls.__name__} must name its parameters otherwise: {min(taken)}")
        dataclass(frozen=True)(cls)

    def __post_init__(self) -> None:
        for name, kind in _declared(type(self)).items():
            object.__setattr__(self, name, _converted(name, kind, getattr(self, name)))
        self.check()

    def check(self) -> None:
        """Raise ConfigError for parameters that are not allowed; by default all are."""

    def select(self, step: Step) -> tuple[Any, Any]:
        """Choose the synapses that change: (in the hidden layer, in the output layer).

        For each layer one of

        - True or False: all of them, or none;
        - a mask: bool, (n_pre, n_post);
        - indices: two arrays of integers of the same length, of pre and of post, no pair twice;
        - factors: two bool arrays, (n_pre,) and (n_post,): all synapses from the chosen inputs
          onto the chosen units.

        Exactly those change by their dw, and are counted where it is not 0.
        """
        raise NotImplementedError(f"{type(self).__name__} must define select(self, step)")

    @property
    def name(self) -> str:
        """`module:Class`, by which the rule can be imported."""
        return f"{type(self).__module__}:{type(self).__qualname__}"

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters by name."""
        return {item.name: getattr(self, item.name) for item in fields(self)}

    def plan(self, shape: Shape) -> Plan:
        """Any synapse may change."""
        return Plan(Update.OWN, 0, 0, shape.hidden, shape.synapses)


@dataclass(frozen=True)
class NamedRule:
    """A rule of one's own by its name alone, as tables of results hold it: nothing is imported.

    It has the identity of the rule, but cannot train.
    """

    name: str
    version: int
    given: tuple[tuple[str, Any], ...]

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters by name."""
        return dict(self.given)

    def plan(self, shape: Shape) -> Plan:  # noqa: ARG002
        """Raises ConfigError: nobody knows what the rule does."""
        raise ConfigError(f"rule {self.name} is known by name alone and cannot train")


def own_rule(
    name: str, parameters: Mapping[str, Any], version: int | None = None
) -> PlasticityRule:
    """Import a rule by `module:Class` or by the name of an entry point, and make it.

    Raises ConfigError.
    """
    kind = own_rule_class(name)
    if version is not None and version != kind.version:
        raise ConfigError(
            f"rule {name} must have version {version}, as these runs do, got {kind.version}"
        )
    known = [item.name for item in fields(kind)]
    for given in parameters:
        if given not in known:
            takes = ", ".join(known) or "no parameters"
            hint = checks.suggestion(given, known)
            raise ConfigError(f"rule {name} takes {takes}, got {shown(given)}{hint}")
    try:
        return kind(**parameters)
    except TypeError as error:  # one is missing
        raise ConfigError(f"rule {name} lacks a parameter: {error}") from error


def own_rule_class(name: str) -> type[PlasticityRule]:
    """The class of that name; raises ConfigError."""
    path = name if ":" in name else _entry_points().get(name, name)
    module, _, attribute = path.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for part in attribute.split("."):
            found = getattr(found, part)
    except (Exception, SystemExit) as error:  # whatever the module raises
        raise ConfigError(
            f"rule {shown(name)} cannot be imported: {type(error).__name__}: {checks.reason(error)}"
        ) from error
    if not (isinstance(found, type) and issubclass(found, PlasticityRule)):
        raise ConfigError(f"rule {shown(name)} must be a class that derives from PlasticityRule")
    return found


def is_own_name(name: str) -> bool:
    """Whether a name is that of a rule of one's own: `module:Class`, or an entry point."""
    return ":" in name or name in _entry_points()


def check_importable(rule: Any) -> None:
    """Raise ConfigError for a rule that other processes could not import."""
    if isinstance(rule, PlasticityRule) and (
        type(rule).__module__ == "__main__"
        or "<locals>" in type(rule).__qualname__
        or own_rule_class(rule.name) is not type(rule)
    ):
        raise ConfigError(
            f"rule {type(rule).__name__} must be defined in a module that workers can import, not"
            " in a script, a notebook or a function"
        )


def _entry_points() -> dict[str, str]:
    return {point.name: point.value for point in entry_points(group=ENTRY_POINTS)}


def _declared(kind: type) -> dict[str, Any]:
    """The type of each parameter."""
    hints = get_type_hints(kind)
    return {item.name: hints[item.name] for item in fields(kind)}


def _converted(name: str, kind: Any, value: Any) -> Any:
    if kind is bool:
        return checks.flag(name, value)
    if kind is int:
        return checks.integer(name, value, -(2**63), 2**63 - 1)
    if kind is float:
        return checks.number(name, value, "a finite number", above=-np.inf)
    if kind is str:
        return checks.text(name, value)
    raise ConfigError(f"{name} must be declared as int, float, bool or str, got {kind!r}")
