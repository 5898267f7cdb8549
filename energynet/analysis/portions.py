"""A plastic fraction as a count: 78 of 785 inputs of each neuron, 30 of 300 units."""

import math
from typing import TYPE_CHECKING

from energynet.analysis.methods import ALL, BALANCED, PER_LAYER, PER_NEURON, READOUT, UNITS
from energynet.support.checks import pluralize
from energynet.support.format import DASH

if TYPE_CHECKING:
    import pandas as pd

    from energynet.analysis.study import Study


class Portions:
    """What the plastic fractions of a study's rules are fractions of.

    A network has N = nh (inputs + 1) + (nh + 1) classes synapses, so that N mod nh is the number of
    classes, if there are fewer of them than hidden units.
    """

    def __init__(self, study: "Study") -> None:
        self._synapses = _synapses(study.runs)
        largest = max(self._synapses, default=0)
        self._classes = self._synapses[largest] % largest if largest else 0

    def of(self, label: str, hidden: int, fraction: float) -> tuple[int, int] | None:
        """(k, n): the rule changes k of n; None if the table does not tell n."""
        n = self._whole(label, hidden)
        if n is None or math.isnan(fraction):
            return None
        return max(1, math.floor(fraction * n + 0.5)), n

    def fewest(self, label: str, hidden: int, fraction: float) -> bool:
        """Whether the rule changes the fewest that it can, one, so that no smaller P can be run."""
        found = self.of(label, hidden, fraction)
        return found is not None and found[0] == 1

    def words(self, label: str, hidden: int, fraction: float) -> tuple[str, str]:
        """78 of 785, and 0.0994; the fraction alone if the table does not tell more."""
        if label in (ALL, READOUT) or math.isnan(fraction):
            return DASH, ""
        found = self.of(label, hidden, fraction)
        if found is None:
            return f"{fraction:.3g}", ""
        return f"{found[0]:,} of {found[1]:,}", f"{found[0] / found[1]:.3g}"

    def counted(self, label: str, hidden: int, fraction: float) -> str:
        """A fraction as what it comes to: 0.0306 = 24 inputs of each neuron."""
        if math.isnan(fraction):
            return DASH
        found = self.of(label, hidden, fraction)
        if found is None:
            return f"{fraction:.3g}"
        (number, whole), kind = found, label.split(" ")[0]
        name = {UNITS: "hidden unit", PER_NEURON: "input"}.get(kind, "synapse")
        place = {PER_NEURON: " of each neuron", BALANCED: " of each layer"}.get(kind, "")
        of = " of the hidden layer" if kind == BALANCED else ""
        return f"{number / whole:.3g}{of} = {pluralize(number, name)}{place}"

    def _whole(self, label: str, hidden: int) -> int | None:
        """The number of synapses or units that a fraction is a share of; None if unknown."""
        kind, synapses = label.split(" ")[0], self._synapses.get(hidden)
        if kind == UNITS:
            return hidden
        if synapses is None or ":" in kind or " within" in label:
            return None
        in_hidden = synapses - (hidden + 1) * self._classes
        if self._classes < 2 or in_hidden % hidden:
            return None
        if kind == PER_NEURON:
            return in_hidden // hidden
        if " output " in label or kind == BALANCED:
            return in_hidden
        return None if kind == PER_LAYER else synapses  # of each layer: there is no one number


def _synapses(runs: "pd.DataFrame") -> dict[int, int]:
    """Synapses of a network by its hidden units, if the table has them."""
    if "synapses" not in runs:
        return {}
    found = runs[["hidden", "synapses"]].dropna().drop_duplicates("hidden")
    return {int(h): int(n) for h, n in found.itertuples(index=False)}
