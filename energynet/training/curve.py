"""Learning curves: accuracy and energies at each test of one or several runs."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LINES = ("-", "--", "-.", ":")  # one after the other, as soon as all colours are taken


class Curve(NamedTuple):
    """The learning curve of a run, with its label and the accuracy that ends the run."""

    label: str
    criterion: float
    steps: Sequence[int]
    accuracy: Sequence[float]
    m0: Sequence[int]
    m1: Sequence[float]
    costs: Mapping[str, Sequence[float]]


def draw_curves(curves: Sequence[Curve]) -> "Figure":
    """Accuracy with the criterion, M0, M1 and costs of custom rules against steps.

    The label of a single curve is the title of the figure; several curves have a legend, and
    logarithmic axes of energies. Labels are shown as they are: `$` does not start mathematics.
    """
    import matplotlib as mpl

    from energynet.support.picture import Picture

    several = len(curves) > 1
    height = 2.6 + (0.2 * -(-len(curves) // 2) if several else 0)
    costs = list(dict.fromkeys(name for curve in curves for name in curve.costs))
    figure = Picture(figsize=(9 + 3 * len(costs), height), layout="constrained")
    axes = figure.subplots(1, 3 + len(costs))
    colors = len(mpl.rcParams["axes.prop_cycle"])
    lines = []
    for number, curve in enumerate(curves):
        style = {"linestyle": _LINES[number // colors % len(_LINES)], "color": f"C{number}"}
        for axis, values in zip(axes, _panels(curve, costs), strict=True):
            [line] = axis.plot(curve.steps if values else (), values, marker=".", **style)
        lines.append(line)
    for criterion in {curve.criterion for curve in curves}:
        axes[0].axhline(criterion, color="0.5", linestyle=":")
    labels = ["test accuracy", "M0, number of updates", "M1, sum of |dw|"]
    labels += [f"cost {name}" for name in costs]
    for axis, label in zip(axes, labels, strict=True):
        axis.set(xlabel="steps", ylabel=label)
    drawn = [_panels(curve, costs) for curve in curves]
    for axis, *panels in zip(axes[1:], *(panels[1:] for panels in drawn), strict=True):
        if several and any(value > 0 for values in panels for value in values):
            axis.set_yscale("log")  # energies of two rules may lie far apart
        else:
            axis.set_ylim(0, None)
    if several:
        legend = figure.legend(
            lines, [""] * len(lines), loc="outside lower center", ncols=2, fontsize="small"
        )
        texts = legend.get_texts()
    else:
        texts = [figure.suptitle("", fontsize="medium")]
    for text, curve in zip(texts, curves, strict=True):
        text.set_parse_math(False)
        text.set_text(curve.label)
    return figure


def _panels(curve: Curve, costs: Sequence[str]) -> list[Sequence[float]]:
    """What the panels show of a curve: nothing of costs that its rule does not have."""
    return [curve.accuracy, curve.m0, curve.m1, *(curve.costs.get(name, ()) for name in costs)]
