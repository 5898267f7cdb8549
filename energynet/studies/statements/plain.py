"""The statements in one plain sentence each, for readers who know none of the letters."""

PLAIN = {
    (1, 1): "Changing fewer synapses saves energy, by every rule and at every network size.",
    (2, 1): "Changing far too few synapses makes training longer and more expensive.",
    (2, 2): "Changing a third of the best number makes training longer and more expensive.",
    (3, 1): "A large network with few plastic units learns what a small ordinary one cannot.",
    (3, 2): "A large network with few plastic units ends more accurate than a small ordinary one.",
    (4, 1): "If a change costs its size, all rules save, and about equally much.",
    (5, 1): "If a change costs its size, a fixed set is slightly cheapest in large networks.",
    (6, 1): "If all changes cost the same, a fixed set costs far more than the largest updates.",
    (7, 1): "If all changes cost the same, the rules cost the same in very large networks.",
    (8, 1): "The larger the network, the larger is the share of energy that a rule saves.",
    (9, 1): "If a change costs its size, a fixed set is worse in small networks, better in large.",
    (10, 1): "If all changes cost the same, the largest updates are cheapest, a fixed set dearest.",
    (10, 2): "The largest updates are cheapest; those of each neuron are second up to 3,000 units.",
    (11, 1): "At its cheapest, some rule saves tenfold and loses no accuracy.",
    (11, 2): "Some rule can save tenfold and lose no accuracy, if enough synapses change.",
    (12, 1): "Training is cheapest if less than a tenth of the units or synapses may change.",
    (12, 2): "Training is cheapest if less than a tenth of the hidden units may change.",
    (13, 1): "At best the summed size of changes halves, and their number falls tens of times.",
    (14, 1): "Most is saved by networks that are much larger than the task requires.",
}
