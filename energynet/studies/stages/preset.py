"""Presets: what a study runs, as a file in TOML or as plain values.

    title = "Is my rule better?"
    data = "digits.npz"               # or a folder, next to this file; default: MNIST
    hidden = [30, 100]                # of methods that name none
    energies = ["m0", "m1"]           # each has its own best value; "m_alpha_0.5" with alpha in
                                      # [settings]; "cost_upkeep" if a rule reports that cost

    [settings]                        # fields of a config, for all runs
    target_accuracy = 0.9
    max_steps = 100_000

    [seeds]
    exploration = [0, 1, 2]           # choose the best value
    confirmation = [100, 101, 102]    # estimate there; no seed may be in both; without this table
                                      # 0 to 2 explore and 100 to 107 confirm

    [extend]                          # beyond the ends of a grid: a third of the best value, or
    times = 2                         # twice, at most so many times

    [[method]]
    rule = "all"                      # without a list: one cell, confirmed at once

    [[method]]
    rule = "largest"
    fraction = [0.01, 0.03, 0.1]      # the list is the axis

    [[method]]
    rule = "mine:Mine"                # MODULE:CLASS, or the name of an entry point
    axis = "threshold"                # may be left out: there is one list
    threshold = [1e-4, 1e-3]
    slope = 0.5                       # other parameters have one value; also as params = {...}

The presets of the package are such files. This one compares its methods with one another. With
`verdicts = true` the statements of the poster are judged; then tables that they alone need are
known, too.
"""

import itertools
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from importlib.resources import files
from pathlib import Path
from typing import Any

from energynet.analysis.runs import SeedSets, seed_sets
from energynet.config import TrainingConfig
from energynet.data.named import MNIST
from energynet.errors import ConfigError, EnergynetError, FileError
from energynet.studies.stages.method import Method
from energynet.studies.stages.parsing import (
    check_energies,
    check_name,
    check_tables,
    listed,
    methods_of,
    with_masks,
)
from energynet.support import checks
from energynet.support.checks import quoted

PRESETS = ("quick", "hidden", "network", "sensitivity", "robustness", "published")
BOTH = "poster"  # both readings of P, one after the other
READINGS_OF = {BOTH: ("hidden", "network")}
# The keys that the docs explain; presets of the package use others, too.
_OF_COMPARISONS = (
    *("title", "data", "hidden", "energies", "settings", "vary", "seeds", "extend", "method"),
)


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
        Judge the statements of the poster; else compare the methods with one another.
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
        Runs beyond the criterion, at P* and at a P that keeps the accuracy: statement 11.
    both_sides, around : mapping
        Fractions on both sides of a limit, and around it: statement 12.
    data : str or None
        "mnist", or the path of a folder or `.npz` file; None: MNIST.
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
    data: str | None = None

    @property
    def sizes(self) -> tuple[int, ...]:
        """All sizes of networks, ascending."""
        blocks = [*(method.hidden for method in self.method), *(run["hidden"] for run in self.runs)]
        return tuple(sorted({hidden for block in blocks for hidden in block}))

    @property
    def compares(self) -> bool:
        """Whether it ends with a comparison of its methods."""
        return bool(self.method) and not self.verdicts

    @property
    def seed_sets(self) -> SeedSets:
        """Which of its seeds choose, and which estimate."""
        return SeedSets(*(tuple(self.seeds.get(name, ())) for name in SeedSets._fields))

    def variants(self) -> Iterator[dict[str, Any]]:
        """Settings of each study: one for each combination of `vary`."""
        for values in itertools.product(*self.vary.values()):
            yield {**self.settings, **dict(zip(self.vary, values, strict=True))}

    def with_settings(self, **settings: Any) -> "Preset":
        """The same study with some settings changed."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return Preset(**{**values, "settings": {**self.settings, **settings}})


def load_presets(name: str) -> list[Preset]:
    """The presets to run for a name: one, for "poster" both readings, or that of a file `.toml`.

    Raises ConfigError, FileError.
    """
    if is_file(name):
        return [preset_from_toml(name)]
    if name not in (*PRESETS, *READINGS_OF):
        hint = checks.suggestion(name, (*PRESETS, *READINGS_OF))
        raise ConfigError(
            f"preset must be one of {', '.join((*PRESETS, *READINGS_OF))}, or the path of a file"
            f" that ends with .toml, got {quoted(name)}{hint}"
        )
    return [load_preset(each) for each in READINGS_OF.get(name, (name,))]


def is_file(name: str) -> bool:
    """Whether the name of a preset is that of a file."""
    return name.endswith(".toml")


def load_preset(name: str) -> Preset:
    """One of the presets of the package; raises ConfigError."""
    checks.choice("preset", name, PRESETS)
    text = (files("energynet.studies.stages") / "presets" / f"{name}.toml").read_text("utf-8-sig")
    return preset_from_dict(name, tomllib.loads(text))


def preset_from_toml(path: str | Path) -> Preset:
    """The preset of a file, which judges no statements unless it says so.

    Its data, if it names any, and masks are relative to the folder of the file. Raises ConfigError,
    which names the file and the key, if the content is not valid, and FileError if it cannot be
    read.
    """
    path = checks.path("preset", path)
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise FileError(f"preset {path} cannot be read: {checks.error_text(error)}") from error
    except ValueError as error:
        raise ConfigError(f"preset {path} is not valid TOML: {checks.error_text(error)}") from error
    folder = path.resolve().parent
    try:
        values = {"verdicts": False, **values}
        if "data" in values and values["data"] != MNIST:
            values["data"] = str(folder / checks.path("data", values["data"]))
        check_name(path.stem)
        return preset_of(path.stem, with_masks(values, folder))
    except EnergynetError as error:
        raise type(error)(f"preset {path}: {error}") from error


def preset_from_dict(name: str, values: Mapping[str, Any]) -> Preset:
    """A preset from plain values, every configuration in it checked; raises ConfigError."""
    try:
        return preset_of(name, values)
    except ConfigError as error:
        raise ConfigError(f"preset {name}: {error}") from error


def preset_of(name: str, values: Mapping[str, Any]) -> Preset:
    """`preset_from_dict`, without the name in its errors."""
    known = [item.name for item in fields(Preset) if item.name != "name"] + ["hidden"]
    for key in values:
        if key not in known:
            hint = checks.suggestion(key, _OF_COMPARISONS)
            names = ", ".join(_OF_COMPARISONS)
            raise ConfigError(f"unknown {quoted(key)}; known are {names}{hint}")
    check_tables(values)
    verdicts, sizes = values.get("verdicts", True), values.get("hidden")
    blocks = {key: tuple(values.get(key, ())) for key in ("runs", "matched")}
    methods = methods_of(values.get("method", ()), sizes, everything_explored=verdicts)
    rest = {key: value for key, value in values.items() if key != "hidden"}
    energies = values.get("energies", () if verdicts or not methods else ("m0", "m1"))
    energies = tuple(listed("energies", energies)) if "energies" in values else energies
    rest |= {"method": methods, "energies": energies, **blocks}
    if methods and not verdicts:
        rest["seeds"] = seed_sets(values.get("seeds"))._asdict()
    try:
        preset = Preset(**{"title": name, **rest, "name": name})
        for variant in preset.variants():
            TrainingConfig(hidden=1, **variant)
    except (TypeError, KeyError) as error:
        raise ConfigError(checks.error_text(error)) from error
    alphas = {TrainingConfig(hidden=1, **variant).alpha for variant in preset.variants()}
    if preset.compares:
        check_energies(preset.energies, set.intersection(*map(set, alphas)), methods)
    return preset
