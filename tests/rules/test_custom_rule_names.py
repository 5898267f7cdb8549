"""Custom rules by name: importing them, their parameters, classes that are no rules."""

import numpy as np
import pytest
from custom_rules import AllKinds, Everything, Raises

import energynet as en
from energynet.rules.names import rule_from_dict, rule_to_dict


def test_parameters_are_converted_and_count():
    rule = AllKinds(np.int8(3), 1)
    assert rule == AllKinds(3.0, number=1.0)
    assert [type(value) for value in rule.parameters.values()] == [int, float, bool, str]
    assert rule_to_dict(rule) == {
        "name": "custom_rules:AllKinds",
        "version": 3,
        "parameters": {"whole": 3, "number": 1.0, "flag": True, "word": "x"},
    }
    assert rule_from_dict(rule_to_dict(rule)) == rule
    assert en.rule_from_name(rule.name, whole=3, number=1.0) == rule
    config = en.TrainingConfig(hidden=3, rule=rule)
    assert en.TrainingConfig.from_dict(config.to_dict()) == config
    hashes = {config.hash}
    hashes |= {en.TrainingConfig(hidden=3, rule=AllKinds(n, 1.0)).hash for n in (3, 4)}
    assert len(hashes) == 2
    before = config.hash
    try:
        AllKinds.version = 4
        assert config.hash != before
        with pytest.raises(
            en.ConfigError, match="has version 4, but these runs were made with version 3"
        ):
            rule_from_dict({"name": rule.name, "version": 3, "parameters": {"whole": 3}})
    finally:
        AllKinds.version = 3


BAD_PARAMETERS = [
    ({"whole": 2.5}, "whole must be an integer, got 2.5"),
    ({"whole": "3"}, "whole must be an integer"),
    ({"whole": 2**63}, "whole must be an integer"),
    ({"whole": 1, "number": float("nan")}, "number must be a finite number, got nan"),
    ({"whole": 1, "number": "1"}, "number must be a finite number"),
    ({"whole": 1, "number": 2}, "number must be at most 1, got 2.0"),
    ({"whole": 1, "flag": 1}, "flag must be True or False"),
    ({"whole": 1, "word": b"x"}, "word must be a text"),
    ({"whole": 1, "numbr": 1}, "takes whole, number, flag, word, got 'numbr'; did you mean"),
    ({}, "rule custom_rules:AllKinds lacks its parameter whole"),
]


@pytest.mark.parametrize(("parameters", "message"), BAD_PARAMETERS)
def test_bad_parameters(parameters, message):
    with pytest.raises(en.ConfigError, match=message):
        en.rule_from_name("custom_rules:AllKinds", **parameters)


BAD_NAMES = [
    ("no_such_module:Rule", "cannot be imported: ModuleNotFoundError"),
    ("custom_rules:Largst", "must be a class .*custom_rules.py; did you mean 'Largest'"),
    ("custom_rules:", "rule must be MODULE:CLASS"),
    (":Rule", "rule must be MODULE:CLASS"),
    ("./custom_rules.py:Largest", "rule must be MODULE:CLASS"),
    ("custom_rules.py:Largest", "rule must be MODULE:CLASS"),
    ("custom_rules", "or MODULE:CLASS, got 'custom_rules'"),
    ("os:system", "must be a class that derives from PlasticityRule"),
    ("pathlib:Path", "must be a class that derives from PlasticityRule"),
    ("largst", "got 'largst'; did you mean 'largest'"),
]


@pytest.mark.parametrize(("name", "message"), BAD_NAMES)
def test_bad_names(name, message):
    with pytest.raises(en.ConfigError, match=message):
        en.rule_from_name(name)


def define(body):
    """A rule with that body, besides `select`."""
    return type(
        "Own", (en.PlasticityRule,), {"__module__": __name__, "select": Raises.select} | body
    )


BAD_CLASSES = [
    (
        {"__annotations__": {"values": list}},
        {"values": []},
        "values must be declared as int, float",
    ),
    ({"__post_init__": print}, {}, r"must not define __post_init__: use check\(self\)"),
    ({"__init__": print}, {}, "must not define __init__: use annotated fields"),
    ({"__annotations__": {"name": str}}, {"name": "x"}, "cannot have a parameter called name"),
    ({"__annotations__": {"version": int}, "version": 2}, {}, "a parameter called version"),
    ({"version": "2"}, {}, "version of Own must be an integer >= 1, got '2'"),
    ({"version": 0}, {}, "version of Own must be an integer >= 1, got 0"),
    ({"select": en.PlasticityRule.select}, {}, r"must define select\(self, step\)"),
    ({"select": lambda self: (True, True)}, {}, r"must define select\(self, step\)"),
    ({"state": lambda self: {}}, {}, r"must define state\(self, shape\)"),
    ({"finish": lambda self: None}, {}, r"must define finish\(self, step\)"),
    ({"check": lambda self: False}, {}, "check must raise ConfigError, not return a value"),
    ({"check": lambda self: int("x")}, {}, "rule test_custom_rule_names:Own: invalid literal"),
]


@pytest.mark.parametrize(("body", "values", "message"), BAD_CLASSES)
def test_classes_that_are_no_rules(body, values, message):
    with pytest.raises((en.ConfigError, TypeError), match=message):
        define(body)(**values)


def test_objects_that_are_no_rules():
    for rule, hint in (
        (Everything, "; call the class"),
        ("all", "; rule_from_name makes one of a name"),
        (3, "got 3"),
    ):
        with pytest.raises(en.ConfigError, match=hint):
            en.TrainingConfig(hidden=3, rule=rule)


def test_a_parameter_given_twice():
    with pytest.raises(en.ConfigError, match="fraction must be given once, not among params as w"):
        en.Grid(hidden=3, rule="custom_rules:Draws", fraction=0.1, params={"fraction": 0.2})


@pytest.mark.usefixtures("examples")
def test_an_entry_point_names_a_rule(tmp_path, monkeypatch):
    info = tmp_path / "made_up-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: made-up\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[energynet.rules]\nsizeable = threshold:Threshold\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    rule = en.rule_from_name("sizeable", least=0.5)
    assert rule.name == "threshold:Threshold"
    assert en.Grid(hidden=3, rule="sizeable", params={"least": 0.5}).configs[0].rule == rule
