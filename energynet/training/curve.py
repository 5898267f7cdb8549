"""Learning curves: accuracy and energy at each checkpoint of a run."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_curve(
    steps: Sequence[int],
    accuracy: Sequence[float],
    m1: Sequence[float],
    criterion: float,
    title: str,
) -> "Figure":
    """Accuracy with the criterion, and M1, against steps. The figure belongs to no window."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 2.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(steps, accuracy, marker=".")
    left.axhline(criterion, color="0.5", linestyle=":")
    left.set(xlabel="steps", ylabel="test accuracy")
    right.plot(steps, m1, marker=".")
    right.set(xlabel="steps", ylabel="M1, sum of |dw|", ylim=(0, None))
    figure.suptitle(title, fontsize="medium")
    return figure
