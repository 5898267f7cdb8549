"""What a section measured: rows with targets, tables, notes, and the numbers of its plots."""

import statistics
from dataclasses import dataclass, field
from typing import Any

from bench.timing import progress


@dataclass(frozen=True)
class Row:
    """One quantity, measured once a round. `sense` is "<=" or ">=", or "" where nothing is due."""

    name: str
    values: list[float]
    unit: str
    sense: str
    target: float | None

    @property
    def median(self) -> float:
        """Of all rounds."""
        return statistics.median(self.values)

    @property
    def verdict(self) -> str:
        """Whether the median reaches the target: pass, miss, or nothing where none is set."""
        if self.target is None:
            return ""
        reached = self.median <= self.target if self.sense == "<=" else self.median >= self.target
        return "pass" if reached else "miss"

    def to_dict(self) -> dict[str, Any]:
        """The row as plain values that JSON can hold."""
        return {
            "name": self.name,
            "unit": self.unit,
            "sense": self.sense,
            "target": self.target,
            "median": self.median,
            "min": min(self.values),
            "max": max(self.values),
            "values": self.values,
            "verdict": self.verdict,
        }


@dataclass
class Section:
    """All that one section of the suite has to say."""

    title: str
    rows: list[Row] = field(default_factory=list)
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
        """Add a row, with at most one of the two kinds of target."""
        sense = "<=" if at_most is not None else ">=" if at_least is not None else ""
        row = Row(name, values, unit, sense, at_most if at_most is not None else at_least)
        self.rows.append(row)
        progress(f"  {name}: {spread(values)} {unit}".rstrip() + f"  {row.verdict}".rstrip())

    def table(self, caption: str, columns: list[str], lines: list[list[Any]]) -> None:
        """Add a table of numbers that have no target."""
        self.tables.append({"caption": caption, "columns": columns, "lines": lines})

    def note(self, text: str) -> None:
        """Add a paragraph."""
        self.notes.append(text)
        progress(f"  {text}")

    def to_dict(self) -> dict[str, Any]:
        """The section as plain values that JSON can hold."""
        rows = [row.to_dict() for row in self.rows]
        return {
            "title": self.title,
            "rows": rows,
            "tables": self.tables,
            "notes": self.notes,
            "curves": self.curves,
        }


def digits(value: float) -> str:
    """A number with three significant digits, without an exponent."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    text = f"{value:#.3g}".rstrip(".")
    return text if "e" not in text else f"{value:.6f}"


def spread(values: list[float]) -> str:
    """Median and range, as words."""
    low, high = digits(min(values)), digits(max(values))
    return f"{digits(statistics.median(values))} ({low} to {high})"


def microseconds(times: list[float]) -> str:
    """Median and range of seconds, in microseconds."""
    return spread([1e6 * seconds for seconds in times])
