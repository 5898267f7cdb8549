"""Numbers in the sentences of the documentation are those of the code, of results and benchmarks.

What a page prints is compared in `test_docs.py`, and so are tables that are made. Here are numbers
that were typed: each is made again, with the words around it, and must stand in its page.
"""

import re
from fractions import Fraction
from statistics import mean

import blocks
import literature
import numpy as np
import published
import pytest
import second_task

import energynet as en
from energynet.analysis.optimum import SUCCESS
from energynet.analysis.runs import CONFIRMATION_SEEDS, EXPLORATION_SEEDS
from energynet.cli.sweep import SOME_FAILED
from energynet.cli.train import EXIT
from energynet.kernels.activation import LEAK
from energynet.kernels.native import ROW_BYTES, TOGETHER
from energynet.kernels.rules.steps import FOLD_EVERY
from energynet.kernels.sums import BLOCK
from energynet.rules.base import Shape
from energynet.store.exchange import read_table
from energynet.store.folder import _SILENCE
from energynet.studies.statements.statements import STATEMENTS
from energynet.support.arrays import _LARGE
from energynet.support.files import _DAY, _UNUSED
from energynet.training import evaluation, loop, stability
from energynet.training.start import _TAU
from energynet.training.threads import CROSSOVER

CONFIG = en.TrainingConfig(hidden=1)
M = ("m0", "m1")
WORDS = {3: "three", 4: "four", 5: "five", 8: "eight", 14: "fourteen"}
GOAL = f"{100 * CONFIG.target_accuracy:g} %"
NUMBER_OF_STATEMENTS = WORDS[len({statement.number for statement in STATEMENTS})]


def listed(values):
    return ", ".join(map(str, values))


def power(number):
    """One digit and an exponent, as in 5e-6."""
    return f"{number:.0e}".replace("e-0", "e-")


TAU = {name: power(tau) for name, tau in _TAU.items()}


def defaults():
    """Defaults, limits and seeds."""
    seeds = f"*exploration* seeds {listed(EXPLORATION_SEEDS)}"
    estimating = f"*confirmation* seeds {CONFIRMATION_SEEDS[0]} to {CONFIRMATION_SEEDS[-1]}"
    assert CONFIG.margin is None
    yield "science.md", f"$\\tau$ = {TAU['float32']} in float32 and {TAU['float64']} in float64"
    yield "science.md", f"if `center` [`{CONFIG.center}`]"
    yield "science.md", f"[`{CONFIG.activation}`, with slope {LEAK} below zero; or relu"
    yield "science.md", f"[`{CONFIG.output}`, with squared error"
    yield "science.md", f"`init_std` [{CONFIG.init_std}], in both layers"
    yield "science.md", f"with replacement [`{CONFIG.sample_order}`; or in a fresh permutation"
    yield "science.md", f"$\\eta$ [{CONFIG.learning_rate}] is the same in both layers"
    yield "science.md", f"$\\min({stability._LARGEST}, \\eta_\\mathrm{{max}}/2)$"
    yield "science.md", f"the first {stability._IMAGES:,} training images"
    yield "science.md", "With a `margin` $m \\ge 0$ [none]"
    yield "science.md", f"is evaluated every {CONFIG.test_every:,} steps"
    yield "science.md", f"once a share of {CONFIG.target_accuracy} of it is right"
    yield "science.md", f"`exhausted` after {CONFIG.max_steps:,} steps"
    yield "science.md", f"`hold` = $n$ [{CONFIG.hold}]"
    yield "science.md", f"Weights and activities are {CONFIG.dtype} by default"
    yield "science.md", seeds
    yield "science.md", f"at least {100 * SUCCESS:g} % of the runs reach"
    yield "science.md", estimating
    yield "science.md", f"{NUMBER_OF_STATEMENTS.capitalize()} statements are judged"
    yield "comparing.md", seeds
    yield "comparing.md", estimating
    yield "comparing.md", f"judges the {NUMBER_OF_STATEMENTS} statements"
    yield "custom_rules.md", f"The {NUMBER_OF_STATEMENTS} statements"
    yield "tutorial.md", f"{GOAL} of the test set correctly"
    yield "tutorial.md", f"the test set is evaluated, every {CONFIG.test_every:,} steps"
    yield "own_data.md", f"every {CONFIG.test_every:,} steps (`test_every`)"
    yield "own_data.md", f"the largest is above {_LARGE:g}"
    yield "better.md", f"our study has {WORDS[len(CONFIRMATION_SEEDS)]}"
    yield "better.md", f"{EXPLORATION_SEEDS[0]} to {EXPLORATION_SEEDS[-1]}, and"
    yield "better.md", f"and {CONFIRMATION_SEEDS[0]} to {CONFIRMATION_SEEDS[-1]}"
    yield "index.md", f"until {GOAL} of the test set is right. In each step"
    yield (
        "determinism.md",
        f"In each step whose number is a multiple of {FOLD_EVERY:,}, the shared part",
    )
    yield "determinism.md", f"{TAU['float32']} in float32 over {CONFIG.max_steps:,} steps"
    yield "performance.md", f"one thread below {CROSSOVER:,} hidden units"
    yield "performance.md", f"{ROW_BYTES} bytes of each row"
    yield "performance.md", f"{WORDS[TOGETHER]} images at a time"
    yield "performance.md", f"They come in blocks of {BLOCK:,}"
    yield "performance.md", f"at most {evaluation._KEPT_BYTES // 2**20} MB"
    yield "custom_rules.md", f"comes at step {CONFIG.test_every:,} unless"
    yield "custom_rules.md", f"less than about {100 / loop._SHARE:g} % of the time"
    yield "notebook.md", f"takes {WORDS[np.dtype(np.uint32).itemsize]} bytes per synapse"
    yield "architecture.md", f"returns to Python every {loop._RETURN} s"
    yield "architecture.md", f"nobody has used them for {_UNUSED / _DAY:g} days"
    yield "sweeps.md", f"`running` for {WORDS[_SILENCE / 60]} minutes"
    yield "sweeps.md", f"all runs are stored, {SOME_FAILED} that some failed"
    ends = [EXIT[outcome] for outcome in ("reached", "exhausted", "diverged")]
    words = "exits with {} if the criterion was reached, {} if the steps ran out, {} if the run"
    yield "commands.md", words.format(*ends)
    yield "published_rules.md", f"the leaky ReLU with slope {LEAK}, linear outputs"
    yield "published_rules.md", f"the learning rate of {CONFIG.learning_rate} in both layers"
    yield "published_rules.md", f"a test every {CONFIG.test_every:,} steps, and at most"
    yield "published_rules.md", f"at most {CONFIG.max_steps:,} steps"
    yield "published_rules.md", f"| {CONFIG.init_std} by default: set `init_std` |"
    yield "published_rules.md", f"| accuracy ≥ {CONFIG.target_accuracy} |"


def mnist():
    """What is said of the images and of networks that learn from them."""
    x = en.load_mnist().x_train
    dark = (x == 0).mean()
    nh = 1000
    synapses = Shape(x.shape[1], nh, 10).synapses
    one = x.shape[1] + 1
    assert Fraction(dark).limit_denominator(5) == Fraction(4, 5)
    assert len(np.unique(x)) == 256
    yield "performance.md", f"{nh:,} hidden units involves about {round(synapses, -5):,} synapses"
    yield "performance.md", "Four fifths of MNIST's pixels share one value"
    yield "performance.md", f"{WORDS[round(1 / (1 - dark))]} times less memory to move"
    yield "performance.md", "at most 256, each with"
    yield "custom_rules.md", f"about −{x.mean() / 255:.2f} for MNIST"
    yield "custom_rules.md", f"of an image, about {round(dark * x.shape[1], -2):.0f}, have equal"
    yield "custom_rules.md", f"n_pre = {one}, n_post = nh, the output layer n_pre = nh + 1, n_post"
    yield "custom_rules.md", f"A hidden layer has {one} nh synapses"
    yield "published_rules.md", f"`init_std={1 / np.sqrt(x.shape[1]):.3f}` is 1/√{x.shape[1]}"


def energies_against_fraction():
    """What the landing page says of its picture, from the study's runs at the same settings."""
    runs = read_table(blocks.ROOT / "results" / "hidden.csv")
    runs = runs[runs["hidden"].eq(1000) & runs["seed"].lt(3) & runs["target_accuracy"].eq(0.95)]
    savings = en.savings(runs, at="every fraction")
    m0, m1 = (savings[savings["energy"].eq(name)].groupby("rule")["ratio"].max() for name in M)
    share = f"1/{m0['largest-per-layer output 1']:.0f}"
    assert m0.idxmax() == "largest-per-layer output 1"
    assert m1.idxmax() == "random output 1"
    drawn = ["largest-per-layer output 1", "largest-per-neuron output 1", "fixed-units output 1"]
    assert ((m1[drawn] > 1.7) & (m1[drawn] < 2.2)).all()
    yield "index.md", f"under the largest updates M0 falls to {share} of the unmodified network"
    yield "index.md", "M1 falls to about a half under every rule"
    yield "index.md", f"until {GOAL} of the test set is right, divided"


def second_tasks():
    """What is said of the table of second tasks."""
    rows = second_task.read()
    assert {row["outcome"] for row in rows} == {"reached"}
    seeds = second_task.SEEDS
    yield "second_task.md", f"networks of {second_task.HIDDEN} hidden units"
    yield "second_task.md", f"means of seeds {seeds[0]}, {seeds[1]} and {seeds[2]}"
    yield "second_task.md", f"until {GOAL} of its test set is right, and then permuted MNIST"
    yield "second_task.md", f"its {second_task.HIDDEN // 10} plastic units and its readout"
    after = [row for row in rows if "largest" in row["rule"] and row["start"] == "MNIST"]
    kept = [float(row["kept"]) for row in after]
    lost = CONFIG.target_accuracy - mean(kept)
    assert abs(lost - 1 / 5) < 0.01
    yield "second_task.md", "a fifth of the test set of the first is lost"


def from_the_literature():
    """What is said of rules of papers."""
    runs = literature.read()
    best = min(map(literature.caching, literature.THRESHOLDS), key=literature.cost)
    plain = literature.caching(0.0)
    steps = {literature.caching(threshold)["steps"] for threshold in literature.THRESHOLDS}
    [steps] = map(int, steps)
    little, much = (literature.caching(0.01, decay) for decay in (0.0001, 0.001))
    assert abs(literature.cost(best) / literature.cost(plain) - 1 / 9) < 0.005
    assert int(little["steps"]) == steps
    yield "published_rules.md", f"each run takes {steps:,} steps"
    yield "published_rules.md", "add up to a ninth of what plain learning costs"
    told = f"{literature.cost(little):,.0f}, also in {steps:,} steps"
    yield "published_rules.md", "If 0.0001 of each transient change decays in a step"
    yield "published_rules.md", f"the sum is somewhat smaller ({told})"
    told = f"{literature.cost(much):,.0f}, in {int(much['steps']):,} steps"
    yield "published_rules.md", "If 0.001 of it decays, the network forgets"
    yield "published_rules.md", f"the sum is larger ({told})"
    took = {name: f"{int(run['steps']):,}" for name, run in runs.items()}
    [without] = [number for name, number in took.items() if name.startswith("LargestUpdates")]
    [one] = [number for name, number in took.items() if name.startswith("FixedMask")]
    with_memory, half = took["LargestWithMemory(fraction=0.01)"], took["ClassMasks(fraction=0.5)"]
    yield "published_rules.md", f"{with_memory} steps with memory, and in {without} with `largest`"
    yield "published_rules.md", f"they take {half} steps to 90 %, and {one} with one mask for all"
    assert runs["ClassMasks(fraction=0.1)"]["outcome"] == "diverged"
    yield "published_rules.md", "if a tenth of them learn, the run diverges"


def of_the_published_program():
    """Accuracies of the one cell that is far apart, and how the others are."""
    hidden, rule, p = published.SLOW
    cell, _ = published.cells()[hidden, rule, p]
    first, second = (f"{100 * float(run['accuracy']):.1f} %" for run in cell)
    scatter = f"{100 * published._spread()[0]:.0f} %"
    yield (
        "published_rules.md",
        f"{CONFIG.test_every:,} steps apart. The steps of one setting scatter by {scatter}",
    )
    yield "published_rules.md", f"rule {rule} at P = {p} and {hidden} hidden units"
    others = sorted(row[-1] for row in published.rows())[-3:-1]
    assert others[0] > 2
    yield (
        "published_rules.md",
        "two lie just beyond two standard errors, at {:.1f} and {:.1f}".format(*others),
    )
    draws = np.random.default_rng(0).normal(size=(100_000, 8))
    few, more = draws[:, :3], draws[:, 3:]
    errors = np.sqrt(few.var(axis=1, ddof=1) / 3 + more.var(axis=1, ddof=1) / 5)
    beyond = (abs(few.mean(axis=1) - more.mean(axis=1)) > 2 * errors).mean()
    assert round(beyond, 1) == 0.1
    yield "published_rules.md", "With three and five runs about one pair in ten does so by chance"
    yield "published_rules.md", f"ours take {100 * published.fewer_steps():.0f} % fewer steps"
    yield "published_rules.md", f"({first} and {second} after {int(cell[0]['steps']):,} steps of"


def of_the_tests():
    """Steps and tolerances that tests take."""
    folder = blocks.ROOT / "tests"
    oracle = (folder / "kernels" / "test_oracle.py").read_text()
    bits = (folder / "kernels" / "test_bits.py").read_text()
    examples = (folder / "rules" / "test_custom_rule_examples.py").read_text()
    [tolerance] = re.findall(r"def assert_same\(.*tolerance=(\S+)\)", oracle)
    [steps] = re.findall(r"def pair\(.*steps=(\d+)", oracle)
    assert f"rtol={tolerance}" in examples
    assert f"STEPS = {steps}\n" in examples
    [hashed] = re.findall(r"chunk=(\d+)", bits)
    yield "determinism.md", f"to {tolerance} over {steps} steps"
    yield "determinism.md", f"after {int(hashed):,} steps, on one to four threads"
    yield "published_rules.md", f"over {steps} steps in float64"
    yield "published_rules.md", f"agree to {tolerance}"


def sizes_of_dw():
    """|dw| under the rule of the page, in every 20th step."""
    seen = []

    class Sized(en.PlasticityRule):
        def select(self, step):
            size = [np.abs(layer.dw) for layer in (step.hidden, step.output)]
            if step.number % 20 == 0:
                seen.append(np.concatenate([each.ravel() for each in size]))
            return tuple(each >= 1e-3 for each in size)

    steps = 4000
    run = en.train(en.TrainingConfig(hidden=30, rule=Sized(), max_steps=steps), en.load_mnist())
    assert run.outcome == "exhausted"
    size = np.concatenate(seen)
    most = 100 * ((size > 1e-6) & (size < 1e-3)).mean()
    yield "custom_rules.md", f"{steps:,} steps do not reach the criterion"
    yield "custom_rules.md", f"median of |dw| in these steps is {power(np.median(size))}"
    yield "custom_rules.md", f"{most:.0f} % lie between 1e-6 and 1e-3"
    yield "custom_rules.md", f"and {100 * (size < 1e-4).mean():.0f} % below 1e-4"
    yield "custom_rules.md", f"the largest is {power(size.max())}"


KINDS = [
    *(defaults, mnist, energies_against_fraction, second_tasks, from_the_literature),
    *(of_the_published_program, of_the_tests, sizes_of_dw),
]


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_in_sentences(kind):
    for name, words in kind():
        text = " ".join((blocks.DOCS / name).read_text().split())
        assert words in text, f"{name} should say: {words}"


def test_numbers_within_sentences_are_those_that_the_page_prints():
    text = (blocks.DOCS / "better.md").read_text()
    pair = "largest updates of the network / threshold:Threshold"
    assert f"nh = 40, m0: {pair} at least 0.958" in text
    assert "the interval starts at 0.958 and has no upper end" in " ".join(text.split())
    text = (blocks.DOCS / "tutorial.md").read_text()
    assert re.search(r"all +38000 .*\nlargest +76000 ", text)
    assert "It takes twice as many steps" in text
