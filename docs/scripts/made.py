"""What the pages take from the code and its results, written again: texts and pictures.

    python docs/scripts/made.py [--pictures]

A text stands in a page between the comments `made: NAME` and `end`. A test says when one is out of
date. Pictures take longer, since the code of pages is run for them.
"""

import re
import sys
import tempfile
from functools import partial
from pathlib import Path

import literature
import matplotlib
import published
import rank_one
import rooms
import second_task
import written
from blocks import DOCS, run_page

PICTURES = DOCS / "pictures"
DRAWN_BY = {"tutorial.md": ("curve.svg", "fractions.svg"), "comparing.md": ("accuracy.svg",)}
PARTS = {
    "caching": literature.table,
    "commands": written.commands,
    "published rules": published.compared,
    "readings": written.readings,
    "savings hidden": partial(written.savings, "hidden"),
    "savings network": partial(written.savings, "network"),
    "savings uncentred": partial(written.savings, "uncentred"),
    "settings": written.settings,
    "second task": second_task.table,
    "statements": written.statements,
    "tally": written.tally,
    "verdicts": written.verdicts,
}
MADE = re.compile(r"(?s)(<!-- made: (.*?) -->\n).*?(<!-- end -->)")


def anew(text: str) -> str:
    """A page with all that is made in it as it should be."""
    return MADE.sub(lambda part: f"{part[1]}\n{_content(part)}\n{part[3]}", text)


def _content(part: re.Match[str]) -> str:
    kind, _, section = part[2].partition(" ")
    if kind == "measured":
        return written.measured(section)
    if kind == "names":
        return written.names(part.string[: part.start()].rpartition("\n## ")[2])
    return PARTS[part[2]]()


def bare(text: str) -> str:
    """A page with empty lines in the place of what is made in it."""
    return MADE.sub(lambda part: "\n" * part[0].count("\n"), text)


def run(page: Path, folder: Path) -> dict[str, str]:
    """Run the code of a page in a folder; the pictures that it saved, without their date."""
    with matplotlib.rc_context({"svg.hashsalt": "energynet", "svg.fonttype": "none"}):
        run_page(page, folder)
    dated = r" *<dc:date>.*</dc:date>\n"
    return {path.name: re.sub(dated, "", path.read_text()) for path in folder.glob("*.svg")}


def main() -> None:
    """Write texts, and pictures if they are asked for."""
    for page in sorted(DOCS.glob("*.md")):
        text = page.read_text()
        if anew(text) != text:
            page.write_text(anew(text))
    if "--pictures" not in sys.argv[1:]:
        return
    pictures = {"rooms.svg": rooms.draw(), "rank_one.svg": rank_one.draw()}
    for page, names in DRAWN_BY.items():
        with tempfile.TemporaryDirectory() as folder:
            found = run(DOCS / page, Path(folder))
        pictures |= {name: found[name] for name in names}
    PICTURES.mkdir(exist_ok=True)
    for name, picture in pictures.items():
        (PICTURES / name).write_text(picture)


if __name__ == "__main__":
    main()
