"""The tables of a preset, checked before work starts: errors name key, value, what is allowed."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from energynet.analysis.methods import ALL
from energynet.analysis.runs import SeedSets, seed_sets
from energynet.config import SETTINGS
from energynet.errors import ConfigError
from energynet.rules.custom import PlasticityRule, declared
from energynet.rules.given import GivenMask, MaskFile
from energynet.rules.importing import check_importable, custom_rule_class
from energynet.rules.names import (
    RULES,
    check_rule_name,
    is_rule,
    parameters_taken,
    rule_to_dict,
)
from energynet.studies.stages.method import LARGEST, Method, fraction_value
from energynet.support import checks
from energynet.support.checks import quoted
from energynet.support.format import exact
from energynet.training.result import cost_column, energy_column

_OWN = ("rule", "hidden", "axis", "units", "least_units", "control", "params")  # keys of a method
_AMBIGUOUS = {"axis", "units", "least_units", "control"}  # which a custom rule may declare, too
_SIZES = 2**31 - 2
# Fields of a config that all runs of a study may share.
SHARED = tuple(name for name in SETTINGS if name not in ("hidden", "rule", "seed"))
# Only the statements of the poster need these.
OF_STATEMENTS = (
    *("much_fewer", "admitted", "matched", "long_after", "accurate", "both_sides", "around"),
)
_TABLES = {  # of whole numbers, except for `points`
    "extend": {"times"},
    "long": {"max_steps", "up_to"},
    "skip": {"from", "points"},
}


def check_tables(values: Mapping[str, Any]) -> None:
    """Raise ConfigError for tables and lists of a preset that cannot be used."""
    for key in ("one_size_at_a_time", "verdicts", "much_fewer"):
        checks.flag(key, values.get(key, False))
    for key in ("settings", "vary", "seeds", *_TABLES):
        if not isinstance(values.get(key, {}), Mapping):
            raise ConfigError(f"{key} must be a table, [{key}], got {quoted(values[key])}")
    for key in ("settings", "vary"):
        for name in values.get(key, {}):
            if name not in SHARED:
                hint = checks.suggestion(name, SHARED)
                raise ConfigError(
                    f"{key} must hold fields of a config ({', '.join(SHARED)}), got"
                    f" {quoted(name)}{hint}"
                )
    for name, several in values.get("vary", {}).items():
        listed(f"vary.{name}", several)
    for key, names in _TABLES.items():
        _check_table(key, values.get(key, {}), names)
    compared = not values.get("verdicts", True)
    both = {*SeedSets._fields} <= {*values.get("seeds", {})}
    if values.get("method") and (both or compared):
        seed_sets(values.get("seeds"))
    if compared:
        for key in OF_STATEMENTS:
            if values.get(key):
                raise ConfigError(
                    f"{key} must be left out without verdicts = true: the statements alone need it"
                )


def _check_table(key: str, table: Mapping[str, Any], names: set[str]) -> None:
    if table and {*table} != names:
        wanted = " and ".join(f"'{name}'" for name in sorted(names))
        hint = checks.suggestion(next(iter({*table} - names), ""), names)
        raise ConfigError(f"{key} must be a table with {wanted}, got {quoted(dict(table))}{hint}")
    for name, value in table.items():
        if name == "points":
            checks.number(f"{key}.{name}", value, "a number above 0", above=0.0)
        else:
            checks.integer(f"{key}.{name}", value, 0, 2**62)


_FILES = ("best", "ratios")  # of a comparison, beside the tables with the name of the preset


def check_name(name: str) -> None:
    """Raise ConfigError if tables of runs cannot have the name of a preset."""
    if name in _FILES:
        raise ConfigError(f"the file must have another name than {' and '.join(_FILES)}")


def check_energies(energies: Any, alphas: Iterable[float], methods: Iterable[Method]) -> None:
    """Raise ConfigError for energies of a preset that are not columns of its runs.

    alphas : exponents that all runs record; methods : of which custom rules may report costs.
    """
    custom = [custom_rule_class(method.rule) for method in methods if method.rule not in RULES]
    costs = {cost_column(name) for rule in custom for name in rule.costs}
    allowed = ["m0", "m1", *map(energy_column, sorted(alphas)), *sorted(costs)]
    for name in listed("energies", energies):
        checks.choice("energies", name, allowed)


def with_masks(values: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The values of a file whose methods name masks, with these read relative to its folder."""
    blocks = values.get("method", ())
    if not isinstance(blocks, Sequence) or not all(isinstance(b, Mapping) for b in blocks):
        return dict(values)
    read = [
        {**block, "mask": MaskFile.of(folder / checks.path("mask", block["mask"]))}
        if "mask" in block
        else block
        for block in blocks
    ]
    return {**values, "method": read} if read else dict(values)


def methods_of(
    blocks: Any, sizes: Any = None, *, everything_explored: bool = True
) -> tuple[Method, ...]:
    """The methods of a preset, each rule made once at every value; raises ConfigError.

    blocks : the tables [[method]]; in Python, names of rules and rules are blocks, too.
    sizes : numbers of hidden units of blocks that name none.
    everything_explored : whether methods of one cell have exploration runs.
    """
    if isinstance(blocks, str | Mapping) or not isinstance(blocks, Iterable):
        raise ConfigError(f"method must be a list of methods, got {quoted(blocks)}")
    found: list[Method] = []
    for number, block in enumerate(blocks, 1):
        try:
            found.append(_method(_block(block), sizes, everything_explored))
        except ConfigError as error:
            raise ConfigError(f"method {number}: {error}") from error
        except (TypeError, KeyError) as error:
            raise ConfigError(f"method {number}: {checks.error_text(error)}") from error
    seen: dict[Any, int] = {}
    for number, method in enumerate(found, 1):
        for hidden in method.hidden:
            other = seen.setdefault((method.label, hidden), number)
            if other != number:
                raise ConfigError(
                    f"method {number}: {method.label} at {hidden} hidden units must be given once,"
                    f" as in method {other}"
                )
    return tuple(found)


def _block(block: Any) -> dict[str, Any]:
    """A block as a table, its rule by name."""
    values = dict(block) if isinstance(block, Mapping) else {"rule": block}
    rule = values.get("rule")
    if rule is None:
        raise ConfigError("rule must be given: a name, or MODULE:CLASS")
    if isinstance(rule, type) and issubclass(rule, PlasticityRule):
        if rule.__module__ == "__main__" or "<locals>" in rule.__qualname__:
            raise ConfigError(
                f"rule {rule.__name__} must be defined in a module that workers can import, not in"
                " a script, a notebook or a function"
            )
        values["rule"] = f"{rule.__module__}:{rule.__qualname__}"
    elif is_rule(rule):
        check_importable(rule)
        given = rule_to_dict(rule)
        if isinstance(rule, GivenMask):
            given["mask"] = MaskFile.of(rule)
        values |= {"rule": given.pop("name"), "params": given.pop("parameters", given)}
        values["params"].pop("version", None)
    check_rule_name(values["rule"])
    return values


def _method(block: Mapping[str, Any], sizes: Any, everything_explored: bool) -> Method:
    rule = block["rule"]
    hidden = block.get("hidden", sizes)
    if hidden is None:
        raise ConfigError("hidden must be given: a list of numbers of hidden units")
    given, takes = _parameters(block), parameters_taken(rule)
    for name in given:
        if name not in takes:
            hint = checks.suggestion(name, (*takes, *_OWN))
            raise ConfigError(
                f"unknown key {checks.quoted(name)}: rule {rule} takes"
                f" {', '.join(takes) or 'no parameters'}; a method has {', '.join(_OWN)}{hint}"
            )
    axis = _axis(block, given, _numeric(rule))
    method = Method(
        rule=rule,
        hidden=tuple(checks.integer("hidden", n, 1, _SIZES) for n in listed("hidden", hidden)),
        axis=axis,
        fixed={name: value for name, value in given.items() if name != axis},
        units=tuple(checks.integer("units", n, 1, _SIZES) for n in block.get("units", ())),
        least_units=checks.integer("least_units", block.get("least_units", 0), 0, _SIZES),
        control=checks.flag("control", block.get("control", False)),
        explored=everything_explored or rule == ALL,
    )
    return _with_grid(method, given.get(axis, ()))


def _parameters(block: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of the rule, beside the keys of a method or in its table `params`."""
    params = block.get("params", {})
    if not isinstance(params, Mapping):
        raise ConfigError(f"params must be a table of names and values, got {quoted(params)}")
    for name in _AMBIGUOUS & block.keys() & set(parameters_taken(block["rule"])):
        raise ConfigError(
            f"{name} is a parameter of rule {block['rule']} and a key of a method, too: give the"
            f" parameter as params = {{{name} = ...}}"
        )
    beside = {name: value for name, value in block.items() if name not in _OWN}
    for name in beside.keys() & params.keys():
        raise ConfigError(f"{name} must be given once, in the rule or params or beside them")
    return beside | dict(params)


def _numeric(rule: str) -> list[str]:
    """The parameters of a rule that may be its axis."""
    if rule in RULES:
        return [name for name in parameters_taken(rule) if name != "mask"]
    return [
        name for name, kind in declared(custom_rule_class(rule)).items() if kind in (int, float)
    ]


def _axis(block: Mapping[str, Any], given: Mapping[str, Any], numeric: Sequence[str]) -> str:
    """The parameter that is varied, or ""."""
    lists = [name for name, value in given.items() if _is_list(value)]
    axis = block.get("axis", lists[0] if len(lists) == 1 else "")
    if len(lists) > 1 or (axis and axis not in lists):
        raise ConfigError(
            "axis must name the one parameter that is given as a list, got"
            f" axis {quoted(axis or None)} and lists for {', '.join(lists) or 'none'}"
        )
    if axis and axis not in numeric:
        allowed = ", ".join(numeric) or "none"
        raise ConfigError(f"axis must be a numeric parameter of the rule: {allowed}, got {axis}")
    if axis != "fraction" and (block.get("units") or block.get("least_units")):
        raise ConfigError("units and least_units must be left out unless fraction is a list")
    return str(axis)


def _with_grid(method: Method, values: Any) -> Method:
    """The method with the positions of its values, at each of which its rule can be made."""
    if method.whole is not None:
        method.at(0.0)
        return method
    name = method.axis
    share = method.is_share or method.rule in RULES
    read = [
        fraction_value(value, name)
        if share
        else checks.number(name, value, "a finite number of at most 2^62", -LARGEST, LARGEST)
        for value in listed(name, values)
    ]
    found = method.with_positions(method.position(value) for value in read)
    for position, value in zip(found.fraction, read, strict=True):
        made = found.at(position)
        if not share and found.value(position) != value:
            raise ConfigError(f"{name} must be an integer for rule {made.name}, got {exact(value)}")
    return found


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple | range) or getattr(value, "ndim", 0) > 0


def listed(name: str, value: Any) -> list[Any]:
    """The entries of a list that is not empty."""
    if not _is_list(value) or not len(value):
        raise ConfigError(f"{name} must be a list of one value or more, got {quoted(value)}")
    return list(checks.entries(value))
