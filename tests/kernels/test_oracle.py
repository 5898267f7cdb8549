"""Every rule follows the naive oracle in float64, and chooses and counts the same synapses."""

import numpy as np
import pytest
from custom_rules import Everything
from naive import NaiveRun
from support import counts, dense, digest, digits, rule_by_name

import energynet as en
from energynet.config import ACTIVATIONS, OUTPUTS
from energynet.kernels.rules.random import LISTED
from energynet.kernels.state import LEARNT, STEPS
from energynet.training.run import prepare

RULES = {
    "all": {},
    "fixed-synapses": {"fraction": 0.3},
    "fixed-synapses few": {"fraction": 0.05},
    "fixed-synapses balanced": {"fraction": 0.1, "output_fraction": "balanced"},
    "fixed-synapses per layer": {"fraction": 0.1, "output_fraction": 0.5},
    "fixed-units": {"fraction": 0.4},
    "fixed-units readout": {"fraction": 0.4, "output_fraction": 1},
    "readout": {},
    "fixed-given": {"shares": (0.3, 0.6)},
    "fixed-given few": {"shares": (0.05, 0.1)},
    "fixed-given output": {"shares": (0, 0.5)},
    "fixed-given hidden": {"shares": (0.2, 0)},
    "random": {"fraction": 0.1},
    "random most": {"fraction": 0.7},
    "random per layer": {"fraction": 0.1, "output_fraction": 0.6},
    "random balanced": {"fraction": 0.001, "output_fraction": "balanced"},
    "random readout": {"fraction": 0.6, "output_fraction": 1},
    "largest": {"fraction": 0.02},
    "largest half": {"fraction": 0.5},
    "largest nearly all": {"fraction": 0.95},
    "largest one": {"fraction": 1e-9},
    "largest within": {"fraction": 0.1, "within_units": 0.4},
    "largest-per-layer": {"fraction": 0.05, "output_fraction": 0.3},
    "largest-per-layer same": {"fraction": 0.2},
    "largest-per-layer within": {
        "fraction": 0.05,
        "within_units": 0.6,
        "output_fraction": "balanced",
    },
    "largest-per-neuron": {"fraction": 0.1},
    "largest-per-neuron half": {"fraction": 0.5},
    "largest-per-neuron nearly all": {"fraction": 0.97},
    "largest-per-neuron within": {"fraction": 0.2, "within_units": 0.4},
    "largest-per-neuron per layer": {"fraction": 0.1, "output_fraction": 0.5},
    "largest-per-neuron balanced": {"fraction": 0.03, "output_fraction": "balanced"},
    "largest-per-neuron readout": {"fraction": 0.1, "output_fraction": 1},
    "largest-per-neuron readout within": {
        "fraction": 0.1,
        "output_fraction": 1,
        "within_units": 0.4,
    },
}


def pair(rule, dataset, hidden=9, seed=3, steps=200, threads=1, **options):
    """The compiled run and its oracle at step 0."""
    name = rule.split()[0]
    made, mask = rule_by_name(name, dataset, hidden, **RULES[rule])
    config = en.TrainingConfig(
        hidden=hidden,
        rule=made,
        seed=seed,
        dtype="float64",
        alpha=(0.3, 1.0),
        max_steps=steps,
        **options,
    )
    naive = NaiveRun(
        dataset.x_train,
        dataset.y_train,
        dataset.classes,
        hidden,
        name,
        seed,
        **RULES[rule],
        mask=mask,
        permutation=config.sample_order == "permutation",
        center=config.center,
        alphas=config.alpha,
        activation=config.activation,
        output=config.output,
        eta=config.learning_rate,
        init_std=config.init_std,
        margin=config.margin,
    )
    return prepare(config, dataset, threads, count_updates=True), naive


def assert_same(run, naive, tolerance=1e-9):
    w1, w2 = dense(run)
    np.testing.assert_allclose(w1, naive.w1, rtol=0, atol=tolerance)
    np.testing.assert_allclose(w2, naive.w2, rtol=0, atol=tolerance)
    np.testing.assert_array_equal(run.energies.m0, naive.m0)
    assert run.clock[LEARNT] == naive.learning_steps
    for counted, expected in zip(counts(run), naive.counts, strict=True):
        np.testing.assert_array_equal(counted, expected)
    np.testing.assert_allclose(run.energies.power[0], naive.m1, rtol=tolerance)
    for row, alpha in enumerate(naive.alphas, start=1):
        np.testing.assert_allclose(run.energies.power[row], naive.m_alpha[alpha], rtol=tolerance)


@pytest.mark.parametrize("order", ["uniform", "permutation"])
@pytest.mark.parametrize("rule", RULES)
def test_200_steps(rule, order):
    run, naive = pair(rule, digits(), sample_order=order, learning_rate=0.05, init_std=0.1)
    before = dense(run)
    for _ in range(200):
        run.advance(naive.step + 1)
        expected = naive.advance()
        after = dense(run)
        for old, new, mask in zip(before, after, expected, strict=True):
            np.testing.assert_array_equal(np.abs(new - old) > 1e-15, mask)
        before = after
    assert_same(run, naive)


@pytest.mark.parametrize(
    ("order", "output", "margin"), [("uniform", "linear", 0), ("permutation", "softmax", 0.3)]
)
@pytest.mark.parametrize("rule", RULES)
def test_steps_that_are_not_learnt(rule, order, output, margin):
    """At margin 0 those of a right class; all count for images, draws, ties and the fold."""
    options = {"sample_order": order, "output": output, "margin": margin, "learning_rate": 0.05}
    run, naive = pair(rule, digits(n_in=25), hidden=5, init_std=0.3, steps=2100, **options)
    run.clock[STEPS] = naive.step = 1930
    for stop in [*range(1931, 2000), 2050]:
        before, learnt = digest(run), run.clock[LEARNT]
        run.advance(stop)
        while naive.step < stop:
            naive.advance()
        if stop < 2000 and run.clock[LEARNT] == learnt:
            run.clock[STEPS] -= 1
            assert digest(run) == before
            run.clock[STEPS] += 1
        assert_same(run, naive)
    assert 10 < naive.learning_steps < 110


@pytest.mark.parametrize("hidden", [1, 9, 65])
@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_margins_of_networks_of_any_kind(activation, output, hidden):
    options = {"activation": activation, "output": output, "margin": 0.2, "hidden": hidden}
    run, naive = pair("all", digits(n_in=25), init_std=0.3, learning_rate=0.05, **options)
    run.advance(100)
    for _ in range(100):
        naive.advance()
    assert_same(run, naive)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("outputs", "label", "margin", "learnt"),
    [
        *[([1, 1, 0], 0, 0, False), ([1, 1, 0], 1, 0, True), ([1, 1, 0], 0, 1e-30, True)],
        *[([0, 0.75, 0], 1, 0.75, False), ([0, 0.75, 0], 1, 1, True), ([0, 1, 2], 1, 0, True)],
        *[([0.5, 0.25, 0.25], 0, 0.25, False), ([0], 0, 1e30, False), ([-3], 0, None, True)],
        ([0.1, 0, -1], 0, 0.1, False),  # the margin is rounded as the outputs are
        ([3e38, -3e38], 0, 1e38, False),  # the lead overflows
        ([3e38, -3e38], 0, None, True),
    ],
)
def test_which_steps_are_learnt(outputs, label, margin, learnt, dtype):
    classes = len(outputs)
    dataset = en.Dataset.from_arrays(np.ones((1, 2)), [label], np.ones((1, 2)), [0], classes)
    for rule in (en.AllSynapses(), en.LargestUpdates(0.5), Everything()):
        config = en.TrainingConfig(
            hidden=2, rule=rule, margin=margin, dtype=dtype, init_std=0.0, learning_rate=1e-3
        )
        run = prepare(config, dataset)
        run.weights.w_out[:, -1] = outputs
        run.advance(1)
        assert list(run.clock) == [1, 0, learnt]
        assert np.array_equal(run.weights.w_out[:, -1], np.array(outputs, dtype)) != learnt


def test_only_what_is_learnt_must_have_finite_signals():
    """Outputs are tested first, and in every step; here eta times the error overflows."""
    images = np.ones((1, 2))
    for outputs, clock in (([5, -5], [9, 0, 0]), ([-5, 5], [0, 1, 0]), ([np.inf, 0], [0, 1, 0])):
        dataset = en.Dataset.from_arrays(images, [0], images, [0], 2)
        run = prepare(
            en.TrainingConfig(hidden=3, margin=0, learning_rate=1e38, init_std=0.0), dataset
        )
        run.weights.w_out[:, -1] = outputs
        run.advance(9)
        assert list(run.clock) == clock


@pytest.mark.parametrize("rule", ["random", "random most"])
def test_more_random_synapses_than_are_listed_together(rule):
    run, naive = pair(rule, digits(), hidden=300, init_std=0.1)
    assert run.plastic > 2 * LISTED
    run.advance(20)
    for _ in range(20):
        naive.advance()
    assert_same(run, naive)


def inverted(dataset):
    """Black on white."""
    images = 255 - dataset.x_train, 255 - dataset.x_test
    return en.Dataset.from_arrays(images[0], dataset.y_train, images[1], dataset.y_test)


def grey(dataset):
    """On a grey background, the weaker strokes 0."""

    def shade(images):
        return np.where(images == 0, 0.5, np.where(images < 128, 0.0, images / 255))

    images = shade(dataset.x_train), shade(dataset.x_test)
    return en.Dataset.from_arrays(images[0], dataset.y_train, images[1], dataset.y_test)


def patchwork():
    """Five levels as floats, 0 among them and none of them dominant: ties, and no background."""
    levels = np.random.default_rng(2).integers(0, 5, (30, 40)) / 4
    return en.Dataset.from_arrays(levels[:20], np.arange(20) % 3, levels[20:], np.arange(10) % 3)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    "data",
    [
        *("few levels", "inverted", "all equal", "floats", "not centered", "no zeros"),
        *("grey", "patchwork"),
    ],
)
def test_other_images(rule, data):
    dataset = {
        "few levels": lambda: digits(levels=3),
        "inverted": lambda: inverted(digits()),  # strokes below the background
        "all equal": lambda: en.Dataset.from_arrays(
            np.full((5, 17), 9, np.uint8), [0, 1, 2, 1, 0], np.zeros((1, 17), np.uint8), [0]
        ),
        "floats": lambda: en.Dataset.from_arrays(
            np.random.default_rng(1).normal(size=(20, 23)),
            np.arange(20) % 3,
            np.zeros((1, 23)),
            [0],
        ),
        "not centered": digits,
        "no zeros": lambda: digits(dtype="float32"),
        "grey": lambda: grey(digits()),
        "patchwork": patchwork,
    }[data]()
    options = {"center": False} if data in ("not centered", "grey", "patchwork") else {}
    run, naive = pair(rule, dataset, init_std=0.1, **options)
    run.advance(60)
    for _ in range(60):
        naive.advance()
    assert_same(run, naive)


@pytest.mark.parametrize("rule", ["largest", "largest-per-layer"])
def test_rows_that_take_the_background_back_column_by_column(rule):
    """Few of many units change at all pixels but those strokes whose |x| is small."""
    bright = digits()
    dataset = en.Dataset.from_arrays(
        *(255 - bright.x_train, bright.y_train, 255 - bright.x_test, bright.y_test, bright.classes)
    )
    run, naive = pair(rule, dataset, hidden=128, center=False, init_std=0.05)
    for _ in range(20):
        naive.advance()
    run.advance(20)
    assert_same(run, naive)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize("pixels", [[9], [0, 0, 9], [0, 9, 30, 200]])
def test_ties_everywhere(rule, pixels, center):
    """Equal pixels, equal hidden units and equal output weights: nearly all |dw| are tied."""
    images = np.tile(np.resize(np.array(pixels, np.uint8), 17), (5, 1))
    dataset = en.Dataset.from_arrays(images, [0, 1, 2, 1, 0], images[:1], [0])
    run, naive = pair(rule, dataset, center=center)
    for step in range(40):  # each from equal weights: later, ties depend on rounding
        run.weights.u[:], run.weights.w_out[:] = 0.05, 0.1
        run.weights.v[:], run.weights.r[:] = 0.0, 17 * 0.05
        naive.w1[:], naive.w2[:] = 0.05, 0.1
        run.clock[STEPS] = naive.step = step
        run.advance(step + 1)
        naive.advance()
        assert_same(run, naive)


@pytest.mark.parametrize("rule", RULES)
def test_beyond_a_fold(rule):
    run, naive = pair(rule, digits(n_in=20), hidden=4, init_std=0.1, steps=2050)
    for stop in (1999, 2000, 2001, 2050):
        run.advance(stop)
        while naive.step < stop:
            naive.advance()
        assert_same(run, naive)


@pytest.mark.parametrize("rule", ["all", "fixed-synapses", "largest", "largest-per-neuron"])
@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activations_and_outputs(rule, activation, output):
    options = {"activation": activation, "output": output, "init_std": 0.3, "learning_rate": 0.05}
    run, naive = pair(rule, digits(), **options)
    run.advance(200)
    for _ in range(200):
        naive.advance()
    assert_same(run, naive)


@pytest.mark.parametrize(
    "rule",
    ["random", "largest half", "largest-per-layer same", "largest-per-neuron nearly all"],
)
def test_fewer_updates_than_k_are_not_0(rule):
    """Half of the activities of rectified units are 0: such a dw is neither applied nor counted."""
    run, naive = pair(rule, digits(), activation="relu", init_std=0.3)
    run.advance(100)
    for _ in range(100):
        naive.advance()
    assert_same(run, naive)


def test_softmax_of_large_outputs():
    """exp of the outputs themselves would overflow."""
    run, naive = pair("all", digits(), output="softmax", learning_rate=1e-3, init_std=0.1)
    run.weights.w_out[:, -1] = naive.w2[-1] = [0.0, 899.0, 900.0, -900.0]
    run.advance(50)
    for _ in range(50):
        naive.advance()
    assert_same(run, naive)


@pytest.mark.parametrize("hidden", [1, 2, 7, 8, 9, 63, 64, 65, 127, 128, 130])
@pytest.mark.parametrize(
    "rule",
    [
        *("all", "fixed-synapses few", "fixed-synapses balanced", "fixed-synapses"),
        *("random", "largest", "largest-per-neuron"),
    ],
)
def test_sizes_around_lanes_and_blocks(rule, hidden):
    run, naive = pair(rule, digits(n_in=21, classes=3), hidden=hidden, init_std=0.1)
    run.advance(25)
    for _ in range(25):
        naive.advance()
    assert_same(run, naive)


@pytest.mark.parametrize("rule", ["largest nearly all", "largest half"])
def test_a_product_that_rounds_to_0_is_no_update(rule):
    """Pixels of the smallest number there is: fewer dw than k are not 0, and no others count."""
    plain = digits()
    x = np.where(plain.x_train > 0, np.nextafter(0, 1), 0.0)
    x[:, ::5] = plain.x_train[:, ::5] / 255.0
    tiny = en.Dataset.from_arrays(x, plain.y_train, x, plain.y_train)
    run, naive = pair(rule, tiny, center=False, steps=20)
    for _ in range(20):
        naive.advance()
    run.advance(20)
    assert_same(run, naive)
