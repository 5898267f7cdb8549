"""Why something cannot be estimated."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple


class Gap(NamedTuple):
    """One reason, and the sizes of networks that it concerns; `against`: no saving is possible."""

    reason: str
    sizes: tuple[int, ...]
    against: bool = False


@dataclass(frozen=True)
class Missing:
    """The reasons why a result cannot be computed, in its place; false without any reason."""

    gaps: tuple[Gap, ...] = ()

    @classmethod
    def of(cls, reason: str, *sizes: int, against: bool = False) -> "Missing":
        """A single gap."""
        return cls((Gap(reason, sizes, against),))

    @classmethod
    def among(cls, found: Iterable[object]) -> "Missing":
        """All gaps of those results that are missing."""
        return cls(tuple(gap for item in found if isinstance(item, Missing) for gap in item.gaps))

    def __bool__(self) -> bool:
        return bool(self.gaps)

    @property
    def against(self) -> "Missing":
        """The gaps that speak against a saving: no P < 1 reached the criterion."""
        return Missing(tuple(gap for gap in self.gaps if gap.against))

    @property
    def reasons(self) -> str:
        """Each reason once, in words."""
        return "; ".join(dict.fromkeys(gap.reason for gap in self.gaps))

    @property
    def words(self) -> str:
        """Each reason once, with the sizes that it concerns."""
        concerned: dict[str, set[int]] = {}
        for gap in self.gaps:
            concerned.setdefault(gap.reason, set()).update(gap.sizes)
        return "; ".join(
            f"{reason} at {size_words(sizes)}" if sizes else reason
            for reason, sizes in concerned.items()
        )


NOTHING = Missing()


def listing(items: Iterable[str]) -> str:
    """Items as a list in words: a, b and c."""
    *first, last = items
    return f"{', '.join(first)} and {last}" if first else last


def size_words(sizes: Iterable[int]) -> str:
    """Sizes in words: nh = 100, 300 and 1,000."""
    return f"nh = {listing(f'{size:,d}' for size in sorted(set(sizes)))}"
