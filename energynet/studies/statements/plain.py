"""The statements in one plain sentence each, for readers who know none of the letters."""

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
