"""Time of single routines: pytest bench/test_kernels.py"""

import numba
import numpy as np
import pytest

import energynet as en
from bench.runs import make_config, mnist
from energynet.kernels import _sparse, native
from energynet.kernels.evaluate import allocate
from energynet.training.run import prepare

SIZES = [100, 1000, 10_000]
WIDTHS = [width for width in (16, 32, 64) if width <= _sparse.VECTOR_BYTES]  # of vectors, bytes
TIMED = {"rounds": 7, "warmup_rounds": 1}


@pytest.fixture
def random():
    return np.random.default_rng(0)


@pytest.mark.parametrize("n", [100, 10_000])
def test_kth_largest(benchmark, random, n):
    benchmark.group = f"partial selection, {n} values"
    values, none = random.random(n, np.float32), np.empty(0, np.int64)
    expected = np.sort(values)[-(n // 10)]
    found = benchmark.pedantic(
        _sparse.kth_largest,
        setup=lambda: ((values.copy(), none, n // 10), {}),  # the routine reorders them
        rounds=100,
        warmup_rounds=5,
    )
    assert found == expected


@pytest.mark.parametrize("n", [100, 10_000])
def test_partition(benchmark, random, n):
    benchmark.group = f"partial selection, {n} values"
    values = random.random(n, np.float32)
    benchmark.pedantic(np.partition, args=(values, n - n // 10), rounds=100, warmup_rounds=5)


@pytest.mark.parametrize("update", ["scatter_add", "masked_add", "numpy"])
def test_sparse_update(benchmark, random, update):
    n, size = 1000, 10_000
    benchmark.group = f"sparse update, {n} of {size} weights"
    row, factor = np.zeros(size, np.float32), np.float32(0.5)
    values = random.random(size, np.float32)
    index = np.sort(random.choice(size, n, replace=False)).astype(np.int32)
    if update == "scatter_add":
        benchmark(_sparse.scatter_add, row, index, values[:n].copy(), factor)
    elif update == "masked_add":
        benchmark(_sparse.masked_add, row, index, values, factor)
    else:
        benchmark(_numpy_update, row, index, values, factor)
    assert np.count_nonzero(row) == n


def _numpy_update(row, index, values, factor):
    row[index] += factor * values[index]


@numba.njit
def add_rows(total, start, rows, offset, factor, vector_bytes):
    native.add_rows(total, start, rows, offset, factor, vector_bytes)


@pytest.mark.parametrize("vector_bytes", WIDTHS)
def test_net_inputs(benchmark, random, vector_bytes):
    """From the weights of 786 pixels; ten times the strokes of an image."""
    benchmark.group = "net inputs of 4 images and 64 units, 1,500 strokes, by bytes of a vector"
    width = _sparse.ROW_BYTES // 4
    rows, start = allocate(784, width, np.dtype("f4")).packed[0], np.zeros(width, "f4")
    rows[:] = random.normal(size=rows.shape)
    pixel = np.sort(random.integers(0, 786, (1500, 4)), axis=0)
    offset, factor = (
        pixel.astype("i4") * np.int32(width),
        random.normal(size=(1500, 4)).astype("f4"),
    )
    total = np.empty((4, width), "f4")
    add_rows(total, start, rows, offset, factor, vector_bytes)
    benchmark(add_rows, total, start, rows, offset, factor, vector_bytes)


@pytest.mark.parametrize("hidden", SIZES)
def test_forward_and_backward(benchmark, hidden):
    """A step that changes next to nothing: one hidden unit is plastic."""
    steps = 200_000 // hidden
    benchmark.group = f"forward and backward pass, nh = {hidden}, {steps} steps"
    run = prepare(make_config(hidden, "fixed-units", 1 / hidden), mnist())
    run.advance(20)
    benchmark.pedantic(lambda: run.advance(run.step + steps), **TIMED)


@pytest.mark.parametrize("hidden", SIZES)
@pytest.mark.parametrize("rule", ["all", "fixed-synapses"])
def test_prepare(benchmark, hidden, rule):
    benchmark.group = f"start weights and mask, nh = {hidden}"
    config = make_config(hidden, rule, None if rule == "all" else 0.01)
    benchmark.pedantic(prepare, args=(config, mnist()), **TIMED)


@pytest.mark.parametrize("hidden", SIZES)
def test_evaluate(benchmark, hidden):
    benchmark.group = f"evaluation of 1,000 images, nh = {hidden}, one thread"
    config = make_config(hidden, "all", max_steps=100, test_every=100)
    network = en.train(config, mnist()).network
    images = mnist().x_test[:1000]
    predicted = benchmark.pedantic(network.predict, args=(images,), **TIMED)
    assert predicted.shape == (1000,)
