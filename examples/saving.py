"""Two networks learn MNIST, one of them with only 1 % of its synapses plastic: what is saved?"""

import energynet as en

HIDDEN = 1000
mnist = en.load_mnist()
runs = {}
for title, rule in {
    "all synapses": en.AllSynapses(),
    "largest 1 % of updates": en.LargestUpdates(0.01),
}.items():
    print(
        f"training {HIDDEN} hidden units until 95 % of the test set is right: {title}", flush=True
    )
    runs[title] = en.train(en.TrainingConfig(hidden=HIDDEN, rule=rule), mnist)

print(f"\n{'plastic':<24}{'steps':>8}{'accuracy':>10}{'M0':>11}{'M1':>11}{'seconds':>9}")
for title, run in runs.items():
    seconds = run.seconds["train"] + run.seconds["evaluate"]
    print(
        f"{title:<24}{run.steps:>8,}{run.accuracy:>9.2%}"
        f"{run.energy.m0:>11.3g}{run.energy.m1:>11.3g}{seconds:>9.1f}"
    )
full, constrained = (run.energy for run in runs.values())
print(
    f"\nenergy saved: {1 - constrained.m0 / full.m0:.1%} of M0 (number of synapse updates),"
    f" {1 - constrained.m1 / full.m1:.1%} of M1 (sum of |dw|)"
)
