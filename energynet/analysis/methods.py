"""Labels of rules, their names in words, and three readings of the poster's fixed mask."""

import json
import math
from typing import Any, NamedTuple

from energynet.rules.names import RULES
from energynet.support.format import exact

ALL = "all"
READOUT = "readout"  # it has no fraction: 0 where tables are grouped
LARGEST = "largest"
PER_NEURON = "largest-per-neuron"
UNIFORM = "fixed-synapses"
BALANCED = "fixed-synapses-balanced"
UNITS = "fixed-units"
GIVEN = "fixed-given"  # its plastic share stands for a fraction where tables are grouped
WITHOUT_FRACTION = frozenset(
    name for name, (_, named) in RULES.items() if "fraction" not in named.takes
)

NAMES = {name: named.words for name, (_, named) in RULES.items()}
NAMES[BALANCED] = "fixed synapses, balanced"


class Reading(NamedTuple):
    """One way to read the poster's fixed mask: the rule that F then stands for, and its name."""

    fixed: str
    name: str


READINGS = (
    Reading(UNIFORM, "F uniform: synapses drawn from the whole network"),
    Reading(BALANCED, "F balanced: as many synapses in the output as in the hidden layer"),
    Reading(UNITS, "F units: all synapses of a fixed set of hidden units"),
)


def rule_label(
    rule: str, output_fraction: Any = None, within_units: Any = None, mask: Any = None
) -> str:
    """The label of a row of the tidy table: the rule's name, and what else sets the method."""
    label = rule
    if _given(output_fraction):
        if rule == UNIFORM and output_fraction == "balanced":
            label = BALANCED
        else:
            label += f" output {exact(output_fraction)}"
    if _given(within_units):
        label += f" within {exact(within_units)}"
    if _given(mask):
        label += f" {mask}"
    return label


def own_label(rule: str, version: Any, fraction: Any, parameters: str) -> str:
    """The label of a custom rule: its name, its version unless that is 1, its parameters.

    parameters : JSON text. Without a fraction P among them, the parameters are what is varied in
    its place: they are no part of the label.
    """
    label = rule if int(version) == 1 else f"{rule} version {int(version)}"
    if _given(fraction):
        own = {key: value for key, value in json.loads(parameters).items() if key != "fraction"}
        label += "".join(f" {name}={exact(value)}" for name, value in own.items())
    return label


def display_name(label: str) -> str:
    """A rule's label in words, for legends and sentences, without control characters."""
    base, *rest = label.split(" ", 1)
    words = " ".join([NAMES.get(base, base), *rest])
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in words)


def _given(value: Any) -> bool:
    return not (value is None or value == "" or (isinstance(value, float) and math.isnan(value)))
