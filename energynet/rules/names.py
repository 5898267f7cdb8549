"""Rules by name and as plain values: on the command line, in files and in tables."""

from collections.abc import Mapping
from typing import Any

from energynet.errors import ConfigError
from energynet.rules.base import Named, Rule
from energynet.rules.built_in import BUILT_IN, FixedMask
from energynet.rules.custom import NamedRule, PlasticityRule, declared
from energynet.rules.given import GivenMask, MaskFile, NamedMask
from energynet.rules.importing import custom_rule, custom_rule_class, is_custom_name
from energynet.support import checks
from energynet.support.checks import quoted

# Name -> class, and what the class says of the name.
RULES: dict[str, tuple[type, Named]] = {
    named.name: (kind, named) for kind in BUILT_IN for named in kind.names
}
# Parameters by the names of command line and tables, all of them plain values.
PARAMETERS = ("fraction", "output_fraction", "within_units", "mask")


def is_rule(value: Any) -> bool:
    """Whether it is a plasticity rule, of the package or a custom one."""
    return isinstance(value, PlasticityRule | NamedRule | NamedMask) or type(value) in BUILT_IN


def check_rule_name(name: Any) -> str:
    """A name of `RULES`, `module:Class`, or an entry point; raises ConfigError."""
    if isinstance(name, str) and name not in RULES and is_custom_name(name):
        return name
    if not isinstance(name, str) or name not in RULES:
        hint = checks.suggestion(name, RULES)
        raise ConfigError(
            f"rule must be one of {', '.join(RULES)}, or MODULE:CLASS, got {quoted(name)}{hint}"
        )
    return name


def parameters_taken(name: str) -> tuple[str, ...]:
    """The parameters that a rule of that name takes; raises ConfigError."""
    if name in RULES:
        return RULES[name][1].takes
    return tuple(declared(custom_rule_class(name)))


def rule_from_name(name: str, /, **parameters: Any) -> Rule:
    """The rule of that name; parameters that are None count as not given.

    Parameters
    ----------
    name : str
        A name in `RULES` such as `all` or `largest`, or `module:Class`, or the name of an entry
        point.
    **parameters
        fraction, output_fraction, within_units (the fraction Q of
        `within=FixedMask(Q, over="units")`) and mask (the path of a file that `GivenMask.load`
        reads), or what a custom rule declares.

    Raises
    ------
    ConfigError
        An unknown name, a parameter that the rule does not take, or one that it needs and lacks.
    FileError
        A mask that cannot be read.
    """
    check_rule_name(name)
    given = {key: value for key, value in parameters.items() if value is not None}
    if name not in RULES:
        return custom_rule(name, given)
    kind, named = RULES[name]
    for key, value in given.items():
        if key not in named.takes:
            raise ConfigError(f"{key} must be left out for rule {name}, got {quoted(value)}")
    if "fraction" in named.takes and "fraction" not in given:
        raise ConfigError(f"fraction must be given for rule {name}: a number in (0, 1]")
    if "mask" in named.takes:
        if "mask" not in given:
            raise ConfigError(f"mask must be given for rule {name}: the path of an .npz file")
        return MaskFile.of(given["mask"]).rule
    if "within_units" in given:
        share = checks.fraction("within_units", given.pop("within_units"))
        given["within"] = FixedMask(share, over="units")
    rule: Rule = kind(**named.fixed, **given)
    return rule


def rule_to_dict(rule: Rule) -> dict[str, Any]:
    """The rule as plain values.

    Its name and its parameters apart from those at None; for a custom rule name, version and
    a table of parameters.
    """
    if isinstance(rule, PlasticityRule | NamedRule):
        return {"name": rule.name, "version": rule.version, "parameters": rule.parameters}
    values = {key: getattr(rule, key, None) for key in PARAMETERS}
    given = {key: value for key, value in values.items() if value is not None}
    return {"name": rule.name, **given}


def rule_from_dict(values: Mapping[str, Any]) -> Rule:
    """The inverse of `rule_to_dict`; raises ConfigError."""
    if not isinstance(values, Mapping) or "name" not in values:
        raise ConfigError(f"rule must be a table with a name, got {quoted(values)}")
    name = check_rule_name(values["name"])
    if name in RULES:
        given = {str(key): value for key, value in values.items() if key != "name"}
        if name == GivenMask.name and list(given) == ["mask"]:
            return NamedMask(given["mask"])
        return rule_from_name(name, **given)
    rest = {key: value for key, value in values.items() if key not in ("name", "version")}
    parameters = rest.pop("parameters", {})
    if rest or not isinstance(parameters, Mapping):
        raise ConfigError(
            f"rule {name} must have a version and a table of parameters, got {quoted(dict(values))}"
        )
    return custom_rule(name, parameters, values.get("version"))
