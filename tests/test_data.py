"""Data sets: the embedded MNIST, IDX folders, arrays."""

import gzip
import lzma
import os
import subprocess
import tracemalloc

import numba
import numpy as np
import pytest
from support import PYTHON

import energynet as en
from energynet.data import dataset as data
from energynet.sweeps.worker import load_data
from energynet.training.images import encode_dataset

NAMES = {
    "train-images-idx3-ubyte": (6, 3, 2),
    "train-labels-idx1-ubyte": (6,),
    "t10k-images-idx3-ubyte": (4, 3, 2),
    "t10k-labels-idx1-ubyte": (4,),
}


def idx(array):
    sizes = np.array(array.shape, ">u4").tobytes()
    return bytes((0, 0, 8, array.ndim)) + sizes + array.astype(np.uint8).tobytes()


@pytest.fixture
def folder(tmp_path):
    """A folder with a data set of 6 + 4 images of 3 x 2 pixels and labels 0, 1, 2."""
    for name, shape in NAMES.items():
        array = np.arange(np.prod(shape)).reshape(shape) % (3 if "labels" in name else 250)
        (tmp_path / name).write_bytes(idx(array))
    return tmp_path


def test_mnist_is_the_original(mnist):
    assert mnist.x_train.shape == (60_000, 784)
    assert mnist.x_test.shape == (10_000, 784)
    assert mnist.classes == 10
    assert mnist.mean == pytest.approx(0.1306604762738429, abs=1e-15)
    assert np.mean(mnist.x_train != 0) == pytest.approx(0.1912, abs=5e-5)
    assert list(mnist.y_train[:5]) == [5, 0, 4, 1, 9]
    assert mnist.sha256 == en.load_mnist().sha256 == data.MNIST_SHA256


def test_mnist_is_mapped_and_a_damaged_cache_is_made_again(tmp_path, monkeypatch):
    monkeypatch.setenv("ENERGYNET_CACHE", str(tmp_path))
    first = en.load_mnist().sha256
    (cached,) = (tmp_path / "mnist").iterdir()
    with cached.open("r+b") as file:
        file.seek(100_000)
        file.write(b"damage")
    assert en.load_mnist().sha256 == first
    cached.write_bytes(b"")
    assert en.load_mnist().sha256 == first
    assert not en.load_mnist().x_train.flags.writeable


def test_mnist_without_any_writable_cache(monkeypatch):
    monkeypatch.setattr(data, "cache_folder", lambda _: None)
    assert len(en.load_mnist().x_test) == 10_000


def test_mnist_with_a_full_disk(monkeypatch, tmp_path):
    monkeypatch.setenv("ENERGYNET_CACHE", str(tmp_path))

    def full(_path):
        raise en.FileError("no space left")

    monkeypatch.setattr(data, "written_whole", full)
    assert len(en.load_mnist().x_test) == 10_000


def test_damaged_package_data(monkeypatch, tmp_path):
    monkeypatch.setenv("ENERGYNET_CACHE", str(tmp_path))
    monkeypatch.setitem(data._FILES_SHA256, "t10k-labels-idx1-ubyte.xz", "0" * 64)
    with pytest.raises(en.DataError, match=r"embedded t10k-labels-idx1-ubyte.xz is damaged"):
        en.load_mnist()


def test_several_processes_start_at_once_on_an_empty_cache(tmp_path):
    environment = os.environ | {"ENERGYNET_CACHE": str(tmp_path)}
    code = "import energynet as en; print(en.load_mnist().sha256)"
    started = [
        subprocess.Popen([*PYTHON, "-c", code], env=environment, stdout=subprocess.PIPE)
        for _ in range(4)
    ]
    assert len({process.communicate()[0] for process in started}) == 1
    assert all(process.returncode == 0 for process in started)
    assert [path.suffix for path in (tmp_path / "mnist").iterdir()] == [".npy"]


def test_a_read_only_home(tmp_path):
    """The caches fall back to the temporary folder."""
    home = tmp_path / "file"
    home.write_text("a file is no folder, so nothing can be made below it")
    environment = {k: v for k, v in os.environ.items() if k not in ("ENERGYNET_CACHE",)}
    environment |= {"HOME": str(home), "XDG_CACHE_HOME": str(home), "TMPDIR": str(tmp_path)}
    code = "from energynet.support.files import cache_folder; print(cache_folder('x'))"
    done = subprocess.run(
        [*PYTHON, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith(str(tmp_path))


@pytest.mark.parametrize("suffix", ["", ".gz", ".xz"])
def test_idx_folder(folder, suffix):
    for name in NAMES:
        content = (folder / name).read_bytes()
        (folder / name).unlink()
        packed = {"": bytes, ".gz": gzip.compress, ".xz": lzma.compress}[suffix](content)
        (folder / (name + suffix)).write_bytes(packed)
    dataset = en.load_idx(folder)
    assert dataset.x_train.shape == (6, 6)
    assert dataset.x_test.dtype == np.uint8
    assert list(dataset.y_train) == [0, 1, 2, 0, 1, 2]
    assert dataset.classes == 3
    assert repr(dataset) == "Dataset(6 training and 4 test images of 6 pixels (uint8), 3 classes)"


def test_idx_folder_with_the_name_of_a_file(folder):
    renamed = folder.rename(folder.with_name("digits.npz"))
    assert load_data(str(renamed)).sha256 == en.load_idx(renamed).sha256


def header(magic, *sizes):
    return magic + np.array(sizes, ">u4").tobytes()


LABELS, IMAGES = b"\0\0\x08\x01", b"\0\0\x08\x03"
BAD_FILES = {
    "empty": ("train-images-idx3-ubyte", b"", "starts with nothing"),
    "magic": ("train-images-idx3-ubyte", b"\x89PNG" + bytes(50), "starts with 89504e47"),
    "ints": ("train-images-idx3-ubyte", header(b"\0\0\x0c\x03", 6, 3, 2), "starts with 00000c03"),
    "dimensions": ("train-labels-idx1-ubyte", header(IMAGES, 6, 1, 1), "with 1 dimension:"),
    "header": ("train-images-idx3-ubyte", IMAGES + b"\0\0\0", "ends inside its header"),
    "truncated": ("train-images-idx3-ubyte", header(IMAGES, 6, 3, 2) + bytes(35), "only 35"),
    "too long": ("train-images-idx3-ubyte", header(IMAGES, 6, 3, 2) + bytes(37), "too long"),
    "huge": ("train-images-idx3-ubyte", header(IMAGES, *[2**32 - 1] * 3), "announces"),
    "count": ("train-labels-idx1-ubyte", header(LABELS, 5) + bytes(5), "one label for each of 6"),
    "pixels": ("t10k-images-idx3-ubyte", header(IMAGES, 4, 2, 2) + bytes(16), "got 6 and 4"),
    "no images": ("train-images-idx3-ubyte", header(IMAGES, 0, 3, 2), "non-empty"),
    "no pixels": ("train-images-idx3-ubyte", header(IMAGES, 6, 0, 2), "non-empty"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_bad_idx_file(folder, case):
    name, content, message = BAD_FILES[case]
    (folder / name).write_bytes(content)
    with pytest.raises(en.DataError, match=message) as caught:
        en.load_idx(folder)
    assert str(folder) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", [".gz", ".xz"])
@pytest.mark.parametrize("damage", ["cut", "not packed", "flipped"])
def test_damaged_packed_file(folder, suffix, damage):
    name = "train-images-idx3-ubyte"
    content = (folder / name).read_bytes()
    (folder / name).unlink()
    packed = bytearray({".gz": gzip.compress, ".xz": lzma.compress}[suffix](content))
    if damage == "cut":
        packed = packed[: len(packed) // 2]
    elif damage == "not packed":
        packed = content
    else:
        packed[len(packed) // 2] ^= 255
    (folder / (name + suffix)).write_bytes(packed)
    with pytest.raises(en.DataError, match=f"{name}{suffix} "):
        en.load_idx(folder)


def test_header_alone_allocates_nothing(folder):
    (folder / "train-images-idx3-ubyte").write_bytes(header(IMAGES, 2**31, 28, 28) + bytes(99))
    tracemalloc.start()
    with pytest.raises(en.DataError, match="only 99 follow"):
        en.load_idx(folder)
    assert tracemalloc.get_traced_memory()[1] < 4e6
    tracemalloc.stop()


def test_missing_idx_file_or_folder(folder):
    (folder / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(en.DataError, match="holds no t10k-labels-idx1-ubyte"):
        en.load_idx(folder)
    with pytest.raises(en.DataError, match="nowhere does not exist"):
        en.load_idx(folder / "nowhere")


X, Y = np.zeros((4, 5), np.uint8), [0, 1, 2, 1]
BAD_ARRAYS = {
    "integers": ((X.astype(int), Y, X, Y), "x_train must be uint8, float32 or float64, got int64"),
    "text": (([["a"]], [0], X, Y), "x_train must be uint8"),
    "flat": ((X[0], Y, X, Y), "x_train must be a non-empty array"),
    "empty": ((X[:0], [], X, Y), "x_train must be a non-empty array"),
    "two types": ((X, Y, X.astype(float), Y), "one dtype, got uint8 and float64"),
    "pixels": ((X, Y, X[:, :3], Y), "same number of pixels an image, got 5 and 3"),
    "nan": ((X * np.nan, Y, X * 1.0, Y), "x_train must be finite"),
    "inf": ((X * 1.0, Y, X + np.inf, Y), "x_test must be finite"),
    "count": ((X, Y[:3], X, Y), "y_train must hold one label for each of 4 images"),
    "negative": ((X, [0, 1, -2, 1], X, Y), r"y_train must be labels in \[0, .*\], got -2"),
    "float labels": ((X, Y, X, [0.5] * 4), "y_test must be integers, got float64"),
    "no output": ((X, Y, X, [0, 1, 2, 3], 3), r"y_test must be labels in \[0, 2\], got 3"),
    "classes": ((X, Y, X, Y, 0), r"classes must be an integer in \[1, .*\], got 0"),
    "classes type": ((X, Y, X, Y, "three"), "classes must be an integer .* got 'three'"),
}


@pytest.mark.parametrize("case", BAD_ARRAYS)
def test_bad_arrays(case):
    arguments, message = BAD_ARRAYS[case]
    with pytest.raises(en.DataError, match=message):
        en.Dataset.from_arrays(*arguments)
    arrays, classes = arguments[:4], arguments[4:] or (10,)
    with pytest.raises(en.DataError, match=message):
        en.Dataset(*arrays, *classes)


def test_arrays_are_flattened_and_classes_counted():
    images = np.random.default_rng(0).random((4, 3, 2, 2), dtype=np.float32)
    dataset = en.Dataset.from_arrays(images[::2], [0, 4], np.asfortranarray(images), Y)
    assert dataset.x_train.shape == (2, 12)
    np.testing.assert_array_equal(dataset.x_test, images.reshape(4, 12))
    assert dataset.classes == 5
    assert dataset.mean == pytest.approx(images[::2].mean(dtype=np.float64), rel=1e-12)


def test_hash_tells_data_sets_apart():
    hashes = {
        en.Dataset.from_arrays(X, Y, X, Y).sha256,
        en.Dataset.from_arrays(X, Y, X, Y, classes=4).sha256,
        en.Dataset.from_arrays(X + np.uint8(1), Y, X, Y).sha256,
        en.Dataset.from_arrays(X, [0, 1, 2, 2], X, Y).sha256,
        en.Dataset.from_arrays(X * 1.0, Y, X * 1.0, Y).sha256,
    }
    assert len(hashes) == 5


def test_x_values_and_background():
    images = np.array([[0, 0, 0, 255], [0, 51, 0, 0]], np.uint8)
    dataset = en.Dataset.from_arrays(images, [0, 1], images, [0, 1])
    mean = (255 + 51) / 255 / 8
    for center, shift in ((True, mean), (False, 0.0)):
        train, test = encode_dataset(dataset, center, np.dtype(np.float64))
        np.testing.assert_allclose(train.table[images], images / 255 - shift, atol=1e-15)
        assert train.background == test.background == train.table[0]
        floats = en.Dataset.from_arrays(images / 255, [0, 1], images / 255, [0, 1])
        train, test = encode_dataset(floats, center, np.dtype(np.float64))
        np.testing.assert_allclose(train.values, images / 255 - shift, atol=1e-15)
        assert train.background == test.background == train.values[0, 0]


def test_no_background_without_a_dominant_value():
    images = np.random.default_rng(0).random((50, 20))
    dataset = en.Dataset.from_arrays(images, np.arange(50) % 2, images, np.arange(50) % 2)
    assert encode_dataset(dataset, True, np.dtype(np.float32))[0].background == 0


def test_pixels_that_overflow_float32():
    images = np.full((2, 3), 1e300)
    dataset = en.Dataset.from_arrays(images, [0, 1], images, [0, 1])
    with pytest.raises(en.DataError, match="pixels must fit into float32"):
        encode_dataset(dataset, False, np.dtype(np.float32))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_all_images_are_of_one_compiled_type(mnist, dtype):
    """Else `energynet info --warm` would compile for some, and users wait for others."""
    images = np.zeros((5, 8), np.uint8)
    own = en.Dataset.from_arrays(images, np.arange(5), images, np.arange(5))
    floats = en.Dataset.from_arrays(images / 2, np.arange(5), images / 2, np.arange(5))
    kinds = {
        numba.typeof(part)
        for dataset in (mnist, own, floats)
        for part in encode_dataset(dataset, True, np.dtype(dtype))
    }
    assert len(kinds) == 1
