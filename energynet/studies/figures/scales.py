"""Axes: energies and fractions over decades, sizes of networks, accuracies."""

import math
from collections.abc import Iterable, Sequence

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter

from energynet.support.format import percent, tick

_NEARLY = 1e-9
_PLAIN = (0.0009, 10_000)  # labels beyond are powers of ten, and then all on their axis
# Factors of a decade that may carry a label, from dense to sparse.
_SUBS = (
    (1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9),
    (1, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9),
    (1, 1.5, 2, 3, 4, 5, 7),
    (1, 2, 3, 5),
    (1, 2, 5),
    (1, 3),
)


def log_axis(axis: Axes, which: str, most: int = 5) -> None:
    """A logarithmic axis, `which` "x" or "y", over what it shows now, with `most` labels."""
    getattr(axis, f"set_{which}scale")("log")
    low, high = sorted(getattr(axis, f"get_{which}lim")())
    getattr(axis, f"set_{which}lim")(low, high)
    _ticks(
        axis.xaxis if which == "x" else axis.yaxis,
        _labelled(low, high, most),
        _places(low, high, range(1, 10)),
    )


def _ticks(axis: Axis, major: Iterable[float], minor: Iterable[float]) -> None:
    major = list(major)
    powers = any(not _PLAIN[0] < place <= _PLAIN[1] for place in major)
    axis.set_major_locator(FixedLocator(major))
    axis.set_minor_locator(FixedLocator([place for place in minor if place not in major]))
    axis.set_major_formatter(FuncFormatter(lambda value, _position: tick(value, powers)))
    axis.set_minor_formatter(NullFormatter())


def _labelled(low: float, high: float, most: int) -> list[float]:
    """The densest places that are no more than `most`: within decades, at decades, at every few."""
    for subs in _SUBS:
        places = _places(low, high, subs)
        if len(places) <= most:
            return places
    decades = _places(low, high, (1,))
    return decades[:: math.ceil(len(decades) / most)]


def _places(low: float, high: float, subs: Sequence[float]) -> list[float]:
    low, high = low * (1 - _NEARLY), high * (1 + _NEARLY)
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    places = [float(f"{sub}e{exponent}") for exponent in exponents for sub in subs]
    return sorted(place for place in places if low <= place <= high)


def size_axis(axis: Axes, sizes: Iterable[int], most: int = 5) -> None:
    """A logarithmic axis of hidden units, with a tick at each size and labels that fit."""
    sizes = sorted(set(sizes))
    axis.set_xscale("log")
    axis.set_xlim(sizes[0] / 1.35, sizes[-1] * 1.35)
    decades = [size for size in sizes if math.log10(size).is_integer()]
    labelled = sizes if len(sizes) <= most else decades if len(decades) > 1 else sizes[::2]
    _ticks(axis.xaxis, labelled, sizes)
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _position: f"{value:,.0f}"))


def rate_axis(axis: Axes, rates: Iterable[float], most: int = 4) -> None:
    """A logarithmic axis of learning rates, with a tick at each and `most` labels."""
    rates = sorted(set(rates))
    axis.set_xscale("log")
    axis.set_xlim(rates[0] / 1.25, rates[-1] * 1.25)
    _ticks(axis.xaxis, rates[:: math.ceil(len(rates) / most)], rates)


def accuracy_axis(axis: Axes, low: float, high: float) -> None:
    """Accuracies from `low` to `high` on a scale that is logarithmic in the error.

    No error at all lies beyond every such axis.
    """
    axis.set_yscale("logit", nonpositive="clip")
    bottom, top = max(low - 0.15 * (1 - low), 0.05), 1 - 0.88 * (1 - min(high, 0.9999))
    axis.set_ylim(bottom, top)
    places = [0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99, 0.995, 0.998, 0.999]
    minor = [*range(5, 90, 5), *range(90, 100)]
    _ticks(
        axis.yaxis,
        [place for place in places if bottom <= place <= top],
        [percent / 100 for percent in minor if bottom <= percent / 100 <= top],
    )
    percent_labels(axis)


def percent_labels(axis: Axes) -> None:
    """Label the y axis in per cent."""
    axis.yaxis.set_major_formatter(FuncFormatter(lambda share, _position: percent(share, ".4g")))
