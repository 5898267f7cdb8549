"""Presets: what a study runs, read from TOML."""

import itertools
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from fractions import Fraction
from importlib.resources import files
from typing import Any

from energynet.analysis.methods import ALL, READOUT, rule_label
from energynet.config import TrainingConfig
from energynet.errors import ConfigError
from energynet.rules.base import Rule, Shape
from energynet.rules.names import rule_from_name
from energynet.support import checks
from energynet.support.checks import quoted

PRESETS = ("quick", "hidden", "network", "sensitivity", "robustness", "published")
BOTH = "poster"  # both readings of P, one after the other
GRID = 8  # fractions of a grid that is given by numbers of units
READINGS_OF = {BOTH: ("hidden", "network")}


@dataclass(frozen=True, kw_only=True)
class Method:
    """A rule with the fractions to try at some sizes.

    Attributes
    ----------
    rule, output_fraction
        As the command line takes them.
    hidden : tuple of int
    fraction : tuple of float
        The grid; with `units`, what completes these to eight different masks.
    units : tuple of int
        Numbers of plastic hidden units to try, as far as they are below nh.
    least_units : int
        So many hidden units are plastic at least.
    control : bool
        Only compared with: its grid is not extended.
    """

    rule: str
    hidden: tuple[int, ...]
    fraction: tuple[float, ...] = (1.0,)
    output_fraction: float | str | None = None
    units: tuple[int, ...] = ()
    least_units: int = 0
    control: bool = False

    @property
    def label(self) -> str:
        """The label of its rows in tables."""
        return rule_label(self.rule, self.output_fraction)

    @property
    def whole(self) -> float | None:
        """The one fraction of a rule that takes none: 1 for `all`, 0 for `readout`; else None."""
        return {ALL: 1.0, READOUT: 0.0}.get(self.rule)

    def at(self, fraction: float) -> Rule:
        """The rule at that fraction."""
        if self.whole is not None:
            return rule_from_name(self.rule)
        return rule_from_name(self.rule, fraction=fraction, output_fraction=self.output_fraction)

    def grid(self, shape: Shape) -> list[float]:
        """Fractions in order, of those with equal counts the smallest only."""
        if self.whole is not None:
            return [self.whole]
        least = self.least_units / shape.hidden
        wanted = [units / shape.hidden for units in self.units if units < shape.hidden]
        wanted += self.fraction if self.units else sorted(self.fraction)
        seen: dict[Any, float] = {}
        for fraction in (max(value, least) for value in wanted):
            if not self.units or len(seen) < GRID:
                seen.setdefault(self.at(fraction).counts(shape), fraction)
        return sorted(seen.values())


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A study: settings, seeds, methods, and the runs that single statements need.

    Attributes
    ----------
    name, title : str
    settings : mapping
        Fields of TrainingConfig for all runs.
    vary : mapping
        Fields of TrainingConfig with lists of values: each combination is a separate study.
    seeds : mapping
        "exploration" and "confirmation" to lists.
    energies : tuple of str
        Columns of energies that each have their own best fraction.
    one_size_at_a_time : bool
        Finish a size of network before the next.
    verdicts : bool
        Judge the statements and write figures and a report; else the tables alone.
    extend, long, skip : mapping
        How grids are extended, runs repeated with more steps, further seeds left out.
    method : tuple of Method
    runs : tuple of mapping
        Blocks of runs that nothing else decides.
    much_fewer : bool
        Confirm the largest P <= P*/3, too: statement 2.
    admitted : float
        Confirm the best P from this one on, too: what if smaller ones are not admitted?
    matched : tuple of mapping
        Large networks against small ones: statement 3.
    long_after, accurate : mapping
        Runs beyond the criterion, at P* and where they keep the accuracy: statement 11.
    both_sides, around : mapping
        Fractions on both sides of a limit, and around it: statement 12.
    """

    name: str
    title: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    vary: Mapping[str, Any] = field(default_factory=dict)
    seeds: Mapping[str, Any] = field(default_factory=dict)
    energies: tuple[str, ...] = ()
    one_size_at_a_time: bool = False
    verdicts: bool = True
    extend: Mapping[str, Any] = field(default_factory=dict)
    long: Mapping[str, Any] = field(default_factory=dict)
    skip: Mapping[str, Any] = field(default_factory=dict)
    method: tuple[Method, ...] = ()
    runs: tuple[Mapping[str, Any], ...] = ()
    much_fewer: bool = False
    admitted: float = 0.0
    matched: tuple[Mapping[str, Any], ...] = ()
    long_after: Mapping[str, Any] = field(default_factory=dict)
    accurate: Mapping[str, Any] = field(default_factory=dict)
    both_sides: Mapping[str, Any] = field(default_factory=dict)
    around: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sizes(self) -> tuple[int, ...]:
        """All sizes of networks, ascending."""
        blocks = [*(method.hidden for method in self.method), *(run["hidden"] for run in self.runs)]
        return tuple(sorted({hidden for block in blocks for hidden in block}))

    def variants(self) -> Iterator[dict[str, Any]]:
        """Settings of each study: one for each combination of `vary`."""
        for values in itertools.product(*self.vary.values()):
            yield {**self.settings, **dict(zip(self.vary, values, strict=True))}

    def with_settings(self, **settings: Any) -> "Preset":
        """The same study with some settings changed."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return Preset(**{**values, "settings": {**self.settings, **settings}})


def load_presets(name: str) -> list[Preset]:
    """The presets to run for a name: one, or for "poster" both readings; raises ConfigError."""
    checks.choice("preset", name, (*PRESETS, *READINGS_OF))
    return [load_preset(each) for each in READINGS_OF.get(name, (name,))]


def load_preset(name: str) -> Preset:
    """One of the presets of the package; raises ConfigError."""
    checks.choice("preset", name, PRESETS)
    text = (files("energynet.studies.stages") / "presets" / f"{name}.toml").read_text("utf-8-sig")
    return preset_from_dict(name, tomllib.loads(text))


def preset_from_dict(name: str, values: Mapping[str, Any]) -> Preset:
    """A preset from plain values, every configuration in it checked; raises ConfigError."""
    known = [item.name for item in fields(Preset) if item.name != "name"]
    for key in values:
        if key not in known:
            raise ConfigError(f"preset {name}: unknown {quoted(key)}; known are {', '.join(known)}")
    try:
        methods = tuple(_method(block) for block in values.get("method", ()))
        energies = tuple(values.get("energies", ()))
        blocks = {name: tuple(values.get(name, ())) for name in ("runs", "matched")}
        rest = {**values, "method": methods, "energies": energies, **blocks}
        preset = Preset(**{"title": name, **rest, "name": name})
        for variant in preset.variants():
            TrainingConfig(hidden=1, **variant)
    except (TypeError, KeyError, ConfigError) as error:
        raise ConfigError(f"preset {name}: {error}") from error
    return preset


def _method(block: Mapping[str, Any]) -> Method:
    values = {**block, "hidden": tuple(block["hidden"])}
    if "units" in block:
        values["units"] = tuple(block["units"])
    if "fraction" in block:
        values["fraction"] = tuple(fraction_value(value) for value in block["fraction"])
    method = Method(**values)
    for fraction in method.fraction:
        method.at(fraction)
    return method


def fraction_value(value: Any) -> float:
    """A fraction as a number, or as text such as "8/785"; raises ConfigError."""
    if isinstance(value, str):
        try:
            value = float(Fraction(value))
        except (ValueError, ZeroDivisionError) as error:
            raise ConfigError(f"fraction must be a number or 'a/b', got {quoted(value)}") from error
    return checks.fraction("fraction", value)
