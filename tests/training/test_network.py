"""Trained networks: what they predict, and their files."""

import copy
import pickle
from dataclasses import replace

import numpy as np
import pytest
from runs import SMALL
from support import digits

import energynet as en


def test_network_file(tmp_path):
    result = en.train(en.TrainingConfig(hidden=6, **SMALL), digits())
    path = tmp_path / "network.npz"
    result.network.save(path)
    loaded = en.Network.load(path)
    np.testing.assert_array_equal(loaded.w1, result.network.w1)
    np.testing.assert_array_equal(loaded.w2, result.network.w2)
    assert loaded.w1.shape == (41, 6)
    assert loaded.w2.shape == (7, 4)
    images = digits().x_test
    for threads in (1, 3):
        outputs = loaded.outputs(images, threads)
        np.testing.assert_array_equal(outputs, result.network.outputs(images))
    x = np.append(images / 255 - loaded.mean, np.ones((len(images), 1)), axis=1)
    h = x @ loaded.w1
    a = np.append(np.where(h > 0, h, 0.1 * h), np.ones((len(images), 1)), axis=1)
    np.testing.assert_allclose(outputs, a @ loaded.w2, atol=1e-5)
    np.testing.assert_array_equal(loaded.predict(images), outputs.argmax(axis=1))
    assert list(tmp_path.iterdir()) == [path]


def test_weights_are_read_only(tmp_path):
    seen = []
    config = en.TrainingConfig(hidden=6, **SMALL)
    result = en.train(config, digits(), on_test=lambda _, network: seen.append(network))
    assert len({network.w1.__array_interface__["data"] for network in seen}) == 1  # no copies
    network = result.network
    network.save(tmp_path / "network.npz")
    w1, w2 = network.w1.copy(), network.w2.copy()
    built = en.Network(w1, w2, network.mean, network.background)
    w1 *= 2
    others = (
        en.Network.load(tmp_path / "network.npz"),
        copy.deepcopy(network),
        pickle.loads(pickle.dumps(network)),
        replace(network, w1=network.w1),
        built,
    )
    for other in (network, seen[-1], *others):
        np.testing.assert_array_equal(other.w1, network.w1)
        for array in (other.w1, other.w2):
            with pytest.raises(ValueError, match="read-only"):
                array[:] = 0


def test_equal_outputs_go_to_the_lowest_class():
    network = en.Network(np.zeros((3, 2), np.float32), np.ones((3, 4), np.float32), 0.0, 0.0)
    assert list(network.predict(np.zeros((5, 2), np.uint8))) == [0] * 5


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((2, 7), np.uint8), "images must have 40 pixels, got 7"),
        (np.zeros(40, np.uint8), r"images must be an array \(n, pixels\), got shape \(40,\)"),
        (np.zeros((2, 40), int), r"images must be uint8, .* got int64: convert it with .astype"),
    ],
)
def test_bad_images(images, message):
    network = en.train(en.TrainingConfig(hidden=2, **(SMALL | {"max_steps": 1})), digits()).network
    with pytest.raises(en.DataError, match=message):
        network.predict(images)


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04" + bytes(50)])
def test_bad_files(tmp_path, content):
    path = tmp_path / "file.npz"
    path.write_bytes(content)
    with pytest.raises(en.FileError, match=r"file.npz is not a network saved by energynet"):
        en.Network.load(path)
    with pytest.raises(en.FileError, match=r"file.npz is not a checkpoint of energynet"):
        en.train(en.TrainingConfig(hidden=2), digits(), checkpoint=path)
    assert path.read_bytes() == content


def test_foreign_arrays(tmp_path):
    path = tmp_path / "file.npz"
    np.savez(path, a=np.zeros(3))
    with pytest.raises(en.FileError, match="is not a network saved by energynet"):
        en.Network.load(path)
    weights = {"w1": np.zeros((3, 2)), "w2": np.zeros((7, 2))}
    np.savez(path, format=1, **weights, mean=0, background=0, activation="relu")
    with pytest.raises(en.FileError, match="w1 and w2 must have one type and shapes"):
        en.Network.load(path)
    np.savez(path, format=9, w1=0)
    with pytest.raises(en.FileError, match="its format is 9"):
        en.Network.load(path)
    with pytest.raises(en.FileError, match=r"nothing.npz cannot be read: No such file"):
        en.Network.load(tmp_path / "nothing.npz")


def test_pickles_are_never_loaded(tmp_path):
    path = tmp_path / "file.npz"
    np.savez(path, format=1, w1=np.array([print], dtype=object))
    with pytest.raises(en.FileError, match="is not a network"):
        en.Network.load(path)
