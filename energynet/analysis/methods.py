"""Labels of rules, their names in words, two readings of P and the kinds of fixed mask in each."""

import json
import math
from collections.abc import Iterable
from typing import Any, NamedTuple

from energynet.rules.names import RULES
from energynet.support.format import exact

ALL = "all"
READOUT = "readout"  # it has no fraction: 0 where tables are grouped
LARGEST = "largest"
PER_LAYER = "largest-per-layer"
PER_NEURON = "largest-per-neuron"
UNIFORM = "fixed-synapses"
BALANCED = "fixed-synapses-balanced"
UNITS = "fixed-units"
GIVEN = "fixed-given"  # its plastic share stands for a fraction where tables are grouped
OUTPUT_PLASTIC = " output 1"  # ends the labels of rules that leave the output layer plastic
WITHOUT_FRACTION = frozenset(
    name for name, (_, named) in RULES.items() if "fraction" not in named.takes
)

NAMES = {name: named.words for name, (_, named) in RULES.items()}
NAMES[BALANCED] = "fixed synapses, balanced"
_PLASTIC = "(output plastic)"


class Reading(NamedTuple):
    """The rules, by label, that the letters of the statements stand for.

    L: the largest updates, N: those of each neuron, F: one kind of fixed mask. `name` is the
    name of the kind of mask, `plastic` that of the reading of P.
    """

    fixed: str
    name: str
    largest: str = LARGEST
    per_neuron: str = PER_NEURON
    units: str = UNITS
    plastic: str = "network"

    def rule(self, letter: str) -> str:
        """The label of L, N, F, or of fixed "units"."""
        known = {"L": self.largest, "N": self.per_neuron, "F": self.fixed, "units": self.units}
        return known[letter]


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
    its place: they are not part of the label.
    """
    label = rule if int(version) == 1 else f"{rule} version {int(version)}"
    if _given(fraction):
        own = {key: value for key, value in json.loads(parameters).items() if key != "fraction"}
        label += "".join(f" {name}={exact(value)}" for name, value in own.items())
    return label


def output_plastic(labels: Iterable[str]) -> bool:
    """Whether all rules among these labels, but `all` and `readout`, leave the output plastic."""
    constrained = set(labels) - {ALL, READOUT}
    return bool(constrained) and all(label.endswith(OUTPUT_PLASTIC) for label in constrained)


def display_name(label: str) -> str:
    """A rule's label in words, for legends and sentences, without control characters."""
    base, *rest = label.split(" ", 1)
    name = NAMES.get(base, base)
    if rest == ["output 1"]:  # what is drawn lies in the hidden layer
        name, rest = name.removesuffix(", uniform"), [_PLASTIC]
    words = " ".join([name, *rest])
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in words)


def short_names(labels: Iterable[str]) -> dict[str, str]:
    """`display_name` of each label; without the words "(output plastic)" if all have them."""
    labels = list(labels)
    ending = f" {_PLASTIC}" if output_plastic(labels) else ""
    return {label: display_name(label).removesuffix(ending) for label in labels}


def _given(value: Any) -> bool:
    return not (value is None or value == "" or (isinstance(value, float) and math.isnan(value)))


HIDDEN, NETWORK = "hidden", "network"
_HIDDEN = (
    rule_label(PER_LAYER, 1.0),
    rule_label(PER_NEURON, 1.0),
    rule_label(UNITS, 1.0),
    HIDDEN,
)
# P of the hidden layer, with a plastic output layer: what the published program does. P of the
# whole network: the poster's words. For each, the kinds of fixed mask that F may stand for.
READINGS = {
    HIDDEN: (
        Reading(rule_label(UNIFORM, 1.0), "F synapses: drawn from the hidden layer", *_HIDDEN),
        Reading(rule_label(UNITS, 1.0), "F units: incoming synapses of fixed units", *_HIDDEN),
    ),
    NETWORK: (
        Reading(UNIFORM, "F uniform: synapses drawn from the whole network"),
        Reading(BALANCED, "F balanced: as many synapses in the output as in the hidden layer"),
        Reading(UNITS, "F units: all synapses of a fixed set of hidden units"),
    ),
}


def readings_of(labels: Iterable[str]) -> list[str]:
    """The readings of P of which rules are among these labels; "network" if there is none."""
    known = set(labels)
    found = [
        name
        for name, kinds in READINGS.items()
        if any({kind.largest, kind.per_neuron, kind.fixed} & known for kind in kinds)
    ]
    return found or [NETWORK]


def reading_rules(plastic: str) -> set[str]:
    """The labels of all rules of one reading of P; those of the hidden one have controls."""
    kinds = READINGS[plastic]
    found = {kind.rule(letter) for kind in kinds for letter in ("L", "N", "F", "units")}
    return found | ({READOUT, rule_label("random", 1.0)} if plastic == HIDDEN else set())
