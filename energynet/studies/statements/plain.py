"""The statements and their cells in plain words, for readers who know none of the letters."""

import re

_NUMBER = "If every change costs the same,"  # M0
_SIZE = "If the cost of a change is its size,"  # M1
PLAIN = {
    (1, 1): "Changing fewer synapses saves energy, by every rule and at every network size.",
    (2, 1): "Changing a third of the best number of synapses, or fewer, takes at least 1.5 times as"
    " many steps, and more energy.",
    (2, 2): "Changing a third of the best number of synapses takes (a) at least 1.5 times as many"
    " steps and (b) more energy.",
    (3, 1): "A large network with 10, 20 or 30 plastic units (b) gets more images right than an"
    " ordinary network of only so many units, (a) which cannot learn the task.",
    (3, 2): "A large network with 10, 20 or 30 plastic units (b) gets more images right after long"
    " training than an ordinary network of only so many units, (a) which cannot learn the task.",
    (4, 1): f"{_SIZE} every rule saves energy, and all of them spend about the same.",
    (5, 1): f"{_SIZE} large networks spend less with a fixed set of plastic synapses than with the"
    " largest updates, but more than half.",
    (6, 1): f"{_NUMBER} a fixed set of plastic synapses costs small and medium networks at least 5"
    " times what the largest updates cost.",
    (7, 1): f"{_NUMBER} the rules come together as networks grow: (a) at 10,000 units they are"
    " within a factor of 2, and (b) the lead of the largest updates shrinks.",
    (8, 1): "The larger the network, the larger is the factor by which each rule saves energy.",
    (9, 1): f"{_SIZE} a fixed set of plastic synapses costs more than the largest updates in small"
    " networks, and less in large ones.",
    (10, 1): f"{_NUMBER} the largest updates are cheapest at every size, then the largest of each"
    " neuron, then a fixed set.",
    (10, 2): f"{_NUMBER} the largest updates are cheapest at every size, and those of each neuron"
    " second up to 3,000 units.",
    (11, 1): "With the share of plastic synapses that needs the fewest changes, some rule saves"
    " tenfold and loses no accuracy.",
    (11, 2): "Some rule can save tenfold and lose at most half a point of accuracy, if enough"
    " synapses may change.",
    (12, 1): "Training is cheapest if less than a tenth of the units may change.",
    (12, 2): "Training is cheapest if less than a tenth of the units may change, among the numbers"
    " of units that learn the task.",
    (13, 1): "At best the number of changes falls 10- to 100-fold and their summed size to about"
    " half, in networks of 1,000 and 10,000 units.",
    (14, 1): "Most is saved in networks 30 or more times as large as the smallest that learns the"
    " task.",
}
HEADINGS = {  # the same in a few words, for figures
    1: "every rule saves energy",
    2: "too few changes in a step cost steps and energy",
    3: "few plastic units among many do better than so few alone",
    4: "M1: all rules spend about the same",
    5: "M1: in large networks a fixed mask spends less than the largest updates",
    6: "M0: a fixed mask spends at least 5 times as much as the largest updates",
    7: "M0: the rules come together as networks grow",
    8: "larger networks save more",
    9: "M1: the order of fixed mask and largest updates turns with size",
    10: "M0: the largest updates are cheapest, then those of each neuron",
    11: "tenfold saving, and the accuracy stays",
    12: "cheapest if less than a tenth of the units may change",
    13: "M0 falls 10- to 100-fold, M1 to about half",
    14: "most is saved in networks 30 times as large as needed",
}
_OF = {
    "all": "of the unmodified network",
    "F": "under a fixed mask",
    "L": "under the largest updates",
    "N": "under the largest of each neuron",
}
_LETTER = f"({'|'.join(_OF)})"


def cell_in_words(cell: str) -> str:
    """The cell of a verdict without letters for rules: E(F)/E(L) in M0 at nh = 300 is told as M0
    under a fixed mask over that under the largest updates, at 300 hidden units.
    """

    def ratio(found: re.Match[str]) -> str:
        over, under, best, energy = found.groups()
        told = f"{energy} {_OF[over]} over that {_OF[under]}"
        return f"{told} (the best rule)," if best else f"{told},"

    def difference(found: re.Match[str]) -> str:
        return f"accuracy {_OF[found[1]]} minus that {_OF[found[2]]},"

    def optimum(found: re.Match[str]) -> str:
        return f"({_OF[found[1]]}, P*"

    told = re.sub(rf"E\({_LETTER}\)/E\({_LETTER}\)(, the best rule,)? in (\w+)", ratio, cell)
    told = re.sub(rf"accuracy with {_LETTER} minus that with {_LETTER}", difference, told)
    told = re.sub(rf"\({_LETTER}, P\*", optimum, told)
    told = re.sub(r"E\((P .+?)\)/E\((P .+?)\) in (\w+)", r"\3 at the best \1 over \2,", told)
    told = told.replace(" over that at nh", ", relative to that at nh")
    told = re.sub(r"nh = (\d+(,\d+)*)", r"\1 hidden units", told)
    return told.replace("against log10 nh", "against log10 of the number of hidden units")
