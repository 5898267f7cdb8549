"""Custom rules by name: `module:Class`, or the name of an entry point."""

import importlib
import re
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from energynet.errors import ConfigError
from energynet.rules.custom import PlasticityRule, changed_since_import, declared
from energynet.support import checks
from energynet.support.checks import quoted

ENTRY_POINTS = "energynet.rules"  # group under which packages give their rules short names
_ANEW = "import it in a new Python process (restart the notebook's kernel)"
_PATH = re.compile(r"(?!.*\.py:)[^\W\d]\w*(\.\w+)*:[^\W\d]\w*(\.\w+)*")


def is_custom_name(name: str) -> bool:
    """Whether a name can only be that of a custom rule."""
    return ":" in name or name in _entry_points()


def custom_rule(
    name: str, parameters: Mapping[str, Any], version: int | None = None
) -> PlasticityRule:
    """Import a rule and make it; raises ConfigError."""
    kind = custom_rule_class(name)
    if version is not None and version != kind.version:
        raise ConfigError(
            f"rule {name} has version {kind.version}, but these runs were made with version"
            f" {version}"
        )
    known = declared(kind)
    for given in parameters:
        if given not in known:
            takes = ", ".join(known) or "no parameters"
            hint = checks.suggestion(given, known)
            raise ConfigError(f"rule {name} takes {takes}, got {quoted(given)}{hint}")
    needed = [
        item.name
        for item in fields(kind)
        if item.default is MISSING and item.default_factory is MISSING
    ]
    lacking = [parameter for parameter in needed if parameter not in parameters]
    if lacking:
        raise ConfigError(f"rule {name} lacks its parameter {lacking[0]}")
    return kind(**parameters)


def custom_parameter(name: str, parameter: str, text: str) -> Any:
    """A parameter given as text, in the type that the rule declares; it may still be refused."""
    kind = declared(custom_rule_class(name)).get(parameter)
    try:
        if kind is bool:
            return {"true": True, "false": False}.get(text.lower(), text)
        return kind(text) if kind in (int, float) else text
    except ValueError:
        return text


def custom_rule_class(name: str) -> type[PlasticityRule]:
    """The class of that name; raises ConfigError."""
    path = name if ":" in name else _entry_points().get(name, name)
    if not _PATH.fullmatch(path):
        raise ConfigError(
            f"rule must be MODULE:CLASS, the module as in an import statement, got {quoted(name)}"
        )
    module, _, attribute = path.partition(":")
    try:
        place: Any = importlib.import_module(module)
    except (Exception, SystemExit) as error:  # whatever the module raises
        raise ConfigError(
            f"rule {quoted(name)} cannot be imported: {type(error).__name__}:"
            f" {checks.error_text(error)}"
        ) from error
    found = place
    for part in attribute.split("."):
        found = getattr(found, part, None)
    if not (isinstance(found, type) and issubclass(found, PlasticityRule)):
        rules = [key for key, value in vars(place).items() if isinstance(value, type)]
        where = getattr(place, "__file__", None) or "Python itself"
        hint = "" if found else checks.suggestion(attribute, rules)
        raise ConfigError(
            f"rule {quoted(name)} must be a class that derives from PlasticityRule, in"
            f" {where}{hint}"
        )
    return found


def check_importable(rule: Any) -> None:
    """Raise ConfigError for a rule that other processes would not import as it is here."""
    if not isinstance(rule, PlasticityRule):
        return
    kind = type(rule)
    if kind.__module__ == "__main__" or "<locals>" in kind.__qualname__:
        raise ConfigError(
            f"rule {kind.__name__} must be defined in a module that workers can import, not in a"
            " script, a notebook or a function"
        )
    if changed_since_import(kind):
        raise ConfigError(
            f"rule {rule.name} is no longer the one in its file, which was changed after the"
            f" import: {_ANEW}"
        )
    if custom_rule_class(rule.name) is not kind:
        raise ConfigError(
            f"rule {rule.name} is no longer the class that its name leads to: if its module"
            f" was loaded again, {_ANEW}"
        )


def _entry_points() -> dict[str, str]:
    from importlib.metadata import entry_points

    return {point.name: point.value for point in entry_points(group=ENTRY_POINTS)}
