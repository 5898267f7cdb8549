"""Everything that pages take from `_made/`: pictures, and parts written from the code."""

import json
import shutil
import tempfile
from pathlib import Path

import published
import rank_one
import rooms
import written
from blocks import DOCS, run_page

MADE = DOCS / "_made"
PAGES = ("tutorial.md", "comparing.md")  # whose code draws pictures
SECTIONS = (
    "rules",
    "readout_margin",
    "peers",
    "evaluation",
    "streaming",
    "phases",
    "threads",
    "custom_rules",
)


def make() -> None:
    """Write all of it."""
    MADE.mkdir(exist_ok=True)
    parts = {
        "rooms.svg": rooms.draw(),
        "rank_one.svg": rank_one.draw(),
        "statements.md": written.statements(),
        "readings.md": written.readings(),
        "commands.md": written.commands(),
        "published_rules.md": published.compared(),
    }
    parts |= {f"measured_{name}.md": written.measured(name) for name in SECTIONS}
    for name, text in parts.items():
        (MADE / name).write_text(text)
    for page in PAGES:
        _draw(DOCS / page)


def _draw(page: Path) -> None:
    """Run the code of a page for its pictures, unless it was run as it stands."""
    stamp = MADE / f"{page.stem}.json"
    text = json.dumps(page.read_text())
    if stamp.exists() and stamp.read_text() == text:
        return
    with tempfile.TemporaryDirectory() as folder:
        run_page(page, Path(folder))
        for picture in Path(folder).glob("*.svg"):
            shutil.copy(picture, MADE)
    stamp.write_text(text)
