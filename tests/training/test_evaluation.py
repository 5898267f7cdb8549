"""Outputs and classes of many images, against products of whole matrices."""

import numpy as np
import pytest

import energynet as en
from energynet.kernels.activation import activation_of
from energynet.kernels.evaluate import GROUPS
from energynet.kernels.native import ROW_BYTES, TOGETHER
from energynet.kernels.state import Weights
from energynet.kernels.strokes import list_images
from energynet.kernels.sums import BLOCK
from energynet.training import evaluation
from energynet.training.images import encode_pixels

PIXELS = 20
BATCH = GROUPS * TOGETHER


def images_of(kind, n):
    """n images: of 8 bits, of floats most of which are equal, or of floats none of which are."""
    generator = np.random.default_rng(n)
    images = generator.integers(1, 256, (n, PIXELS)).astype(np.uint8)
    images[generator.random(images.shape) < generator.random((n, 1))] = 0
    if kind == "8 bits":
        return images, 0.0
    if kind == "background":
        return images / 255, 0.0
    return generator.random((n, PIXELS)), 0.5


def network_of(nh, dtype, background, activation="leaky_relu"):
    generator = np.random.default_rng(nh)
    w1, w2 = generator.normal(size=(PIXELS + 1, nh)), generator.normal(size=(nh + 1, 3))
    mean = 0.1 if background == 0 else 0.0
    return en.Network(w1.astype(dtype), w2.astype(dtype), mean, background - mean, activation)


def expected_outputs(network, images):
    x = images / 255 if images.dtype == np.uint8 else images
    ones = np.ones((len(x), 1))
    h = np.append(x - network.mean, ones, axis=1) @ network.w1.astype(float)
    a = np.tanh(h) if network.activation == "tanh" else np.where(h > 0, h, 0.1 * h)
    return np.append(a, ones, axis=1) @ network.w2.astype(float)


@pytest.mark.parametrize("kind", ["8 bits", "background", "none equal"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "nh", [1, 2, 15, 16, 17, 31, 32, 33, BLOCK - 1, BLOCK, BLOCK + 1, BLOCK + 33, 2 * BLOCK]
)
def test_sizes_of_networks(nh, dtype, kind):
    images, background = images_of(kind, 7)
    network = network_of(nh, dtype, background)
    size = 1e-4 if dtype == "float32" else 1e-11
    outputs = network.outputs(images)
    np.testing.assert_allclose(outputs, expected_outputs(network, images), rtol=size, atol=size * 9)
    np.testing.assert_array_equal(network.predict(images), outputs.argmax(axis=1))


@pytest.mark.parametrize("n", [0, 1, 3, 4, 5, BATCH - 1, BATCH, BATCH + 1, 2 * BATCH + 5])
def test_each_image_alone_gives_the_same_bits(n):
    images, background = images_of("8 bits", n)
    network = network_of(33, "float32", background, "tanh")
    outputs = network.outputs(images)
    np.testing.assert_allclose(outputs, expected_outputs(network, images), atol=1e-3)
    for threads in (2, 3):
        np.testing.assert_array_equal(network.outputs(images, threads), outputs)
    for i in range(0, n, 97):
        np.testing.assert_array_equal(network.outputs(images[i : i + 1])[0], outputs[i])


@pytest.mark.parametrize("n", [2, 3, 4, 7])
def test_many_images_are_listed_part_by_part(n, monkeypatch):
    images, background = images_of("8 bits", n)
    network = network_of(5, "float32", background)
    expected = network.outputs(images)
    monkeypatch.setattr(evaluation, "_IMAGES", 3)
    np.testing.assert_array_equal(network.outputs(images), expected)


WIDTH = ROW_BYTES // 4  # units that are evaluated together
NH = 2 * BLOCK + 200  # three blocks, the last with the bias unit


def change(weights, plastic, readout, generator):
    """Other weights for the plastic synapses."""
    weights.u[:, :plastic] = generator.normal(size=weights.u[:, :plastic].shape)
    for part in (slice(0, readout), slice(-1, None)):
        weights.w_out[:, part] = generator.normal(size=weights.w_out[:, part].shape)
    weights.r[:] = np.add.reduce(weights.u[:-1], axis=0, dtype=np.float64)


def spoil(weights, plastic, kept):
    """NaN in the place of all weights that a second test must not read."""
    first = -(-plastic // WIDTH) * WIDTH
    for block in range(0, NH + 1, BLOCK):
        has_sums = 0 <= block // BLOCK - kept.first_sum < len(kept.sums)
        stop = min(block + BLOCK, NH)
        if has_sums or block >= kept.first_unit:
            weights.u[:, max(first, block) : stop] = np.nan
            weights.r[max(first, block) : stop] = np.nan
        if has_sums:
            weights.w_out[:, block:stop] = np.nan


# Megabytes for 37 images: 10 groups' sums of a block take 480 bytes, their activities of a block
# 164 kB, and of the last block 41 kB.
@pytest.mark.parametrize(
    ("plastic", "readout", "room", "sums", "first_unit"),
    [
        (0, NH, 2**20, 0, 0),  # as the rule readout
        (0, NH, 250_000, 0, BLOCK),  # no room for the first block
        (0, NH, 40_959, 0, 3 * BLOCK),
        (100, 100, 2**20, 1, 2 * BLOCK),  # as fixed-units
        (100, 100, 41_000, 1, 3 * BLOCK),
        (100, 100, 479, 0, 3 * BLOCK),
        (100, NH, 2**20, 0, 0),  # with a plastic output layer
        (BLOCK, BLOCK, 2**20, 1, 2 * BLOCK),
        (BLOCK + 1, BLOCK + 1, 2**20, 0, BLOCK),
        (NH - 1, NH - 1, 2**20, 0, 2 * BLOCK),
        (NH, NH, 2**20, 0, 3 * BLOCK),  # as the rule all
        (0, 0, 2**20, 2, 2 * BLOCK),
    ],
)
def test_what_is_kept_of_frozen_units(plastic, readout, room, sums, first_unit, monkeypatch):
    monkeypatch.setattr(evaluation, "_KEPT_BYTES", room)
    monkeypatch.setattr(evaluation, "GROUPS", 3)  # several batches
    generator = np.random.default_rng(plastic)
    dtype = np.dtype(np.float32)
    lists = list_images(encode_pixels(images_of("8 bits", 37)[0], np.zeros(37), 0.1, -0.1, dtype))
    weights = Weights(
        generator.normal(size=(PIXELS + 1, NH)).astype(dtype),
        np.zeros(NH),
        np.zeros(NH),
        generator.normal(size=(3, NH + 1)).astype(dtype),
    )
    activation = activation_of("leaky_relu", dtype)
    kept = evaluation.keep_frozen(weights, lists, plastic, readout)
    assert (len(kept.sums), kept.first_unit) == (sums, first_unit)
    assert kept.sums.nbytes + kept.a.nbytes <= room
    for threads in (1, 2, 3, 1):
        change(weights, plastic, readout, generator)
        expected = evaluation.evaluate_lists(weights, lists, activation, 1)
        stained = Weights(*(array.copy() for array in weights))
        if kept.full[0]:
            spoil(stained, plastic, kept)
        found = evaluation.evaluate_lists(stained, lists, activation, threads, kept)
        assert kept.full[0]
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("output_fraction", [None, 1.0])
def test_tests_of_a_run_are_those_of_its_networks(output_fraction, tmp_path):
    """Whether it was resumed, on which number of threads, and whatever is kept of frozen units."""
    generator = np.random.default_rng(0)
    images = generator.integers(0, 90, (300, PIXELS)).astype(np.uint8)
    labels = np.arange(300) % 3
    for label in range(3):
        images[labels == label, 6 * label : 6 * label + 6] += 55
    data = en.Dataset.from_arrays(images, labels, images, labels)
    rule = en.FixedMask(0.1, over="units", output_fraction=output_fraction)
    histories = []
    for threads, stops in ((1, [60]), (2, [60]), (1, [20, 40, 60])):
        rights = []

        def on_test(point, network, rights=rights):
            right = float(np.mean(network.predict(data.x_test) == data.y_test))
            rights.append((point.accuracy, right))

        for stop in stops:
            config = en.TrainingConfig(
                hidden=BLOCK + 700,
                rule=rule,
                init_std=0.1,
                test_every=10,
                max_steps=stop,
                target_accuracy=1.0,
            )
            path = tmp_path / f"{threads}{len(stops)}"
            run = en.train(config, data, threads=threads, checkpoint=path, on_test=on_test)
        assert all(accuracy == right for accuracy, right in rights)
        assert len(rights) == 6
        histories.append(run.history)
    assert histories[0] == histories[1] == histories[2]
    assert len({point.accuracy for point in histories[0]}) > 3
