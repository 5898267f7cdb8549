"""Methods of a study: a rule, the parameter that is varied, and the values to try.

A method has one axis: the plastic fraction P, or any other number that its rule takes. The plan and
the choice of the best value know positions on that axis. The position of a fraction is P itself.
That of another value is the value times 2**-64: exact, in the same order and with the same ratios,
and below P = 1, the unmodified network.
"""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from energynet.analysis.methods import ALL, READOUT, own_label, rule_label
from energynet.analysis.runs import canonical, given
from energynet.analysis.table_checks import LABELLING, custom_rules
from energynet.errors import ConfigError
from energynet.rules.base import Rule, Shape
from energynet.rules.custom import declared
from energynet.rules.importing import custom_rule_class
from energynet.rules.names import PARAMETERS, RULES, rule_from_name, rule_to_dict
from energynet.support import checks
from energynet.support.checks import quoted
from energynet.support.format import exact

if TYPE_CHECKING:
    import pandas as pd

FRACTION = "fraction"  # the axis on which positions are values
GRID = 8  # fractions of a grid that is given by numbers of units
_UNIT = 2.0**-64
LARGEST = 2.0**62  # of a value on another axis


@dataclass(frozen=True, kw_only=True)
class Method:
    """A rule with the values to try at some sizes.

    Attributes
    ----------
    rule, output_fraction
        As the command line takes them.
    hidden : tuple of int
    axis : str
        The parameter that is varied; "" for a method of one cell, such as a custom rule without a
        parameter.
    fraction : tuple of float
        The grid, as positions on the axis. With `units` it completes these to eight different
        masks.
    fixed : mapping
        Other parameters of the rule.
    units : tuple of int
        Numbers of plastic hidden units to try, as far as they are below nh.
    least_units : int
        So many hidden units are plastic at least.
    control : bool
        Only compared with: its grid is not extended.
    explored : bool
        Whether a method of one cell has exploration runs, too.
    """

    rule: str
    hidden: tuple[int, ...]
    fraction: tuple[float, ...] = (1.0,)
    output_fraction: float | str | None = None
    axis: str = FRACTION
    fixed: Mapping[str, Any] = field(default_factory=dict)
    units: tuple[int, ...] = ()
    least_units: int = 0
    control: bool = False
    explored: bool = True

    @property
    def whole(self) -> float | None:
        """The one position of a method without an axis: 1 for `all`, else 0. None with an axis."""
        if self.rule in (ALL, READOUT):
            return 1.0 if self.rule == ALL else 0.0
        return None if self.axis else 0.0

    @cached_property
    def label(self) -> str:
        """The label of its rows in tables: its rule, and all that is not varied."""
        identity = self.identity
        others = {name: v for name, v in identity.parameters.items() if name != self.axis}
        if identity.version:
            rest = json.dumps(others | {FRACTION: 0})
            label = own_label(identity.name, identity.version, 0.0, rest)
            others = {name: v for name, v in others.items() if name == FRACTION}
        else:
            label = rule_label(identity.name, *(others.pop(name, None) for name in LABELLING))
        return label + "".join(f" {name}={exact(value)}" for name, value in others.items())

    @cached_property
    def identity(self) -> "Identity":
        """The identity of its rule at the first position."""
        return identity_of(self.at(self.fraction[0]))

    def at(self, position: float) -> Rule:
        """The rule at that position."""
        given = {"output_fraction": self.output_fraction, **self.fixed}
        if self.whole is None:
            given[self.axis] = self.value(position)
        return rule_from_name(self.rule, **given)

    def value(self, position: float) -> Any:
        """The value of the axis at a position; the next smaller one if it has to be whole."""
        if self.is_share:
            return position
        value = position / _UNIT
        return math.floor(value) if self._kind is int else value

    def position(self, value: float) -> float:
        """The position of a value."""
        return value if self.is_share else value * _UNIT

    def with_positions(self, positions: Iterable[float]) -> "Method":
        """The method with that grid."""
        return replace(self, fraction=tuple(positions))

    @property
    def is_share(self) -> bool:
        """Whether the axis is a plastic fraction P, whose positions are its values."""
        return self.axis == FRACTION and self._kind is float

    @cached_property
    def _kind(self) -> type:
        """The type of the axis."""
        return float if self.rule in RULES else declared(custom_rule_class(self.rule))[self.axis]

    def position_of(self, other: "Identity") -> float | None:
        """Where on the axis a rule is; None if it belongs to another method."""
        name, version, parameters = other
        own = self.identity
        if (name, version) != own[:2] or parameters.keys() != own.parameters.keys():
            return None
        if any(parameters[key] != own.parameters[key] for key in parameters if key != self.axis):
            return None
        return self.position(parameters[self.axis]) if self.whole is None else self.whole

    def grid(self, shape: Shape) -> list[float]:
        """Positions in order, of those with equal counts the smallest only."""
        if self.whole is not None:
            return [self.whole] if self.explored else []
        least = self.least_units / shape.hidden
        wanted = [units / shape.hidden for units in self.units if units < shape.hidden]
        wanted += self.fraction if self.units else sorted(self.fraction)
        seen: dict[Any, float] = {}
        for position in (max(value, least) for value in wanted) if least else wanted:
            if not self.units or len(seen) < GRID:
                seen.setdefault(self._choice(position, shape), position)
        return sorted(seen.values())

    def differs(self, position: float, other: float, shape: Shape) -> bool:
        """Whether a position, P < 1, is allowed and gives another choice than position `other`."""
        try:
            return position < 1 and self._choice(position, shape) != self._choice(other, shape)
        except ConfigError:  # beyond what the rule allows
            return False

    def _choice(self, position: float, shape: Shape) -> Any:
        """A key that positions of the same choice share: counts, or a value for a custom rule."""
        rule = self.at(position)
        return rule.counts(shape) if self.rule in RULES else self.value(position)


def fraction_value(value: Any, name: str = FRACTION) -> float:
    """A fraction as a number, or as text such as "8/785"; raises ConfigError."""
    if isinstance(value, str):
        try:
            value = float(Fraction(value))
        except (ValueError, ZeroDivisionError) as error:
            raise ConfigError(f"{name} must be a number or 'a/b', got {quoted(value)}") from error
    return checks.fraction(name, value)


class Identity(NamedTuple):
    """What a rule is in tables: its name, the version of a custom rule, its parameters."""

    name: str
    version: int
    parameters: Mapping[str, Any]

    @property
    def key(self) -> tuple[str, Any]:
        """Equal for equal rules: the label and the fraction of a rule of the package."""
        name, version, parameters = self
        if version:
            texts = {key: canonical(value) for key, value in sorted(parameters.items())}
            return f"{name} {version}", json.dumps(texts)
        label = rule_label(name, *(parameters.get(part) for part in LABELLING))
        return label, parameters.get(FRACTION, 0.0 if name == READOUT else 1.0)


def identity_of(rule: Rule) -> Identity:
    """The identity of a rule."""
    values = rule_to_dict(rule)
    name, version = values.pop("name"), values.pop("version", 0)
    return Identity(name, version, values.pop("parameters", values))


def identities(table: "pd.DataFrame", runs: "pd.DataFrame") -> list[Identity]:
    """The rules of a table's rows; `runs`: the same rows, labelled."""
    columns = [given(runs, name) if name in runs else [None] * len(runs) for name in PARAMETERS]
    versions = [0] * len(runs)
    texts: list[Any] = [None] * len(runs)
    own = custom_rules(runs).to_numpy()
    if own.any():
        versions, texts = runs["rule_version"].tolist(), runs["parameters"].tolist()
    found = []
    rows = zip(table["rule"], own, versions, texts, *columns, strict=True)
    for name, is_custom, version, text, *values in rows:
        if is_custom:
            found.append(Identity(name, int(version), json.loads(text)))
            continue
        takes = RULES[name][1].takes if name in RULES else ()
        parts = dict(zip(PARAMETERS, values, strict=True))
        there = {k: v for k, v in parts.items() if k in takes and _is_there(v)}
        found.append(Identity(name, 0, there))
    return found


def _is_there(value: Any) -> bool:
    return value is not None and value != "" and value == value


def placed(
    runs: "pd.DataFrame", rules: Iterable[Identity], methods: Iterable[Method]
) -> "pd.DataFrame":
    """Labelled runs with the label of their method, and their position in the place of P.

    A run that belongs to several stands in several rows. Runs of no method stay as they are, unless
    they have the label of one.
    """
    known = {method.label: method for method in methods}
    found = []
    rows = zip(rules, runs["rule"].tolist(), runs[FRACTION].tolist(), strict=True)
    for number, (rule, label, fraction) in enumerate(rows):
        places = {name: method.position_of(rule) for name, method in known.items()}
        own = [(number, name, at) for name, at in places.items() if at is not None]
        found += own or [(number, label, fraction)] * (label not in known)
    numbers, labels, positions = zip(*found, strict=True) if found else ((), (), ())
    picked = runs.iloc[list(numbers)]
    return picked.assign(rule=list(labels), fraction=list(positions)).reset_index(drop=True)
