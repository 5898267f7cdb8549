"""Outputs and classes of many images, against products of whole matrices."""

import numpy as np
import pytest

import energynet as en
from energynet.kernels.evaluate import GROUPS
from energynet.kernels.native import TOGETHER
from energynet.kernels.sums import BLOCK
from energynet.training import evaluation

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
