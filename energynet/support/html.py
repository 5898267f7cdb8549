"""Small tables for notebooks."""

from collections.abc import Iterable
from html import escape


def html_table(title: str, rows: Iterable[tuple[str, str]]) -> str:
    """A table of names and values below a title, all escaped."""
    lines = [f"<table><caption>{escape(title)}</caption>"]
    lines += [
        f'<tr><th style="text-align:left">{escape(name)}</th>'
        f'<td style="text-align:left">{escape(value)}</td></tr>'
        for name, value in rows
    ]
    return "\n".join([*lines, "</table>"])
