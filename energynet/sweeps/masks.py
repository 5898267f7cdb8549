"""Masks of a grid: in its file as paths, in Python also as rules that have no file."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from energynet.errors import ConfigError
from energynet.rules.base import Rule
from energynet.rules.given import GivenMask, MaskFile
from energynet.support import checks


def find_masks(content: Mapping[str, Any], folder: Path) -> None:
    """Make the paths of masks in a grid's file, which are relative to its folder, whole.

    What is no table is left for others to refuse. Raises ConfigError for what is no path.
    """
    blocks = content.get("block", [])
    for table in (content.get("defaults"), *(blocks if isinstance(blocks, list) else ())):
        if isinstance(table, dict) and "mask" in table:
            given = table["mask"] if isinstance(table["mask"], list) else [table["mask"]]
            table["mask"] = [str(folder / checks.path("mask", path)) for path in given]


def mask_axis(rule: Rule) -> dict[str, MaskFile]:
    """The value of the field `mask` for a rule that was given as an object."""
    return {"mask": MaskFile.of(rule)} if isinstance(rule, GivenMask) else {}


def check_masks_have_files(blocks: Iterable[Mapping[str, Any]]) -> None:
    """Raise ConfigError for blocks with a mask that was not read from a file."""
    if any("" in block.get("mask", ()) for block in blocks):
        raise ConfigError("mask must be the path of a file in a grid that is written as TOML")
