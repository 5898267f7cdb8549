"""The picture of the modules: groups in the order of tests/test_layers.py, arrows where one imports
from another. Nothing in it is drawn by hand: order and imports are read from the code."""

import ast
from pathlib import Path
from typing import NamedTuple

from blocks import ROOT

# Where each group begins in ORDER, its title, and what it hands on.
GROUPS = {
    "errors": ("Foundations", "sentences for bad input, whole files"),
    "data.idx": ("Data", "Dataset"),
    "rules.built_in": ("Rules and config", "TrainingConfig; exact counts for a network"),
    "kernels.team": ("Kernels", "compiled loops on plain arrays"),
    "training.images": ("One run", "TrainingResult, Network"),
    "support.provenance": ("Many runs", "stored results, tidy tables"),
    "analysis.methods": ("Analysis", "cells, P*, savings, verdicts"),
    "studies.figures.style": ("Figures", "SVG, PNG, and CSV of what is plotted"),
    "studies.report.tables": ("Report", "one HTML file"),
    "studies.stages.preset": ("Reproduce", "a study from nothing to its report"),
    "cli.common": ("Command line", "energynet train, sweep, ..."),
}
WIDTH, LEFT, BOX, STEP, LINE = 720, 12, 600, 34, 15
_LETTERS = 92  # of small text that fit into a box


class Group(NamedTuple):
    """Modules that belong together, in order."""

    title: str
    gives: str
    modules: tuple[str, ...]


def order() -> list[str]:
    """ORDER of tests/test_layers.py."""
    for node in ast.parse((ROOT / "tests" / "test_layers.py").read_text()).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "ORDER":
            return ast.literal_eval(node.value.func.value).split()
    raise AssertionError("tests/test_layers.py holds no ORDER")


def groups() -> list[Group]:
    """All modules by group: a group goes on until the next one begins."""
    names = order()
    starts = [names.index(first) for first in GROUPS]
    stops = [*starts[1:], len(names)]
    return [
        Group(*words, tuple(names[start:stop]))
        for words, start, stop in zip(GROUPS.values(), starts, stops, strict=True)
    ]


def imports() -> set[tuple[int, int]]:
    """(from, to): the second group imports from the first, by number."""
    found = {name: number for number, group in enumerate(groups()) for name in group.modules}
    return {
        (found[other], number)
        for name, number in found.items()
        for other in _imported(ROOT / "energynet" / f"{name.replace('.', '/')}.py")
        if other in found and found[other] != number
    }


def _imported(path: Path) -> set[str]:
    if not path.exists():  # the compiled part
        return set()
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return {name.removeprefix("energynet.") for name in names if name.startswith("energynet.")}


def needed(edges: set[tuple[int, int]]) -> set[tuple[int, int]]:
    """The edges that no way through other groups stands for."""
    return {
        (a, b)
        for a, b in edges
        if not any((a, c) in edges and _reaches(edges, c, b) for c in range(a + 1, b))
    }


def _reaches(edges: set[tuple[int, int]], start: int, end: int) -> bool:
    return start == end or any(_reaches(edges, b, end) for a, b in edges if a == start and b <= end)


def draw() -> str:
    """The picture as SVG for inside a page, whose ink it takes."""
    every = groups()
    lines = [_lines(group) for group in every]
    heights = [40 + LINE * len(text) for text in lines]
    tops = [8 + sum(heights[:i]) + STEP * i for i in range(len(every))]
    boxes = [
        _box(group, text, top, height)
        for group, text, top, height in zip(every, lines, tops, heights, strict=True)
    ]
    arrows = [_arrow(a, b, tops, heights) for a, b in sorted(needed(imports()))]
    height = tops[-1] + heights[-1] + 8
    return (
        f'<div class="wide" tabindex="0"><svg role="img" viewBox="0 0 {WIDTH} {height}"'
        ' fill="currentColor"'
        ' aria-label="Groups of modules from top to bottom in the order of the data flow; arrows'
        ' lead from a group to those that import from it" xmlns="http://www.w3.org/2000/svg">'
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7"'
        ' markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z"/></marker></defs>'
        + "".join(boxes + arrows)
        + "</svg></div>\n"
    )


def _lines(group: Group) -> list[str]:
    """Names of the modules in lines that fit into a box."""
    lines = [""]
    for name in (module.split(".")[-1] for module in group.modules):
        if len(lines[-1]) + len(name) > _LETTERS:
            lines.append("")
        lines[-1] = f"{lines[-1]}  {name}".strip()
    return lines


def _box(group: Group, lines: list[str], top: int, height: int) -> str:
    folder = group.modules[0].rpartition(".")[0]
    where = f"energynet/{folder}" if folder else "energynet"
    text = "".join(
        f'<tspan x="{LEFT + 12}" dy="{LINE}">{line.replace("  ", " · ")}</tspan>' for line in lines
    )
    return (
        f'<rect x="{LEFT}" y="{top}" width="{BOX}" height="{height}" rx="6" fill="none"'
        ' stroke="currentColor" stroke-opacity="0.5"/>'
        f'<text x="{LEFT + 12}" y="{top + 22}" font-size="15" font-weight="600">{group.title}'
        f'<tspan font-size="13" font-weight="400" dx="10">{group.gives}</tspan></text>'
        f'<text x="{LEFT + BOX - 12}" y="{top + 22}" font-size="12" text-anchor="end"'
        f' opacity="0.75">{where}/</text>'
        f'<text x="{LEFT + 12}" y="{top + 27}" font-size="12" opacity="0.85">{text}</text>'
    )


def _arrow(a: int, b: int, tops: list[int], heights: list[int]) -> str:
    """Straight down to the next group, or around those between on the right."""
    style = 'fill="none" stroke="currentColor" stroke-width="1.3" marker-end="url(#head)"'
    start, end = tops[a] + heights[a], tops[b]
    if b == a + 1:
        return f'<path d="M{LEFT + BOX / 2} {start}V{end}" {style}/>'
    right, out = LEFT + BOX, LEFT + BOX + 26 * (b - a - 1)
    return f'<path d="M{right} {start - 14}H{out}V{end + 16}H{right}" {style}/>'
