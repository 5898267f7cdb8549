"""Data sets: the embedded MNIST, IDX folders, `.npz` files, arrays."""

import copy
import gzip
import lzma
import os
import pickle
import subprocess
import tracemalloc
import warnings

import numba
import numpy as np
import pytest
from naive import mix
from support import IDX_SHAPES, PYTHON, digits, idx_bytes

import energynet as en
from energynet.data import mnist as embedded
from energynet.data.named import load_named
from energynet.training.images import encode_dataset


def test_mnist_is_the_original(mnist):
    assert mnist.x_train.shape == (60_000, 784)
    assert mnist.x_test.shape == (10_000, 784)
    assert mnist.classes == 10
    assert mnist.mean == pytest.approx(0.1306604762738429, abs=1e-15)
    assert np.mean(mnist.x_train != 0) == pytest.approx(0.1912, abs=5e-5)
    assert list(mnist.y_train[:5]) == [5, 0, 4, 1, 9]
    assert mnist.sha256 == en.load_mnist().sha256 == embedded.MNIST_SHA256


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
    monkeypatch.setattr(embedded, "cache_folder", lambda _: None)
    assert len(en.load_mnist().x_test) == 10_000


def test_mnist_with_a_full_disk(monkeypatch, tmp_path):
    monkeypatch.setenv("ENERGYNET_CACHE", str(tmp_path))

    def full(_path):
        raise en.FileError("no space left")

    monkeypatch.setattr(embedded, "written_whole", full)
    assert len(en.load_mnist().x_test) == 10_000


def test_damaged_package_data(monkeypatch, tmp_path):
    monkeypatch.setenv("ENERGYNET_CACHE", str(tmp_path))
    monkeypatch.setitem(embedded._FILES_SHA256, "t10k-labels-idx1-ubyte.xz", "0" * 64)
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
def test_idx_folder(idx_folder, suffix):
    for name in IDX_SHAPES:
        content = (idx_folder / name).read_bytes()
        (idx_folder / name).unlink()
        packed = {"": bytes, ".gz": gzip.compress, ".xz": lzma.compress}[suffix](content)
        (idx_folder / (name + suffix)).write_bytes(packed)
    dataset = en.load_idx(idx_folder)
    assert dataset.x_train.shape == (6, 6)
    assert dataset.x_test.dtype == np.uint8
    assert list(dataset.y_train) == [0, 1, 2, 0, 1, 2]
    assert dataset.classes == 3
    assert repr(dataset) == "Dataset(6 training and 4 test images of 6 pixels (uint8), 3 classes)"


NAMED = {
    "dots": lambda name: name.replace("-idx", ".idx"),
    "emnist": lambda name: f"emnist-letters-{name.replace('t10k', 'test')}.gz",
    "qmnist": lambda name: f"qmnist-{name.replace('t10k', 'test')}",
    "both": lambda name: f"{name}.gz",
}


@pytest.mark.parametrize("case", NAMED)
def test_other_usual_names(idx_folder, case):
    """As 7-Zip, EMNIST and QMNIST have them; or plain and packed files of one data set."""
    expected = en.load_idx(idx_folder)
    for name in IDX_SHAPES:
        content = (idx_folder / name).read_bytes()
        if case != "both":
            (idx_folder / name).unlink()
        packed = gzip.compress(content) if NAMED[case](name).endswith(".gz") else content
        (idx_folder / NAMED[case](name)).write_bytes(packed)
    (idx_folder / "emnist-letters-mapping.txt").write_text("1 65 97")
    assert en.load_idx(idx_folder).sha256 == expected.sha256


def test_labels_of_qmnist(idx_folder):
    """Eight integers per image, of which the first is the class."""
    expected = en.load_idx(idx_folder)
    for part, labels in (("train", expected.y_train), ("t10k", expected.y_test)):
        (idx_folder / f"{part}-labels-idx1-ubyte").unlink()
        rows = np.full((len(labels), 8), 2**20)
        rows[:, 0] = labels
        (idx_folder / f"{part}-labels-idx2-int").write_bytes(idx_bytes(rows, 12, ">i4"))
    assert en.load_idx(idx_folder).sha256 == expected.sha256
    (idx_folder / "train-labels-idx2-int").write_bytes(idx_bytes(rows[:, :3], 12, ">i4"))
    with pytest.raises(en.DataError, match=r"must hold 8 values of int32 .* got 3 of int32"):
        en.load_idx(idx_folder)


@pytest.mark.parametrize(("kind", "dtype"), [(13, ">f4"), (14, ">f8")])
def test_images_of_floats(idx_folder, kind, dtype):
    scaled = {}
    for part in ("train", "t10k"):
        path = idx_folder / f"{part}-images-idx3-ubyte"
        values = np.frombuffer(path.read_bytes()[16:], np.uint8).reshape(-1, 3, 2) / 256
        path.write_bytes(idx_bytes(values, kind, dtype))
        scaled[part] = values.reshape(-1, 6)
    read = en.load_idx(idx_folder)
    assert read.x_train.dtype == np.dtype(dtype).newbyteorder("=")
    np.testing.assert_array_equal(read.x_train, scaled["train"])
    np.testing.assert_array_equal(read.x_test, scaled["t10k"])


@pytest.mark.parametrize("packer", [gzip, lzma])
def test_packed_files_are_known_by_their_content(idx_folder, packer):
    """Browsers unpack files under their packed names, and save packed ones under plain names."""
    expected = en.load_idx(idx_folder)
    images, labels = idx_folder / "train-images-idx3-ubyte", idx_folder / "train-labels-idx1-ubyte"
    images.write_bytes(packer.compress(images.read_bytes()))
    labels.rename(labels.with_name(f"{labels.name}.gz"))
    assert en.load_idx(idx_folder).sha256 == expected.sha256


def test_several_data_sets_in_a_folder(idx_folder):
    for name in IDX_SHAPES:
        for prefix in ("emnist-digits-", "emnist-letters-"):
            (idx_folder / (prefix + name)).write_bytes((idx_folder / name).read_bytes())
        (idx_folder / name).unlink()
    message = (
        "holds 2 data sets, with the training images emnist-digits-train-images-idx3-ubyte,"
        " emnist-letters-train-images-idx3-ubyte: put"
    )
    with pytest.raises(en.DataError, match=message):
        en.load_idx(idx_folder)
    (idx_folder / "emnist-digits-t10k-labels-idx1-ubyte").unlink()
    assert en.load_idx(idx_folder).classes == 3


def test_idx_folder_with_the_name_of_a_file(idx_folder):
    renamed = idx_folder.rename(idx_folder.with_name("digits.npz"))
    assert load_named(str(renamed)).sha256 == en.load_idx(renamed).sha256


def header(magic, *sizes):
    return magic + np.array(sizes, ">u4").tobytes()


LABELS, IMAGES = b"\0\0\x08\x01", b"\0\0\x08\x03"
BAD_FILES = {
    "empty": ("train-images-idx3-ubyte", b"", "starts with nothing"),
    "magic": ("train-images-idx3-ubyte", b"\x89PNG" + bytes(50), "starts with 89504e47"),
    "type": ("train-images-idx3-ubyte", header(b"\0\0\x0f\x03", 6, 3, 2), "starts with 00000f03"),
    "ints": (
        "train-images-idx3-ubyte",
        header(b"\0\0\x0c\x03", 6, 3, 2) + bytes(144),
        "x_train must be uint8, float32 or float64, got int32: convert it with",
    ),
    "float labels": (
        "train-labels-idx1-ubyte",
        header(b"\0\0\x0d\x01", 6) + bytes(24),
        "y_train must be integers, got float32",
    ),
    "dimensions": (
        "train-labels-idx1-ubyte",
        header(IMAGES, 6, 1, 1),
        "must hold values in 1 dimension, but it holds uint8 in 3",
    ),
    "header": ("train-images-idx3-ubyte", IMAGES + b"\0\0\0", "ends inside its header"),
    "truncated": ("train-images-idx3-ubyte", header(IMAGES, 6, 3, 2) + bytes(35), "only 35"),
    "too long": ("train-images-idx3-ubyte", header(IMAGES, 6, 3, 2) + bytes(37), "too long"),
    "huge": ("train-images-idx3-ubyte", header(IMAGES, *[2**32 - 1] * 3), "truncated"),
    "count": ("train-labels-idx1-ubyte", header(LABELS, 5) + bytes(5), "one label for each of 6"),
    "pixels": ("t10k-images-idx3-ubyte", header(IMAGES, 4, 2, 2) + bytes(16), "got 6 and 4"),
    "no images": ("train-images-idx3-ubyte", header(IMAGES, 0, 3, 2), "non-empty"),
    "no pixels": ("train-images-idx3-ubyte", header(IMAGES, 6, 0, 2), "non-empty"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_bad_idx_file(idx_folder, case):
    name, content, message = BAD_FILES[case]
    (idx_folder / name).write_bytes(content)
    with pytest.raises(en.DataError, match=message) as caught:
        en.load_idx(idx_folder)
    assert str(idx_folder) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", [".gz", ".xz"])
@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_damaged_packed_file(idx_folder, suffix, damage):
    name = "train-images-idx3-ubyte"
    content = (idx_folder / name).read_bytes()
    (idx_folder / name).unlink()
    packed = bytearray({".gz": gzip.compress, ".xz": lzma.compress}[suffix](content))
    if damage == "cut":
        packed = packed[: len(packed) // 2]
    else:
        packed[len(packed) // 2] ^= 255
    (idx_folder / (name + suffix)).write_bytes(packed)
    with pytest.raises(en.DataError, match=f"{name}{suffix} "):
        en.load_idx(idx_folder)


def test_header_alone_allocates_nothing(idx_folder):
    (idx_folder / "train-images-idx3-ubyte").write_bytes(header(IMAGES, 2**31, 28, 28) + bytes(99))
    tracemalloc.start()
    try:
        with pytest.raises(en.DataError, match=r"announces .* values, only 99 bytes follow"):
            en.load_idx(idx_folder)
        assert tracemalloc.get_traced_memory()[1] < 4e6
    finally:
        tracemalloc.stop()


def test_missing_idx_file_or_folder(idx_folder):
    (idx_folder / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(en.DataError, match=r"holds no t10k-labels-idx1-ubyte .* it holds t10k-im"):
        en.load_idx(idx_folder)
    with pytest.raises(en.DataError, match="nowhere does not exist"):
        en.load_idx(idx_folder / "nowhere")


X, Y = np.zeros((4, 5), np.uint8), [0, 1, 2, 1]
BAD_ARRAYS = {
    "integers": (
        (X.astype(int), Y, X, Y),
        r"x_train must be uint8, float32 or float64, got int64: convert it with .ast",
    ),
    "text": (([["a"]], [0], X, Y), "x_train must be uint8"),
    "flat": ((X[0], Y, X, Y), "x_train must be a non-empty array"),
    "empty": ((X[:0], [], X, Y), "x_train must be a non-empty array"),
    "two types": ((X, Y, X.astype(float), Y), "one dtype, got uint8 and float64"),
    "pixels": ((X, Y, X[:, :3], Y), "same number of pixels per image, got 5 and 3"),
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
    dataset = en.Dataset.from_arrays(images[::2], [0, 3], np.asfortranarray(images), Y)
    assert dataset.x_train.shape == (2, 12)
    np.testing.assert_array_equal(dataset.x_test, images.reshape(4, 12))
    assert dataset.classes == 4
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
    images = np.full((2, 3), -1e300)
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


def parts(dataset):
    return [getattr(dataset, name) for name in ("x_train", "y_train", "x_test", "y_test")]


def test_a_data_set_never_changes():
    """Its hash and mean are kept: stored results would be taken for those of other data."""
    images, labels = np.arange(20, dtype=np.uint8).reshape(4, 5), np.array([0, 1, 1, 0], np.int32)
    frozen = images.view()
    frozen.flags.writeable = False
    for given in (images, frozen, images[:], images.reshape(4, 5, 1), np.asfortranarray(images)):
        dataset = en.Dataset.from_arrays(given, labels, given, labels)
        before, mean = dataset.sha256, dataset.mean
        copies = [copy.copy(dataset), copy.deepcopy(dataset), pickle.loads(pickle.dumps(dataset))]
        images += 1
        labels[0] = 1 - labels[0]
        for same in (dataset, *copies):
            for array in parts(same):
                with pytest.raises(ValueError, match="read-only"):
                    array[:] = 0
            assert en.Dataset(*parts(same), same.classes).sha256 == before == same.sha256
            assert en.Dataset(*parts(same), same.classes).mean == mean


def test_what_nobody_can_write_to_is_not_copied(mnist, tmp_path):
    np.save(tmp_path / "images.npy", np.arange(20, dtype=np.uint8).reshape(4, 5))
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    dataset = en.Dataset.from_arrays(mapped, [0, 1, 1, 0], mapped, [0, 1, 1, 0])
    assert np.shares_memory(dataset.x_train, mapped)
    again = en.Dataset(*parts(mnist), mnist.classes)
    assert np.shares_memory(again.x_train, mnist.x_train)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([1, 2, 3, 1], r"go up to 3, but no image has the label 0: .*only\(\[1, 2, 3\]\)"),
        ([0, 255, 0, 255], r"up to 255, but no image has the label 1, 2, ... 254: .*\[0, 255\]"),
    ],
)
def test_classes_without_images_are_told(idx_folder, labels, message):
    labels = np.array(labels)
    with pytest.warns(en.DataWarning, match=message) as caught:
        dataset = en.Dataset.from_arrays(X, labels, X, labels)
    assert len(caught) == 1
    (idx_folder / "train-labels-idx1-ubyte").write_bytes(idx_bytes(np.resize(labels, 6)))
    (idx_folder / "t10k-labels-idx1-ubyte").write_bytes(idx_bytes(labels))
    with pytest.warns(en.DataWarning, match=message):
        en.load_idx(idx_folder)
    np.savez(idx_folder / "a.npz", x_train=X, y_train=labels, x_test=X, y_test=labels)
    with pytest.warns(en.DataWarning, match=message):
        load_named(idx_folder / "a.npz")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert en.Dataset.from_arrays(*parts(dataset), classes=256).classes == 256
        dense = dataset.only(sorted(set(labels.tolist())))
    assert dense.classes == len(set(labels.tolist()))
    assert en.Dataset.from_arrays(*parts(dense)).sha256 == dense.sha256


def test_only_some_classes():
    dataset = digits(classes=4)
    some = dataset.only([3, 1])
    assert some.classes == 2
    for images, labels, all_images, all_labels in (
        (some.x_train, some.y_train, dataset.x_train, dataset.y_train),
        (some.x_test, some.y_test, dataset.x_test, dataset.y_test),
    ):
        for new, old in ((0, 3), (1, 1)):
            np.testing.assert_array_equal(images[labels == new], all_images[all_labels == old])
        assert len(images) == np.isin(all_labels, [3, 1]).sum()
    same = dataset.only(np.arange(4))
    assert same.sha256 == dataset.sha256


@pytest.mark.parametrize("dtype", ["uint8", "float64"])
def test_permuted_pixels_follow_the_oracle(dtype):
    dataset = digits(dtype=dtype)
    other = dataset.permuted(3)
    key = np.random.SeedSequence(3).generate_state(1, np.uint64)[0]
    order = sorted(range(dataset.n_in), key=lambda i: mix(key, i))
    for new, old in ((other.x_train, dataset.x_train), (other.x_test, dataset.x_test)):
        np.testing.assert_array_equal(new, old[:, order], strict=True)
    np.testing.assert_array_equal(other.y_train, dataset.y_train)
    np.testing.assert_array_equal(other.y_test, dataset.y_test)
    assert other.classes == dataset.classes
    hashes = {each.sha256 for each in (dataset, other, dataset.permuted(4))}
    assert len(hashes) == 3
    assert dataset.permuted(3).sha256 in hashes


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ([4], r"classes must be an integer in \[0, 3\], got 4"),
        ([-1], r"classes must be an integer in \[0, 3\], got -1"),
        ([1.5], r"classes must be an integer in \[0, 3\], got 1.5"),
        ([1, 3, 1], "classes must name each class once, got 1 again"),
        ([], r"classes must be a list of at least one class, got \[\]"),
        (3, "classes must be a list of at least one class, got 3"),
        ([2], "classes must be those of images, but no image has class 2"),
    ],
)
def test_only_classes_that_there_are(classes, message):
    labels = [0, 1, 3, 1]
    with pytest.raises(en.ConfigError, match=message):
        en.Dataset.from_arrays(X, labels, X, labels, classes=4).only(classes)


def test_floats_that_are_not_scaled():
    images = np.array([[0, 3, 16, 8]] * 2)
    for dtype, factor in ((np.float32, 1), (np.float64, 1), (np.float32, 15.9375)):
        told = f"x_train holds floats up to {16 * factor:g}, which are taken"
        pixels = (factor * images).astype(dtype)
        with pytest.warns(en.DataWarning, match=told):
            en.Dataset.from_arrays(pixels, [0, 1], pixels, [0, 1])
    standardised = (images - images.mean()) / images.std()
    for fine in (images.astype(np.uint8), images / 8, standardised, 4 * standardised):
        en.Dataset.from_arrays(fine, [0, 1], fine, [0, 1])


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_saved_as_a_file(tmp_path, dtype):
    dataset = digits(dtype=dtype, classes=5)
    dataset.save(tmp_path / "digits.npz")
    assert load_named(str(tmp_path / "digits.npz")).sha256 == dataset.sha256
    assert en.Dataset.load(tmp_path / "digits.npz").sha256 == dataset.sha256


@pytest.mark.parametrize(("n_in", "rows"), [(49, 7), (40, 1)])
def test_saved_as_a_folder(tmp_path, n_in, rows):
    dataset = digits(n_in=n_in)
    dataset.save(tmp_path / "new" / "folder")
    folder = tmp_path / "new" / "folder"
    assert sorted(path.name for path in folder.iterdir()) == sorted(IDX_SHAPES)
    header = np.frombuffer((folder / "t10k-images-idx3-ubyte").read_bytes()[4:16], ">u4")
    assert header.tolist() == [30, rows, n_in // rows]
    assert load_named(folder).sha256 == en.Dataset.load(folder).sha256 == dataset.sha256
    with pytest.raises(en.DataError, match="path must be a folder or an"):
        en.Dataset.load(folder / "t10k-images-idx3-ubyte")


def test_what_idx_files_cannot_hold(tmp_path):
    with pytest.raises(en.DataError, match="uint8 pixels and at most 256 classes, got float32 and"):
        digits(dtype="float32").save(tmp_path / "a")
    with pytest.raises(en.DataError, match="IDX files need an image of the last class, 8"):
        en.Dataset(*parts(digits()), classes=9).save(tmp_path / "a")
    with pytest.raises(en.DataError, match="got uint8 and 257 classes: save to an"):
        en.Dataset(*parts(digits()), classes=257).save(tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_npz_of_others(tmp_path):
    """Packed, images of rows and columns, labels of bytes, no classes: as Keras has MNIST."""
    path, images = tmp_path / "others.npz", np.zeros((4, 3, 2), np.uint8)
    labels = np.array([0, 1, 2, 1], np.uint8)
    given = {"x_train": images, "y_train": labels, "x_test": images, "y_test": labels}
    np.savez_compressed(path, **given)
    assert load_named(path).sha256 == en.Dataset.from_arrays(*given.values()).sha256
    np.savez(path, **given, classes=7)
    assert load_named(path).classes == 7


BAD_NPZ = {
    "lacking": (
        {"x_train": X, "y_train": Y, "x": X},
        "lacks x_test, y_test; it holds 'x_tr",
    ),
    "types": ({"x_train": X.astype(int)}, "others.npz: x_train must be uint8, float32 or float64"),
    "classes": ({"classes": 2}, r"others.npz: y_train must be labels in \[0, 1\], got 2"),
    "objects": ({"y_train": np.array([None] * 4)}, "others.npz is not a data set: "),
}


@pytest.mark.parametrize("case", BAD_NPZ)
def test_bad_npz(tmp_path, case):
    values, message = BAD_NPZ[case]
    base = {} if case == "lacking" else {"x_train": X, "y_train": Y, "x_test": X, "y_test": Y}
    np.savez(tmp_path / "others.npz", **{**base, **values})
    with pytest.raises((en.DataError, en.FileError), match=message) as caught:
        load_named(tmp_path / "others.npz")
    assert "\n" not in str(caught.value)


def test_names_of_nothing(tmp_path):
    (tmp_path / "digits.csv").write_text("0,0")
    with pytest.raises(en.DataError, match=r"data '.*none.npz' does not exist: use mnist"):
        load_named(tmp_path / "none.npz")
    with pytest.raises(en.DataError, match=r"an .npz file, got the file .*digits.csv"):
        load_named(tmp_path / "digits.csv")
