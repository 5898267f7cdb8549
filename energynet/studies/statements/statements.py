"""The fourteen statements of the poster, as data: what is measured, and which side is claimed.

L: the largest updates; N: the largest of each neuron; F: a fixed mask, of several
kinds. Sizes: small nh = 100 and 300, medium 1,000, large 3,000 and 10,000.
"""

from dataclasses import dataclass

from energynet.studies.statements.energy_kinds import (
    ENERGIES,
    FEW,
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
from energynet.studies.statements.judge import STEPS, Region
from energynet.studies.statements.learning_kinds import (
    LargeAgainstSmall,
    SameAccuracy,
    SmallFail,
    TooFew,
)
from energynet.studies.statements.second_kinds import (
    NEW_PAIRS,
    FewAgainstManyReached,
    LateAgainstSmall,
    MuchFewer,
    SameAccuracySomewhere,
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
        Judged for each kind of fixed mask.
    """

    kinds: tuple[Kind, ...]
    title: str = ""
    any_method: bool = False
    mention: float | None = None
    beside: bool = False
    readings: bool = True


@dataclass(frozen=True)
class Statement:
    """A statement of the poster, in its first or second version.

    needs_saving : it fails if no saving is possible.
    """

    number: int
    text: str
    parts: tuple[Part, ...]
    needs_saving: bool = False
    version: int = 1

    @property
    def readings(self) -> bool:
        """Whether the verdict hangs on the kind of fixed mask."""
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
        2,
        "Too small a plastic fraction costs: at the largest P <= P*/3, training takes (a) at least"
        " 1.5 times as many steps as at P*, and (b) more energy.",
        (
            Part(
                (MuchFewer(LETTERS, ENERGIES, SIZES, Region(STEPS, low=1.5), steps=True),),
                "(a) at least 1.5 times as many steps",
            ),
            Part((MuchFewer(LETTERS, ENERGIES, SIZES, ratio_above(1)),), "(b) more energy"),
        ),
        version=2,
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
                (LargeAgainstSmall("units", _TWO_SIZES, _FEW_UNITS, 300_000),),
                "(b) large networks with as many plastic units reach a higher accuracy",
                readings=False,
            ),
            *(
                Part(
                    (LargeAgainstSmall(letter, _TWO_SIZES, _FEW_UNITS, 300_000),),
                    f"beside (b): {letter} with as many plastic synapses",
                    beside=True,
                    readings=False,
                )
                for letter in ("L", "N")
            ),
        ),
    ),
    Statement(
        3,
        "A large network with few plastic units does better than a small unmodified one.",
        (
            Part(
                (SmallFail(_FEW_UNITS, 300_000, NEW_PAIRS),),
                "(a) unmodified networks of 10, 20 and 30 units do not reach the criterion",
                readings=False,
            ),
            Part(
                (LateAgainstSmall(_TWO_SIZES, _FEW_UNITS, 300_000, points=0.5),),
                "(b) after 300,000 steps large networks with as many plastic units are better",
                readings=False,
            ),
        ),
        version=2,
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
        10,
        "In M0 L spends least at every size, and N second least up to nh = 3,000.",
        (
            Part(
                (
                    Comparison((("N", "L"), ("F", "L")), (M0,), SIZES, ratio_above(1)),
                    Comparison((("F", "N"),), (M0,), SIZES[:-1], ratio_above(1)),
                )
            ),
        ),
        needs_saving=True,
        version=2,
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
        11,
        "There is a rule and a P at which it saves an order of magnitude in M0, and after 150,000"
        " steps is not worse by more than half a point.",
        (
            Part(
                (SameAccuracySomewhere(LETTERS, _TWO_SIZES, 150_000, 0.5, ratio_above(10)),),
                any_method=True,
            ),
        ),
        version=2,
    ),
    Statement(
        12,
        "The optimum is where very few are plastic: the best P < 0.1 spends less than the best"
        " P >= 0.1.",
        (
            Part((FewAgainstMany("units", ENERGIES, _TWO_SIZES, ratio_above(1)),), readings=False),
            *(
                Part(
                    (FewAgainstMany(letter, ENERGIES, _TWO_SIZES, ratio_above(1)),),
                    f"beside: synapses of {letter}",
                    beside=True,
                    readings=letter == "F",
                )
                for letter in LETTERS
            ),
        ),
    ),
    Statement(
        12,
        "The optimum is where very few units are plastic: among the fractions that reach the"
        " criterion reliably, the best P < 0.1 spends less than the best P >= 0.1.",
        (
            Part(
                (FewAgainstManyReached(ENERGIES, _TWO_SIZES, ratio_above(1), FEW),), readings=False
            ),
        ),
        version=2,
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
