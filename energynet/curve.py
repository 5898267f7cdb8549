"""Learning curves: accuracy and energy at each checkpoint of a run."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from energynet.result import Checkpoint


def draw_curve(history: "Sequence[Checkpoint]", criterion: float, title: str) -> "Figure":
    """Accuracy with the criterion, and M1, against steps. The figure belongs to no window."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 2.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    steps = [row.step for row in history]
    left.plot(steps, [row.accuracy for row in history], marker=".")
    left.axhline(criterion, color="0.5", linestyle=":")
    left.set(xlabel="steps", ylabel="test accuracy")
    right.plot(steps, [row.m1 for row in history], marker=".")
    right.set(xlabel="steps", ylabel="M1, sum of |dw|", ylim=(0, None))
    figure.suptitle(title, fontsize="medium")
    return figure
