"""Laws that hold whatever the configuration."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive import NaiveRun
from support import counts, dense, digest, digits, updates

import energynet as en
from energynet.training.run import prepare, shape_of

NAMES = ["fixed-synapses", "fixed-units", "largest", "largest-per-layer", "largest-per-neuron"]
LARGEST = ["largest", "largest-per-layer", "largest-per-neuron"]
fractions = st.floats(1e-4, 1.0, allow_nan=False)


def configs(names, dtype="float64", **fixed):
    """Small runs: any rule of the names, any fraction, size and seed."""
    return st.builds(
        lambda name, fraction, hidden, seed: en.TrainingConfig(
            hidden=hidden,
            rule=en.rule_from_name(name, fraction=None if name == "all" else fraction),
            seed=seed,
            dtype=dtype,
            init_std=0.2,
            learning_rate=0.02,
            **fixed,
        ),
        st.sampled_from(names),
        fractions,
        st.integers(1, 24),
        st.integers(0, 5),
    )


def x_of(run, dataset, config):
    """x of the image that the run's last step saw, by the naive draw."""
    naive = NaiveRun(dataset.x_train, dataset.y_train, 4, 1, "all", config.seed)
    naive.step = run.step - 1
    return naive.inputs(dataset.x_train[naive.image_number()])[:-1]


@given(configs(LARGEST), st.sampled_from([3, 256]))
def test_exactly_k_change_and_none_left_out_is_larger(config, levels):
    dataset = digits(n_in=25, levels=levels)
    run = prepare(config, dataset)
    counts = config.rule.counts(shape_of(config, dataset))
    for _ in range(4):
        before, m0 = dense(run), run.energies.m0.copy()
        run.advance(run.step + 1)
        changed = [np.abs(new - old) > 1e-15 for new, old in zip(dense(run), before, strict=True)]
        sizes = updates(run, x_of(run, dataset, config))
        assert [c.sum() for c in changed] == list(run.energies.m0 - m0)
        if config.rule.scope == "neuron":
            for size, mask, k in zip(
                sizes, changed, (counts.k_hidden, counts.k_output), strict=True
            ):
                for post in range(size.shape[1]):
                    check_largest(size[:, post], mask[:, post], k)
        elif config.rule.scope == "layer":
            check_largest(sizes[0], changed[0], counts.k_hidden)
            check_largest(sizes[1], changed[1], counts.k_output)
        else:
            both = [np.concatenate([m.ravel() for m in pair]) for pair in (sizes, changed)]
            check_largest(*both, counts.k_hidden)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["all", "random", *NAMES])
def test_to_start_from_the_initial_network_is_to_start_from_none(name, dtype):
    dataset = digits()
    rule = en.rule_from_name(name, fraction=None if name == "all" else 0.3)
    config = en.TrainingConfig(
        hidden=70, rule=rule, dtype=dtype, max_steps=2100, test_every=700, target_accuracy=1.0
    )
    run = prepare(config, dataset)
    first = en.Network(run.weights.u.copy(), run.weights.w_out.T.copy(), mean=0.3)
    expected, got = en.train(config, dataset), en.train(config, dataset, start=first)
    assert got.config.start
    assert got.history == expected.history
    assert got.energy == expected.energy
    for layer in ("w1", "w2"):
        np.testing.assert_array_equal(getattr(got.network, layer), getattr(expected.network, layer))


def check_largest(size, chosen, k):
    assert chosen.sum() == min(k, np.count_nonzero(size))
    if chosen.any() and not chosen.all():
        assert size[chosen].min() >= size[~chosen].max()


@given(configs(["fixed-synapses", "fixed-units"], dtype="float32"))
def test_unchosen_synapses_keep_their_bits_under_fixed_masks(config):
    dataset = digits(n_in=25)
    run = prepare(config, dataset)
    start = dense(run)
    run.advance(2003)  # beyond a fold
    naive = NaiveRun(
        dataset.x_train,
        dataset.y_train,
        4,
        config.hidden,
        config.rule.name,
        config.seed,
        fraction=config.rule.fraction,
    )
    for old, new, mask in zip(start, dense(run), naive.fixed, strict=True):
        np.testing.assert_array_equal(new[~mask], old[~mask])


@pytest.mark.parametrize("rule", LARGEST)
def test_unchosen_synapses_stay_within_rounding_under_largest(rule):
    """Four pixels are always near the mean, so that others, the background too, go before them."""
    dataset = digits(n_in=40, classes=2)
    images = dataset.x_train.copy()
    images[:, :4] = round(255 * dataset.mean)
    dataset = en.Dataset.from_arrays(images, dataset.y_train, dataset.x_test, dataset.y_test)
    fraction = 0.85 if rule == "largest-per-neuron" else 0.5
    config = en.TrainingConfig(
        hidden=20, rule=en.rule_from_name(rule, fraction=fraction), init_std=0.1, learning_rate=0.02
    )
    counts = config.rule.counts(shape_of(config, dataset))
    run = prepare(config, dataset)
    start = dense(run)
    never = [np.ones(w.shape, bool) for w in start]  # |dw| below the k-th largest in every step
    for step in range(1, 2501):
        run.advance(step)
        sizes = updates(run, x_of(run, dataset, config))
        if rule == "largest":
            limit = np.sort(np.concatenate([size.ravel() for size in sizes]))[-counts.k_hidden]
            limits = limit, limit
        else:
            axis = None if rule == "largest-per-layer" else 0
            ks = counts.k_hidden, counts.k_output
            limits = [
                np.sort(s, axis=axis).take(-k, axis=axis) for s, k in zip(sizes, ks, strict=True)
            ]
        for mask, size, limit in zip(never, sizes, limits, strict=True):
            mask &= size < limit
    assert never[0][:4].any()
    assert np.any(run.weights.v)  # the lazy background was used
    for mask, old, new in zip(never, start, dense(run), strict=True):
        np.testing.assert_allclose(new[mask], old[mask], rtol=0, atol=5e-6)


PLASTIC_READOUT = {
    "fixed-synapses": en.FixedMask(1, output_fraction=1),
    "fixed-units": en.FixedMask(1, over="units", output_fraction=1),
    "random": en.RandomSubset(1, output_fraction=1),
    "largest-per-layer": en.LargestUpdates(1, scope="layer", output_fraction=1),
    "largest-per-neuron": en.LargestUpdates(1, scope="neuron", output_fraction=1),
}


@pytest.mark.parametrize("rule", PLASTIC_READOUT)
def test_with_all_of_both_layers_a_rule_is_the_unmodified_network(rule):
    config = en.TrainingConfig(hidden=23, dtype="float64", init_std=0.1, learning_rate=0.02)
    runs = [
        prepare(replace(config, rule=one), digits())
        for one in (en.AllSynapses(), PLASTIC_READOUT[rule])
    ]
    for run in runs:
        run.advance(2100)
    whole, own = runs
    assert list(own.energies.m0) == list(whole.energies.m0)
    np.testing.assert_allclose(own.energies.power, whole.energies.power, rtol=1e-9)
    for a, b in zip(dense(own), dense(whole), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-9)


@pytest.mark.parametrize("rule", [en.Readout(), en.FixedMask(0.2, over="units", output_fraction=1)])
def test_frozen_synapses_keep_their_bits(rule):
    config = en.TrainingConfig(hidden=20, rule=rule, init_std=0.1, learning_rate=0.02)
    run = prepare(config, digits())
    units, start = config.rule.counts(run.shape).units, run.weights.u.copy()
    run.advance(2100)
    np.testing.assert_array_equal(run.weights.u[:, units:], start[:, units:])
    assert not (run.weights.u[-1, :units] == start[-1, :units]).any()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("rule", "bits"),
    [
        (en.FixedMask(0.3), True),
        (en.FixedMask(0.05, output_fraction=1), True),
        (en.FixedMask(0.4, over="units"), False),
        (en.FixedMask(0.4, over="units", output_fraction=1), False),
    ],
)
def test_a_given_mask_does_what_the_rule_did_whose_synapses_it_holds(rule, bits, dtype):
    """The synapses that were counted in a first run: the same bits, or the same up to rounding."""
    config = en.TrainingConfig(hidden=37, rule=rule, dtype=dtype, init_std=0.1, learning_rate=0.02)
    first = prepare(config, digits(), count_updates=True)
    first.advance(2100)
    counted = en.GivenMask(*(layer > 0 for layer in counts(first)))
    second = prepare(replace(config, rule=counted), digits())
    assert second.plastic == first.plastic
    second.advance(2100)
    if bits:
        assert digest(second) == digest(first)
    assert list(second.energies.m0) == list(first.energies.m0)
    tolerance = 1e-9 if dtype == "float64" else 1e-4
    np.testing.assert_allclose(second.energies.power, first.energies.power, rtol=tolerance)
    for a, b in zip(dense(second), dense(first), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance)


@settings(max_examples=40)
@given(configs(["all", *NAMES], dtype="float32", max_steps=60, test_every=60, alpha=(1e-7, 1.0)))
def test_energies_are_consistent(config):
    energy = en.train(config, digits(n_in=25)).energy
    assert energy.m0 >= energy.direct.m0
    assert energy.m1 >= energy.direct.m1 * (1 - 1e-6)
    assert energy.alpha[1.0] == pytest.approx(energy.m1, rel=1e-12)
    assert energy.alpha[1e-7] == pytest.approx(energy.m0, rel=1e-5)
    assert energy.m0 == sum(energy.per_layer.m0)
    assert energy.m1 == pytest.approx(sum(energy.per_layer.m1))
    assert energy.inefficiency_m0 >= 1


@pytest.mark.parametrize("name", NAMES)
def test_at_fraction_1_every_rule_is_the_unmodified_network(name):
    def final(rule):
        config = en.TrainingConfig(hidden=13, rule=rule, dtype="float64", init_std=0.1)
        run = prepare(config, digits())
        run.advance(300)
        return (*dense(run), run.energies.power, run.energies.m0)

    expected = final(en.AllSynapses())
    for value, reference in zip(final(en.rule_from_name(name, fraction=1)), expected, strict=True):
        np.testing.assert_allclose(value, reference, rtol=1e-9, atol=1e-9)


def test_update_is_the_negative_gradient_of_the_squared_error():
    dataset = digits(n_in=12, classes=3)
    config = en.TrainingConfig(hidden=6, dtype="float64", init_std=0.4)
    run = prepare(config, dataset)
    before = dense(run)
    naive = NaiveRun(dataset.x_train, dataset.y_train, 3, 6, "all", 0)
    number = naive.image_number()
    x, label = naive.inputs(dataset.x_train[number]), dataset.y_train[number]

    def loss(w1, w2):
        h = x @ w1
        o = np.append(np.where(h > 0, h, 0.1 * h), 1.0) @ w2
        return 0.5 * np.sum((np.eye(3)[label] - o) ** 2)

    run.advance(1)
    for layer in (0, 1):
        update = dense(run)[layer] - before[layer]
        for index in np.ndindex(update.shape):
            shifted = [[w.copy() for w in before] for _ in range(2)]
            shifted[0][layer][index] += 1e-6
            shifted[1][layer][index] -= 1e-6
            slope = (loss(*shifted[0]) - loss(*shifted[1])) / 2e-6
            assert update[index] == pytest.approx(-config.learning_rate * slope, abs=1e-10)
