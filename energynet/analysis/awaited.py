"""Which sizes of a study are yet to be run."""

from energynet.analysis.methods import ALL, HIDDEN, NETWORK, READOUT, display_name
from energynet.analysis.missing import Missing
from energynet.analysis.study import CONFIRMATION, Study

_OF = {HIDDEN: "P of the hidden layer", NETWORK: "P of the network"}


def awaited(study: Study) -> str:
    """Sizes of confirmed unmodified networks that lack runs under some rule, in words, or "".

    Sizes are run one after the other, and the unmodified networks may be there before. The control
    `random` is run at some sizes only.
    """
    found = []
    for reading, part in study.by_reading().items():
        runs = part.runs
        whole = runs[runs["rule"].eq(ALL) & runs["seeds"].eq(CONFIRMATION)]
        others = runs[~runs["rule"].isin([ALL, READOUT]) & ~runs["rule"].str.startswith("random")]
        rules = sorted(set(others["rule"]))
        there = set(zip(others["hidden"], others["rule"], strict=True))
        gaps = []
        for hidden in sorted(set(whole["hidden"])):
            lacking = [rule for rule in rules if (hidden, rule) not in there]
            if lacking and len(lacking) == len(rules):
                gaps.append(Missing.of("every rule", hidden))
            else:
                gaps += [Missing.of(display_name(rule), hidden) for rule in lacking]
        if gaps:
            words = Missing.among(gaps).words
            found.append(f"{_OF[reading]}: {words}" if reading else words)
    return "; ".join(found)
