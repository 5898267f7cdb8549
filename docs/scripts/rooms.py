"""The rooms of the package and who imports whom, read from the code; and their picture.

A room is a folder with modules, or a module beside the folders.
"""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

from blocks import ROOT

PACKAGE = ROOT / "energynet"
_WIDTH, _LEFT, _BOX, _HEIGHT, _STEP = 720, 12, 540, 44, 26


def modules() -> dict[str, Path]:
    """Modules by dotted name below the package, without the `__init__` files."""
    return {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.name != "__init__.py"
    }


def room_of(module: str) -> str:
    """The folder of a module, or the module itself if it stands beside the folders."""
    return module.rpartition(".")[0] or module


def imported(path: Path) -> set[str]:
    """Modules of the package that a file imports, wherever in the file."""
    known, found = modules(), set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("energynet"):
            place = node.module.removeprefix("energynet").removeprefix(".")
            for alias in node.names:
                inside = f"{place}.{alias.name}".removeprefix(".")
                if inside in known or place in known:
                    found.add(inside if inside in known else place)
                elif place:  # a name that a folder hands on
                    found |= imported(PACKAGE / place.replace(".", "/") / "__init__.py")
    return found


def arrows() -> dict[str, set[str]]:
    """For each room the rooms it imports from."""
    found: dict[str, set[str]] = {}
    for name, path in modules().items():
        others = {room_of(other) for other in imported(path)} - {room_of(name)}
        found.setdefault(room_of(name), set()).update(others)
    return found


def levels(graph: dict[str, set[str]]) -> dict[str, int]:
    """The length of the longest import chain that ends at each room; raises CycleError."""
    longest: dict[str, int] = {}
    for room in TopologicalSorter(graph).static_order():
        longest[room] = 1 + max((longest[other] for other in graph.get(room, ())), default=0)
    return longest


def draw() -> str:
    """The picture as SVG, on white."""
    graph = {room: others for room, others in arrows().items() if room != "__main__"}
    chain = levels(graph)
    rooms = sorted(graph, key=lambda room: (chain[room], room))
    top = {room: 8 + (_HEIGHT + _STEP) * number for number, room in enumerate(rooms)}
    height = 8 + (_HEIGHT + _STEP) * len(rooms)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}"'
        f' viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif"><defs><marker id="head"'
        ' viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 8 4 0 8z"/></marker></defs>\n'
        f'<rect width="{_WIDTH}" height="{height}" fill="white"/>\n'
        + "".join(_box(room, top[room]) for room in rooms)
        + "".join(_arrow(top[other], top[room]) for room, other in sorted(needed(graph)))
        + "</svg>\n"
    )


def needed(graph: dict[str, set[str]]) -> list[tuple[str, str]]:
    """(room, other) for each import that does not follow from others."""
    return [
        (room, other)
        for room, others in graph.items()
        for other in others
        if not any(other in reached(graph, between) for between in others)
    ]


def reached(graph: dict[str, set[str]], room: str) -> set[str]:
    """All rooms that a room imports from, directly or through others."""
    return graph[room].union(*(reached(graph, other) for other in graph[room]))


def _box(room: str, top: int) -> str:
    folder = PACKAGE / room.replace(".", "/")
    source = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
    words = (ast.get_docstring(ast.parse(source.read_text())) or "").split("\n")[0]
    name = f"{room.replace('.', '/')}{'/' if folder.is_dir() else '.py'}"
    return (
        f'<rect x="{_LEFT}" y="{top}" width="{_BOX}" height="{_HEIGHT}" rx="6" fill="none"'
        ' stroke="black" stroke-opacity="0.5"/>'
        f'<text x="{_LEFT + 12}" y="{top + 18}" font-size="14" font-weight="600">{name}</text>'
        f'<text x="{_LEFT + 12}" y="{top + 35}" font-size="12" opacity="0.85">{words}</text>\n'
    )


def _arrow(start: int, end: int) -> str:
    """Straight down to the next box, or around those between on the right."""
    style = 'fill="none" stroke="black" stroke-width="1.3" marker-end="url(#head)"'
    if end - start == _HEIGHT + _STEP:
        return f'<path d="M{_LEFT + _BOX / 2} {start + _HEIGHT}V{end}" {style}/>\n'
    right = _LEFT + _BOX
    out = right + 10 + 12 * (end - start) // (_HEIGHT + _STEP)
    return f'<path d="M{right} {start + 30}H{out}V{end + 14}H{right}" {style}/>\n'
