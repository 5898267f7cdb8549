"""Grids of configs: cartesian products of lists, in Python or in TOML."""

import itertools
import json
import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from energynet.config import SETTINGS, TrainingConfig
from energynet.data.named import MNIST
from energynet.errors import ConfigError, FileError
from energynet.rules.base import Rule
from energynet.rules.names import (
    PARAMETERS,
    check_rule_name,
    is_rule,
    parameters_taken,
    rule_from_name,
    rule_to_dict,
)
from energynet.support import checks
from energynet.support.checks import pluralize, quoted
from energynet.support.files import written_whole
from energynet.support.html import html_table
from energynet.sweeps import named_files
from energynet.sweeps.estimates import longest_first
from energynet.sweeps.named_files import READERS, Arrays, NamedFile, named_file, with_files

_RULE_FIELDS = ("rule", *PARAMETERS)
_SPECIAL = {"rule", "seed", "alpha"}
_AXES = tuple(name for name in SETTINGS if name not in _SPECIAL)
_FIELDS = ("hidden", *_RULE_FIELDS, "params", "seeds", *_AXES[1:], "alpha")
_TOGETHER = ("margin", "dtype", "hold", "test_every", "max_steps")  # what configs compare
_PARAM = "params."  # before the names of parameters of custom rules
_MOST_RUNS = 1_000_000  # a slip of the keyboard should not fill the memory

Block = dict[str, tuple[Any, ...]]


@dataclass(frozen=True, init=False, eq=False)
class Grid:
    """The cartesian product of lists of parameters; grids are joined by `+`.

    Parameters
    ----------
    hidden : int or list of int
    rule : name, Rule or list of them
        Default "all". A custom rule has the name `module:Class`.
    fraction, output_fraction, within_units : value or list
        Parameters of the rules given by name. Each is left out for the rules that do not take it;
        at least one rule must take it.
    mask : path or list of paths
        Files for the rule `fixed-given`, read when the grid is made. The mask is part of the runs;
        where its file is does not matter.
    params : dict
        The same for parameters of custom rules: name to value or list.
    seeds : int or list of int
        A count (seeds 0, 1, ... ) or the seeds themselves. Default 1.
    start : path or list of paths
        Files of networks to start from, "none" for initial weights. What a file holds is part of
        the runs, and read when the grid is made; where it is does not matter.
    **values
        Any other field of `TrainingConfig`: a value, or a list of values. `alpha` is always one
        value: all its exponents are recorded in each run.

    Attributes
    ----------
    configs : tuple of TrainingConfig
        All runs, equal ones once, the longest first by `energynet.sweeps.estimates`, so that no
        long run is left for the end.
    data : str or None
        What the grid's file names as its data: "mnist", or the path of a folder or `.npz` file.

    Raises
    ------
    ConfigError
        An unknown field, an empty list, or a value that a config or rule refuses.
    """

    blocks: tuple[Block, ...]
    data: str | None

    def __init__(self, **values: Any) -> None:
        object.__setattr__(self, "blocks", tuple(_blocks(values)))
        object.__setattr__(self, "data", None)

    @classmethod
    def from_blocks(cls, blocks: tuple[Block, ...], data: str | None = None) -> "Grid":
        """A grid of blocks that were checked before."""
        grid = cls.__new__(cls)
        object.__setattr__(grid, "blocks", blocks)
        object.__setattr__(grid, "data", data)
        return grid

    def __add__(self, other: "Grid") -> "Grid":
        if not isinstance(other, Grid):
            return NotImplemented
        named = sorted({data for data in (self.data, other.data) if data is not None})
        if len(named) > 1:
            raise ConfigError(f"grids must be of the same data to be joined, got {named}")
        return Grid.from_blocks(self.blocks + other.blocks, *named)

    def __len__(self) -> int:
        return len(self.configs)

    def __iter__(self) -> Iterator[TrainingConfig]:
        return iter(self.configs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Grid) and self.configs == other.configs and self.data == other.data

    def __hash__(self) -> int:
        return hash(self.configs)

    def __repr__(self) -> str:
        return f"Grid({pluralize(len(self.blocks), 'block')}, {pluralize(len(self), 'run')})"

    def _repr_html_(self) -> str:
        rows = []
        for number, block in enumerate(self.blocks, 1):
            values = [f"{name} = {_some(values)}" for name, values in block.items()]
            rows.append((f"block {number}", "; ".join(values)))
        return html_table(repr(self), rows)

    @cached_property
    def configs(self) -> tuple[TrainingConfig, ...]:
        """All runs without repetition, the longest first."""
        return longest_first(config for block in self.blocks for config in _expand(block))

    @property
    def arrays(self) -> dict[str, Arrays]:
        """What the grid's files hold for its runs, by the digits of the content."""
        return {
            file.digits(dtype): file.held.arrays(dtype)
            for block in self.blocks
            for file in itertools.chain.from_iterable(block.get(name, ()) for name in READERS)
            if isinstance(file, NamedFile)
            for dtype in block.get("dtype", (TrainingConfig.dtype,))
        }

    def apart(self) -> "list[Grid]":
        """Each block as a grid."""
        return [Grid.from_blocks((block,), self.data) for block in self.blocks]

    @classmethod
    def from_toml(cls, path: str | Path) -> "Grid":
        """Read a grid: `[defaults]` with any field, and a `[[block]]` for each product of lists.

        Before them, `data = "..."` may name the data: "mnist", or a folder or `.npz` file, relative
        to the folder of the grid's file.

        Raises ConfigError with file, block and field; FileError if there is no such file.
        """
        path = checks.path("grid", path)
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8-sig"))  # with or without a BOM
        except OSError as error:
            raise FileError(f"{path} cannot be read: {checks.error_text(error)}") from error
        except ValueError as error:
            raise ConfigError(f"{path} is not valid TOML: {checks.error_text(error)}") from error
        try:
            data = _data_of_toml(content.pop("data", None), path)
            return cls.from_blocks(_blocks_of_toml(content, path.resolve().parent), data)
        except ConfigError as error:
            raise ConfigError(f"{path}: {error}") from error

    def to_toml(self, path: str | Path) -> None:
        """Write the grid as TOML that `from_toml` reads back; raises FileError."""
        with written_whole(checks.path("path", path)) as file:
            file.write(self.toml().encode())

    def toml(self) -> str:
        """The grid as the text of a TOML file; raises ConfigError for a mask without a file."""
        named_files.check_masks_have_files(self.blocks)
        blocks = []
        for block in self.blocks:
            lines = [f"{_key(name)} = {_toml(_told(values))}" for name, values in block.items()]
            blocks.append("\n".join(["[[block]]", *lines]) + "\n")
        named = [] if self.data is None else [f"data = {_toml(self.data)}\n"]
        return "\n".join(named + blocks)


def _data_of_toml(name: Any, path: Path) -> str | None:
    """The data that a file names, as a name that holds in any folder."""
    if name is None:
        return None
    if isinstance(name, str) and name == MNIST:
        return MNIST
    return str((path.resolve().parent / checks.path("data", name)).resolve())


def _key(name: str) -> str:
    """A field, or `params.` and a name that need not be of ASCII alone."""
    table, point, parameter = name.rpartition(".")
    return f"{table}{point}{_toml(parameter)}" if table else name


def _toml(value: Any) -> str:
    """JSON is TOML but for escapes of characters in two halves, and one control character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _told(values: tuple[Any, ...]) -> list[Any]:
    """The values as TOML can hold them: it knows no None."""
    return ["none" if value is None else value for value in values]


def _some(values: tuple[Any, ...]) -> str:
    """The values in few words."""
    if len(values) > 8:
        return f"{values[0]}, {values[1]} ... {values[-1]} ({len(values)} values)"
    return ", ".join(map(str, values))


def _blocks_of_toml(content: Mapping[str, Any], folder: Path) -> tuple[Block, ...]:
    for name in content:
        if name not in ("defaults", "block"):
            hint = checks.suggestion(name, ("data", "defaults", "block"))
            raise ConfigError(
                f"unknown table or key {quoted(name)}; known are data, [defaults] and"
                f" [[block]]{hint}"
            )
    defaults, blocks = content.get("defaults", {}), content.get("block", [])
    if not isinstance(defaults, dict):
        raise ConfigError(f"defaults must be a table, [defaults], got {quoted(defaults)}")
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise ConfigError("block must be a list of tables: write [[block]], not [block]")
    if not blocks:
        raise ConfigError("there must be at least one [[block]]")
    try:
        defaults = with_files(defaults, folder)
        _axes(defaults)
    except ConfigError as error:
        raise ConfigError(f"[defaults]: {error}") from error
    checked: list[Block] = []
    for number, block in enumerate(blocks, 1):
        try:
            checked += _blocks({**defaults, **with_files(block, folder)})
        except ConfigError as error:
            raise ConfigError(f"block {number}: {error}") from error
    return tuple(checked)


def _axes(values: Mapping[str, Any]) -> Block:
    """The values of each field as a tuple, checked one by one."""
    for name in values:
        if name == "seed":
            raise ConfigError("'seed' is not a field of a grid: use 'seeds', a count or a list")
        if name == "data":
            raise ConfigError(
                "data is not a field of a block: put data = ... at the top of the file, before the"
                " first table, or pass data to sweep"
            )
        if name not in _FIELDS:
            hint = checks.suggestion(name, _FIELDS)
            raise ConfigError(f"unknown field {quoted(name)}; known are {', '.join(_FIELDS)}{hint}")
    params = values.get("params", {})
    if not isinstance(params, Mapping):
        raise ConfigError(f"params must be a table of names and values, got {quoted(params)}")
    axes = {name: _axis(name, values[name]) for name in _FIELDS if name in {*values} - {"params"}}
    return axes | {
        f"{_PARAM}{name}": _axis(f"{_PARAM}{name}", value) for name, value in params.items()
    }


def _blocks(values: Mapping[str, Any]) -> list[Block]:
    """Blocks of plain values: one for the rules given by name, one for each Rule object."""
    axes = _axes(values)
    if "hidden" not in axes:
        raise ConfigError("hidden must be given: the number of hidden units, or a list")
    rules = axes.get("rule", ("all",))
    objects = [rule for rule in rules if not isinstance(rule, str)]
    names = tuple(rule for rule in rules if isinstance(rule, str))
    given = [name for name in axes if name in PARAMETERS or name.startswith(_PARAM)]
    if given and not names:
        raise ConfigError(
            f"'{given[0]}' must be left out if all rules are objects: it is for rules by name"
        )
    blocks = [_without_rule(axes) | _rule_axes(rule) for rule in objects]
    if names:
        blocks.insert(0, axes | ({"rule": names} if "rule" in axes else {}))
    for block in blocks:
        _check_together(block)
    return blocks


def _check_together(block: Block) -> None:
    """Raise ConfigError if values do not go together, or runs are too many."""
    others = [values for name, values in _without_rule(block).items() if name != "alpha"]
    rules = sum(math.prod(map(len, lists.values())) for _, lists in _lists(block))
    runs = rules * math.prod(map(len, others))
    if runs > _MOST_RUNS:
        raise ConfigError(f"a block must have at most {_MOST_RUNS:,} runs, got {runs:,}")
    _rules(block)
    names = [name for name in _TOGETHER if name in block]
    for given in itertools.product(*(block[name] for name in names)):
        TrainingConfig(hidden=1, **dict(zip(names, given, strict=True)))


def _without_rule(axes: Block) -> Block:
    return {
        name: values
        for name, values in axes.items()
        if name not in _RULE_FIELDS and not name.startswith(_PARAM)
    }


def _rule_axes(rule: Rule) -> Block:
    values = rule_to_dict(rule) | named_files.mask_axis(rule)
    values |= {f"{_PARAM}{key}": value for key, value in values.pop("parameters", {}).items()}
    values.pop("version", None)
    return {"rule": (values.pop("name"),), **{name: (value,) for name, value in values.items()}}


def _axis(name: str, value: Any) -> tuple[Any, ...]:
    """The values of one field in their declared type."""
    several = isinstance(value, list | tuple | range) or getattr(value, "ndim", 0) > 0
    if several and len(value) > _MOST_RUNS:
        raise ConfigError(f"{name} must have at most {_MOST_RUNS:,} values, got {len(value):,}")
    if name == "seeds" and not several:
        return tuple(range(checks.integer("seeds", value, 1, _MOST_RUNS)))
    values = tuple(checks.entries(value)) if several else (value,)
    if not values and name != "alpha":
        raise ConfigError(f"{name} must have at least one value, got an empty list")
    return tuple(_checked(name, item) for item in values)


def _checked(name: str, value: Any) -> Any:
    """The value, if it is one that this field may have; raises ConfigError."""
    value = checks.unwrap(value)
    if name == "rule":
        if isinstance(value, str):
            return check_rule_name(value)
        if is_rule(value):
            return value
        raise ConfigError(f"rule must be a name or a plasticity rule, got {quoted(value)}")
    if name == "seeds":
        return SETTINGS["seed"].check("seeds", value)
    if name == "alpha":
        return checks.fraction("alpha", value)
    if name in named_files.FILES:
        return named_file(name, value)
    if name.startswith(_PARAM):
        return checks.simple(name, value)
    if name == "output_fraction" and isinstance(value, str) and value == "balanced":
        return value
    if name in PARAMETERS:
        allowed = "a number in (0, 1]" + (" or 'balanced'" if name == "output_fraction" else "")
        return checks.number(name, value, allowed, above=0.0, up_to=1.0)
    return SETTINGS[name].check(name, value)


def _rules(block: Block) -> list[Rule]:
    """Every rule with every combination of the parameters that it takes."""
    return [
        rule_from_name(rule, **dict(zip(lists, values, strict=True)))
        for rule, lists in _lists(block)
        for values in itertools.product(*lists.values())
    ]


def _lists(block: Block) -> list[tuple[str, Block]]:
    """Each rule with the values of its parameters.

    Parameters that only other rules take are left out; what none takes stays, to be refused.
    """
    named = {name: block[name] for name in PARAMETERS if name in block}
    for name, values in block.items():
        if name.startswith(_PARAM):
            parameter = name.removeprefix(_PARAM)
            if parameter in named:
                raise ConfigError(f"{parameter} must be given once, not among params as well")
            named[parameter] = values
    taken = {rule: parameters_taken(rule) for rule in block.get("rule", ("all",))}
    anywhere = {name for names in taken.values() for name in names}
    return [
        (rule, {name: named[name] for name in named if name in names or name not in anywhere})
        for rule, names in taken.items()
    ]


def _expand(block: Block) -> Iterator[TrainingConfig]:
    """All configs of a block, in the order of its lists."""
    names = [name for name in _AXES if name in block]
    products = itertools.product(
        _rules(block), block.get("seeds", (0,)), *(block[name] for name in names)
    )
    alpha = block.get("alpha", ())
    for rule, seed, *values in products:
        fields = dict(zip(names, values, strict=True))
        if isinstance(start := fields.get("start"), NamedFile):
            fields["start"] = start.digits(fields.get("dtype", TrainingConfig.dtype))
        config = TrainingConfig(rule=rule, seed=seed, alpha=alpha, **fields)
        if isinstance(start, NamedFile):
            start.held.check(config)
        yield config
