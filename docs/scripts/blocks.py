"""The code of the pages: run in order, and its output compared with the output that is shown.

A block of `python` is run, or written to a file where the words above it say "Save this as
`NAME`"; blocks of `toml` and `bash` are written likewise. A block of `text` right below a block is
its output; below `sh` it is that of `energynet` on the command line.
"""

import contextlib
import doctest
import io
import os
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt

DOCS = Path(__file__).parents[1]
ROOT = DOCS.parent
README = ROOT / "README.md"
_LIKE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


class Block(NamedTuple):
    """A block of code: `file` is where it is to be saved, `shown` the output below it."""

    language: str
    text: str
    line: int
    file: str = ""
    shown: str | None = None


def pages() -> list[Path]:
    """README and all pages of the documentation."""
    return [README, *sorted(DOCS.glob("*.md"))]


def blocks(page: Path) -> list[Block]:
    """All blocks of a page, outputs apart."""
    found: list[Block] = []
    tokens = MarkdownIt().parse(page.read_text())
    words, last_end = "", -1
    for token in tokens:
        if token.type == "inline":
            words = token.content
        if token.type in ("fence", "code_block"):
            start, end = token.map
            language = token.info.split()[0] if token.info else ""
            if language == "text" and found and start - last_end <= 1:
                found[-1] = found[-1]._replace(shown=token.content)
            else:
                file = re.search(r"ave (?:this|it) as\s+`([^`]+)`", words)
                found.append(Block(language, token.content, start + 1, file[1] if file else ""))
                last_end = end
            words = ""
    return found


def run_page(page: Path, folder: Path) -> None:
    """Run all code of a page in a folder; raises AssertionError if it shows something else."""
    namespace = {"__name__": "page"}
    with _inside(folder):
        for block in blocks(page):
            where = f"{page.name}, line {block.line}"
            if block.file:
                Path(block.file).write_text(block.text)
            elif block.language == "python":
                code = compile("\n" * block.line + block.text, str(page), "exec")
                output = io.StringIO()
                with contextlib.redirect_stdout(output):
                    exec(code, namespace)
                _compare(where, block.shown, output.getvalue())
            elif block.language == "sh" and block.shown is not None:
                _compare(where, block.shown, _commands(block.text))


def commands(text: str) -> Iterator[list[str]]:
    """The arguments of each `energynet` command in lines of a shell."""
    for line in text.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        while words and ("=" in words[0] or words[0] in ("exec", "srun")):
            words = words[1:]
        if words and Path(words[0]).name == "energynet":
            stop = [i for i, word in enumerate(words) if word in (">", "|", "&&")]
            yield words[1 : min(stop, default=len(words))]


def _commands(text: str) -> str:
    from energynet.cli.main import main

    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(io.StringIO()):
        for arguments in commands(text):
            main(arguments)
    return output.getvalue()


def _compare(where: str, shown: str | None, output: str) -> None:
    if shown is not None and not doctest.OutputChecker().check_output(shown, output, _LIKE):
        raise AssertionError(f"{where}: the page shows\n{shown}\nbut the code prints\n{output}")


@contextlib.contextmanager
def _inside(folder: Path) -> Iterator[None]:
    """Work in a folder whose modules can be imported; forget them afterwards."""
    before, known = Path.cwd(), set(sys.modules)
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        os.chdir(before)
        sys.path.remove(str(folder))
        for name in set(sys.modules) - known:
            if getattr(sys.modules[name], "__file__", None) == str(folder / f"{name}.py"):
                del sys.modules[name]
