"""What a section measured, and the words for it: rows with targets, tables, notes, curves."""

import statistics
from dataclasses import dataclass, field
from typing import Any

from bench.timing import progress
from energynet.support.format import significant


@dataclass
class Section:
    """All that one section has to say, in values that JSON can hold."""

    title: str
    rows: list[dict[str, Any]] = field(default_factory=list)
    tables: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    curves: dict[str, Any] = field(default_factory=dict)

    def add(
        self,
        name: str,
        values: list[float],
        unit: str = "",
        at_most: float | None = None,
        at_least: float | None = None,
    ) -> None:
        """Add a quantity, measured once a round, with at most one of the two kinds of target."""
        median, met = statistics.median(values), None
        if at_most is not None:
            met = median <= at_most
        elif at_least is not None:
            met = median >= at_least
        row = {
            "name": name,
            "unit": unit,
            "at_most": at_most,
            "at_least": at_least,
            "median": median,
            "min": min(values),
            "max": max(values),
            "values": values,
            "met": met,
        }
        self.rows.append(row)
        progress(f"  {name}: {spread(values)} {unit}".rstrip())

    def table(self, caption: str, columns: list[str], lines: list[list[Any]]) -> None:
        """Add a table of numbers that have no target."""
        self.tables.append({"caption": caption, "columns": columns, "lines": lines})

    def note(self, text: str) -> None:
        """Add a paragraph."""
        self.notes.append(text)
        progress(f"  {text}")


def spread(values: list[float]) -> str:
    """Median and range."""
    low, high = significant(min(values)), significant(max(values))
    return f"{significant(statistics.median(values))} ({low} to {high})"


def microseconds(seconds: list[float]) -> str:
    """Median and range, in microseconds."""
    return spread([1e6 * value for value in seconds])


def counted(threads: int) -> str:
    """A number of threads, as words."""
    return f"{threads} thread{'s' * (threads > 1)}"
