"""The fourteen statements of the poster, as data: what is measured, and which side is claimed.

L: the largest updates of the network; N: the largest of each neuron; F: a fixed mask, in three
readings. Sizes: small nh = 100 and 300, medium 1,000, large 3,000 and 10,000.
"""

from dataclasses import dataclass

from energynet.analysis.methods import BALANCED, LARGEST, PER_NEURON, UNIFORM, UNITS
from energynet.studies.statements.energy_kinds import (
    ENERGIES,
    LARGE,
    LETTERS,
    M0,
    M1,
    MEDIUM,
    PAIRS,
    SIZES,
    SMALL,
    BestRule,
    Comparison,
    FewAgainstMany,
    Kind,
    LargestSaving,
    Saving,
    Slope,
    ratio_above,
    ratio_below,
    ratio_within,
    slope_above,
    slope_below,
)
from energynet.studies.statements.learning_kinds import (
    LargeAgainstSmall,
    SameAccuracy,
    SmallFail,
    TooFew,
)

_F_L = (("F", "L"),)
_TO_ALL = tuple(("all", letter) for letter in LETTERS)
_FEW_UNITS = (10, 20, 30)
_TWO_SIZES = (1000, 3000)


@dataclass(frozen=True)
class Part:
    """Checks that are judged together.

    Attributes
    ----------
    kinds : tuple of Kind
    title : str
        What they say, if a statement has several parts.
    any_method : bool
        One rule is enough.
    mention : float or None
        The words say at which sizes this value lies in the interval.
    beside : bool
        Shown, but without weight in the verdict.
    readings : bool
        Judged for each reading of F.
    """

    kinds: tuple[Kind, ...]
    title: str = ""
    any_method: bool = False
    mention: float | None = None
    beside: bool = False
    readings: bool = True


@dataclass(frozen=True)
class Statement:
    """A statement of the poster; needs_saving: it fails if no saving is possible."""

    number: int
    text: str
    parts: tuple[Part, ...]
    needs_saving: bool = False

    @property
    def readings(self) -> bool:
        """Whether the verdict hangs on the reading of F."""
        return any(part.readings for part in self.parts if not part.beside)


STATEMENTS = (
    Statement(
        1,
        "Each of F, L and N saves energy against the unmodified network, in M0 and in M1, at every"
        " size.",
        (Part((Saving(LETTERS, ENERGIES, SIZES, ratio_above(1)),)),),
        needs_saving=True,
    ),
    Statement(
        2,
        "Too small a plastic fraction costs: at P <= P*/3 training takes at least 1.5 times as many"
        " steps as at P*, and more energy.",
        (Part((TooFew(LETTERS, ENERGIES, SIZES, steps=1.5),)),),
    ),
    Statement(
        3,
        "A large constrained network does better than a small unmodified one.",
        (
            Part(
                (SmallFail(_FEW_UNITS, 300_000),),
                "(a) unmodified networks of 10, 20 and 30 units do not reach the criterion",
                readings=False,
            ),
            Part(
                (LargeAgainstSmall(UNITS, _TWO_SIZES, _FEW_UNITS, 300_000),),
                "(b) large networks with as many plastic units reach a higher accuracy",
                readings=False,
            ),
            *(
                Part(
                    (LargeAgainstSmall(rule, _TWO_SIZES, _FEW_UNITS, 300_000),),
                    f"beside (b): {letter} with as many plastic synapses",
                    beside=True,
                    readings=False,
                )
                for letter, rule in (("L", LARGEST), ("N", PER_NEURON))
            ),
        ),
    ),
    Statement(
        4,
        "In M1 the rules F, L and N spend similar energies, within a factor of 2, and less than the"
        " unmodified network, at every size.",
        (
            Part(
                (
                    Comparison(PAIRS, (M1,), SIZES, ratio_within(1 / 2, 2)),
                    Saving(LETTERS, (M1,), SIZES, ratio_above(1)),
                )
            ),
        ),
        needs_saving=True,
    ),
    Statement(
        5,
        "In M1 a large network with a fixed mask spends less than one with the largest updates,"
        " but more than half of it.",
        (
            Part((Comparison(_F_L, (M1,), LARGE, ratio_within(1 / 2, 1)),)),
            Part(
                (Comparison((("N", "L"),), (M1,), LARGE, ratio_within(1 / 2, 1)),),
                "beside: N in the place of F",
                beside=True,
                readings=False,
            ),
        ),
    ),
    Statement(
        6,
        "In M0 a fixed mask spends at least 5 times as much as the largest updates, in small and"
        " medium networks.",
        (
            Part(
                (Comparison(_F_L, (M0,), (*SMALL, *MEDIUM), ratio_above(5)),),
                mention=10,
            ),
        ),
    ),
    Statement(
        7,
        "In M0 the rules converge as networks grow.",
        (
            Part(
                (Comparison(PAIRS, (M0,), (10_000,), ratio_within(1 / 2, 2)),),
                "(a) at nh = 10,000 the rules lie within a factor of 2",
            ),
            Part(
                (Slope(_F_L, (M0,), SIZES, slope_below(0)),),
                "(b) E(F)/E(L) falls with size",
            ),
        ),
    ),
    Statement(
        8,
        "The larger the network, the larger is the ratio by which each rule saves energy.",
        (Part((Slope(_TO_ALL, ENERGIES, SIZES, slope_above(0)),)),),
        needs_saving=True,
    ),
    Statement(
        9,
        "In M1 the order of F and L turns with size: F spends more in small networks, less in large"
        " ones.",
        (
            Part(
                (
                    Comparison(_F_L, (M1,), SMALL, ratio_above(1)),
                    Comparison(_F_L, (M1,), LARGE, ratio_below(1)),
                )
            ),
        ),
    ),
    Statement(
        10,
        "In M0 the order is L, N, F, from the least energy to the most, at every size.",
        (Part((Comparison((("N", "L"), ("F", "N")), (M0,), SIZES, ratio_above(1)),)),),
        needs_saving=True,
    ),
    Statement(
        11,
        "At least one rule saves an order of magnitude in M0 without loss of accuracy.",
        (
            Part(
                (SameAccuracy(LETTERS, _TWO_SIZES, 150_000, points=0.5, ratio=10),),
                any_method=True,
            ),
        ),
    ),
    Statement(
        12,
        "The optimum is where very few are plastic: the best P < 0.1 spends less than the best"
        " P >= 0.1.",
        (
            Part((FewAgainstMany(UNITS, ENERGIES, _TWO_SIZES, ratio_above(1)),), readings=False),
            *(
                Part(
                    (FewAgainstMany(rule, ENERGIES, _TWO_SIZES, ratio_above(1)),),
                    f"beside: synapses of {name}",
                    beside=True,
                    readings=False,
                )
                for name, rule in (
                    ("L", LARGEST),
                    ("N", PER_NEURON),
                    ("F uniform", UNIFORM),
                    ("F balanced", BALANCED),
                )
            ),
        ),
    ),
    Statement(
        13,
        "The best rule roughly halves M1 (ratio 1.5 to 3) and saves tens of times of M0 (ratio 10"
        " to 100), at nh = 1,000 and 10,000.",
        (
            Part(
                (
                    BestRule(M1, (1000, 10_000), ratio_within(1.5, 3)),
                    BestRule(M0, (1000, 10_000), ratio_within(10, 100)),
                )
            ),
        ),
    ),
    Statement(
        14,
        "The largest savings are where the network is much larger than the task requires: at 30"
        " times the smallest network that learns it, or above.",
        (
            Part(
                (LargestSaving(LETTERS, ENERGIES, SIZES, (10, 20, 30, 50, 100), beyond=30),),
            ),
        ),
    ),
)
