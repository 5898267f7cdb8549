"""Grids of configs: cartesian products of lists, in Python or in TOML."""

import itertools
import json
import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from energynet import checks
from energynet.config import TrainingConfig
from energynet.cost import expected_seconds
from energynet.errors import ConfigError, FileError
from energynet.files import written_whole
from energynet.rules import PARAMETERS, Rule, rule_from_name, rule_to_dict

_RULE_FIELDS = ("rule", *PARAMETERS)
_AXES = tuple(item.name for item in fields(TrainingConfig) if item.name not in ("rule", "seed"))
_FIELDS = ("hidden", *_RULE_FIELDS, "seeds", *(name for name in _AXES if name != "hidden"))
_MOST_RUNS = 10_000_000  # a slip of the keyboard should not fill the memory

Block = dict[str, tuple[Any, ...]]


@dataclass(frozen=True, init=False, eq=False)
class Grid:
    """The cartesian product of lists of parameters; grids are joined by `+`.

    Parameters
    ----------
    hidden : int or list of int
    rule : name, Rule or list of them
        Default "all".
    fraction, output_fraction, within_units : value or list
        Parameters of the rules given by name.
    seeds : int or list of int
        A count (seeds 0, 1, ... ) or the seeds themselves. Default 1.
    **values
        Any other field of `TrainingConfig`: a value, or a list of values. `alpha` is always one
        value: all its exponents are recorded in each run.

    Attributes
    ----------
    configs : tuple of TrainingConfig
        All runs, each once however often its block names it, the longest first by the estimate of
        `energynet.cost`, so that no long run is left for the end.

    Raises
    ------
    ConfigError
        An unknown field, an empty list, or a value that a config or rule refuses.
    """

    blocks: tuple[Block, ...]

    def __init__(self, **values: Any) -> None:
        object.__setattr__(self, "blocks", tuple(_blocks(values)))
        for block in self.blocks:
            _expand(block)

    @classmethod
    def from_blocks(cls, blocks: tuple[Block, ...]) -> "Grid":
        """A grid of blocks that were checked before."""
        grid = cls.__new__(cls)
        object.__setattr__(grid, "blocks", blocks)
        return grid

    def __add__(self, other: "Grid") -> "Grid":
        if not isinstance(other, Grid):
            return NotImplemented
        return Grid.from_blocks(self.blocks + other.blocks)

    def __len__(self) -> int:
        return len(self.configs)

    def __iter__(self) -> Iterator[TrainingConfig]:
        return iter(self.configs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Grid) and self.configs == other.configs

    def __hash__(self) -> int:
        return hash(self.configs)

    def __repr__(self) -> str:
        return f"Grid({len(self.blocks)} blocks, {len(self)} runs)"

    @cached_property
    def configs(self) -> tuple[TrainingConfig, ...]:
        """All runs without repetition, the longest first."""
        return longest_first(config for block in self.blocks for config in _expand(block))

    def block_configs(self) -> list[list[TrainingConfig]]:
        """The runs of each block by itself."""
        return [list(_expand(block)) for block in self.blocks]

    @classmethod
    def from_toml(cls, path: str | Path) -> "Grid":
        """Read a grid: `[defaults]` with any field, and a `[[block]]` for each product of lists.

        Raises ConfigError with file, block and field; FileError if there is no such file.
        """
        path = Path(path)
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise FileError(f"{path} cannot be read: {error.strerror or error}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path} is not valid TOML: {error}") from error
        try:
            return cls.from_blocks(_blocks_of_toml(content))
        except ConfigError as error:
            raise ConfigError(f"{path}: {error}") from error

    def to_toml(self, path: str | Path) -> None:
        """Write the grid as TOML that `from_toml` reads back; raises FileError."""
        with written_whole(Path(path)) as file:
            file.write(self.toml().encode())

    def toml(self) -> str:
        """The grid as the text of a TOML file."""
        blocks = []
        for block in self.blocks:
            lines = [f"{name} = {json.dumps(list(values))}" for name, values in block.items()]
            blocks.append("\n".join(["[[block]]", *lines]) + "\n")
        return "\n".join(blocks)


def longest_first(configs: Any) -> tuple[TrainingConfig, ...]:
    """Each config once, by falling estimate of its time; equal estimates by content."""
    ordered = {config: expected_seconds(config) for config in configs}
    keys = {config: json.dumps(config.to_dict(), sort_keys=True) for config in ordered}
    return tuple(sorted(ordered, key=lambda config: (-ordered[config], keys[config])))


def _blocks_of_toml(content: Mapping[str, Any]) -> tuple[Block, ...]:
    for name in content:
        if name not in ("defaults", "block"):
            raise ConfigError(f"unknown table or key {name!r}; known are [defaults] and [[block]]")
    defaults, blocks = content.get("defaults", {}), content.get("block", [])
    if not isinstance(defaults, dict):
        raise ConfigError(f"defaults must be a table, [defaults], got {defaults!r}")
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise ConfigError("block must be a list of tables: write [[block]], not [block]")
    if not blocks:
        raise ConfigError("there must be at least one [[block]]")
    _check_names(defaults, "[defaults]")
    checked: list[Block] = []
    for number, block in enumerate(blocks, 1):
        try:
            for part in _blocks({**defaults, **block}):
                _expand(part)
                checked.append(part)
        except ConfigError as error:
            raise ConfigError(f"block {number}: {error}") from error
    return tuple(checked)


def _check_names(values: Mapping[str, Any], where: str = "") -> None:
    for name in values:
        if name == "seed":
            raise ConfigError(
                f"{where}: seed is not a field: use seeds, a count or a list".lstrip(": ")
            )
        if name not in _FIELDS:
            known = ", ".join(_FIELDS)
            raise ConfigError(f"{where}: unknown field {name!r}; known are {known}".lstrip(": "))


def _blocks(values: Mapping[str, Any]) -> Iterator[Block]:
    """Blocks of plain values: one for the rules given by name, one for each Rule object."""
    _check_names(values)
    axes = {name: _axis(name, value) for name, value in values.items()}
    if "hidden" not in axes:
        raise ConfigError("hidden must be given: the number of hidden units, or a list")
    rules = axes.get("rule", ("all",))
    objects = [rule for rule in rules if not isinstance(rule, str)]
    names = tuple(rule for rule in rules if isinstance(rule, str))
    if objects and any(name in axes for name in PARAMETERS):
        given = next(name for name in PARAMETERS if name in axes)
        raise ConfigError(f"{given} must be left out where a rule is an object, not a name")
    if names:
        yield {name: axes[name] for name in _FIELDS if name in axes} | (
            {"rule": names} if "rule" in axes else {}
        )
    for rule in objects:
        yield {**_without_rule(axes), **_rule_axes(rule)}


def _without_rule(axes: Block) -> Block:
    return {name: axes[name] for name in _FIELDS if name in axes and name not in _RULE_FIELDS}


def _rule_axes(rule: Rule) -> Block:
    values = rule_to_dict(rule)
    return {"rule": (values.pop("name"),), **{name: (value,) for name, value in values.items()}}


def _axis(name: str, value: Any) -> tuple[Any, ...]:
    """The values of one field in their declared type."""
    if name == "seeds" and not _is_list(value):
        return tuple(range(checks.integer("seeds", value, 1, _MOST_RUNS)))
    if name == "alpha":
        value = value if _is_list(value) else [value]
    values = tuple(value) if _is_list(value) else (value,)
    if not values and name != "alpha":
        raise ConfigError(f"{name} must have at least one value, got an empty list")
    return tuple(_plain(name, item) for item in values)


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple | range) or hasattr(value, "tolist")


def _plain(name: str, value: Any) -> Any:
    """The value, if it is one that this field may have; raises ConfigError."""
    if hasattr(value, "item"):
        value = value.item()  # a NumPy scalar
    if name == "rule":
        if not isinstance(value, str) and not hasattr(value, "plan"):
            raise ConfigError(f"rule must be a name or a plasticity rule, got {value!r}")
        return value
    if name == "seeds":
        return checks.integer("seeds", value, 0, 2**63 - 1)
    if name in PARAMETERS:
        if name == "output_fraction" and value == "balanced":
            return value
        allowed = "a number in (0, 1]" + (" or 'balanced'" if name == "output_fraction" else "")
        return checks.number(name, value, allowed, above=0.0, up_to=1.0)
    config = TrainingConfig(**{"hidden": 1, name: value})
    checked = getattr(config, name)
    return checked[0] if name == "alpha" else checked


def _expand(block: Block) -> tuple[TrainingConfig, ...]:
    """All configs of a block; raises ConfigError where rule and parameters do not go together."""
    runs = math.prod(len(values) for name, values in block.items() if name != "alpha")
    if runs > _MOST_RUNS:
        raise ConfigError(f"a block must have at most {_MOST_RUNS:,} runs, got {runs:,}")
    rule_axes = [block.get(name, ("all",) if name == "rule" else (None,)) for name in _RULE_FIELDS]
    rules = [
        rule_from_name(name, **dict(zip(PARAMETERS, parameters, strict=True)))
        for name, *parameters in itertools.product(*rule_axes)
    ]
    fixed: dict[str, Any] = {"alpha": block["alpha"]} if "alpha" in block else {}
    names = [name for name in _AXES if name in block and name != "alpha"]
    products = itertools.product(rules, block.get("seeds", (0,)), *(block[name] for name in names))
    return tuple(
        TrainingConfig(rule=rule, seed=seed, **fixed, **dict(zip(names, rest, strict=True)))
        for rule, seed, *rest in products
    )
