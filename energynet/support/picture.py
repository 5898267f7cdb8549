"""Figures that a notebook shows, whether or not it uses pyplot."""

import logging
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from io import BytesIO
from typing import Any

from matplotlib.figure import Figure

_LOG = logging.getLogger("energynet")
MISSING_GLYPH = "Glyph [0-9]+ "  # how matplotlib's warning of a character without one begins
_LEAST = 640  # pixels of the width of a picture in a notebook


class Picture(Figure):
    """A matplotlib Figure that belongs to no window; a notebook shows it as a PNG image.

    Attributes
    ----------
    settings : callable
        Returns the context of matplotlib's settings in which the figure is rendered.
    """

    settings: Callable[[], AbstractContextManager[Any]] = nullcontext

    def _repr_png_(self) -> bytes:
        buffer = BytesIO()
        with self.settings(), missing_glyphs_said_once():
            self.savefig(buffer, format="png", dpi=max(self.dpi, _LEAST / self.get_figwidth()))
        return buffer.getvalue()


@contextmanager
def missing_glyphs_said_once() -> Iterator[None]:
    """Characters that the font lacks are one sentence in the log, not a warning for each."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.filterwarnings("always", MISSING_GLYPH)
        yield
    others = [each for each in caught if not re.match(MISSING_GLYPH, str(each.message))]
    for warning in others:
        warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
    if len(others) < len(caught):
        _LOG.warning(
            "some characters are boxes in PNG files, as the font of figures lacks them;"
            " SVG files hold them as text"
        )
