"""Verdicts as a file."""

from collections.abc import Sequence
from pathlib import Path

from energynet.studies.statements.claims import Claim
from energynet.studies.statements.text import to_json, to_markdown
from energynet.support.files import written_whole


def write_verdicts(found: Sequence[Claim], path: Path, between: str = "") -> None:
    """Verdicts as a file: Markdown if its name ends in .md, else JSON."""
    text = to_json(found)
    if path.suffix == ".md":
        title, *lines = between.splitlines() or [""]
        listed = "\n".join(f"- {line}" for line in lines)
        text = to_markdown(found) + (f"\n{title}\n\n{listed}\n" if between else "")
    with written_whole(path) as file:
        file.write(text.encode())
