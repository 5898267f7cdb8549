"""A figure as SVG inside a page: it takes the page's colours and brings nothing along."""

import re
from collections.abc import Container
from xml.etree import ElementTree

from energynet.studies.figures.style import INK

_SVG = "http://www.w3.org/2000/svg"
_LINK = "{http://www.w3.org/1999/xlink}href"
_COLORS = {INK: "currentColor", "#ffffff": "var(--paper)"}
_REFERENCE = re.compile(r"url\(#([^)]+)\)")


def inline_svg(svg: bytes, name: str, title: str) -> str:
    """The SVG element alone: ids made unique by `name`, ink and paper those of the page.

    Its size is left to the page; `title` is read out in the place of the picture. Ids that nothing
    refers to are left out.
    """
    root = ElementTree.fromstring(svg)
    referred = {target for element in root.iter() for target in _targets(element)}
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in (f"{{{_SVG}}}metadata", f"{{{_SVG}}}style"):
                parent.remove(child)
    for element in root.iter():
        _adopt(element, name, referred)
    for side in ("width", "height"):
        del root.attrib[side]
    root.set("role", "img")
    root.set("aria-label", title)
    root.set("style", "stroke-linejoin: round; stroke-linecap: butt")
    ElementTree.register_namespace("", _SVG)
    return ElementTree.tostring(root, encoding="unicode")


def _targets(element: ElementTree.Element) -> list[str]:
    """The ids that an element refers to."""
    links = [element.attrib[_LINK].removeprefix("#")] if _LINK in element.attrib else []
    return links + [id_ for value in element.attrib.values() for id_ in _REFERENCE.findall(value)]


def _adopt(element: ElementTree.Element, name: str, referred: Container[str]) -> None:
    """Prefix what the element is called and refers to; replace its colours."""
    for key, value in list(element.attrib.items()):
        if key == "id" and value not in referred:
            del element.attrib[key]
        elif key == "id":
            element.set(key, f"{name}-{value}")
        elif key == _LINK:
            del element.attrib[key]
            element.set("href", f"#{name}-{value.removeprefix('#')}")
        elif key in ("style", "clip-path"):
            value = _REFERENCE.sub(rf"url(#{name}-\1)", value)
            for color, of_page in _COLORS.items():
                value = value.replace(color, of_page)
            element.set(key, value)
