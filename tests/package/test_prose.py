"""Turns of phrase that readers stumbled over do not come back."""

import re
import subprocess
from pathlib import Path

import made
import pytest

ROOT = Path(__file__).parents[2]
# What to write instead -> the turn; made of words that are fine when they stand alone.
TURNS = {
    "images per step": r"\b(images?|pixels?|rows?|runs?|dots|lines?|samples?|[Mm]icroseconds|MB"
    r"|updates) an? (image|step|inch|test|run|row|second|seed|cell|epoch)\b",
    "custom": r"\b(one's own|of your own|own rules?)\b",
    "read-only": r"\bto be read alone\b",
    "resumes": r"\bgo(es)? on from (there|what|where)\b",
    "when they finish": r"\b(stored|written|counted) as they end\b",
    "about 200": r"\bsome \d",
    "so that": r"\bso as (not )?to\b",
    "name it again": r"\b(there|where|here|what)(of|upon|unto)\b|\bbeneath which\b",
    "invalid, unknown, missing": r"\b(that|which|choice|activation|curves) (is|are) none\b"
    r"|\bthere is none of\b",
    "if runs differ only in max_steps, the longest is kept": r"\bthe longest stays\b",
    "an impersonal description": r"\bdraws? away\b",
    "reworded": r"\b[Pp]ut anew\b",
    "expensive": r"\b(grows? dear|dearer)\b",
    "if": r"\b((File|Data|Config|Rule)Error|KeyboardInterrupt|None|interrupted`?) where\b",
}
NOT_PROSE = ("results/", "bench/RESULTS.md", "tests/package/test_prose.py")


def texts():
    """Tracked files that people read, and their text without what is made in it."""
    listed = subprocess.run(
        ["git", "ls-files", "*.py", "*.md", "*.html", "*.toml", "*.pyx", "*.c", "*.h"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    ).stdout.split()  # fmt: skip
    if not listed:
        pytest.skip("no git history beside the package")
    read = {name: (ROOT / name).read_text() for name in listed if not name.startswith(NOT_PROSE)}
    return {name: made.bare(text) for name, text in read.items()}


def running(name, text):
    """The text without line breaks: docstrings, comments and messages in pieces are in one."""
    if name.endswith(".py"):
        text = re.sub(r"""(["'])\s*\n\s*[rf]*["']""", "", text)
        text = re.sub(r"\n\s*# ", " ", text)
    return re.sub(r"\s+", " ", text)


def test_no_turn_comes_back():
    found = [
        f"{name}: ... {text[max(0, hit.start() - 40) : hit.end() + 40]} ...; write: {instead}"
        for name, text in ((name, running(name, text)) for name, text in texts().items())
        for instead, turn in TURNS.items()
        for hit in re.finditer(turn, text)
    ]
    assert not found, "\n".join(found)


def test_a_turn_is_found_across_lines():
    turn = TURNS["so that"]
    for text in (
        '"""Do so as\n    to see."""',
        '"Do so as"\n  f" to see"',
        "# Do so as\n    # to see",
    ):
        assert re.search(turn, running("a.py", text)), text


def sentences(page):
    """Those of running text: no code, tables, headings or comments."""
    for drop in (
        r"(?s)<!--.*?-->",
        r"(?s)```.*?```",
        r"(?m)^    .*$",
        r"(?m)^ *\|.*$",
        r"(?m)^#.*$",
        r"(?s)\$\$.*?\$\$",
    ):
        page = re.sub(drop, "", page)
    for paragraph in re.split(r"\n\s*\n|\n\s*- |\n\s*\d+\. ", page):
        yield from re.split(r"(?<=[.!?:;])\**\s+", " ".join(paragraph.split()))


@pytest.mark.parametrize("folder", [".", "docs", "energynet/kernels"])
def test_no_sentence_is_long(folder):
    pages = set((ROOT / folder).glob("*.md")) - {ROOT / "CHANGELOG.md"}
    for page in sorted(pages):
        for sentence in sentences(made.bare(page.read_text())):
            assert len(sentence.split()) <= 30, f"{page.name}: {sentence}"
