"""Parts of the core against naive twins: C routines, sorting, sums, draws, masks."""

import math
import shutil
from pathlib import Path

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from naive import bounded, mix
from support import digits

import energynet as en
from energynet import kernels
from energynet.kernels import _sparse, draws, jit, native, passes, state, sums
from energynet.kernels.ranking import sort
from energynet.kernels.rules import neuron as per_neuron
from energynet.training.run import prepare

REALS = [np.float32, np.float64]
WIDTHS = [width for width in (16, 32, 64) if width <= _sparse.VECTOR_BYTES]  # of vectors, bytes
LENGTHS = [1, 3, 4, 127, 128, 129, 511, 640, 641, 2047, 2048, 2049, 5000]


# Inner kernels have no entry from Python; these give them one.
@numba.njit
def compiled_mix(key, counter):
    return draws.mix(key, counter)


@numba.njit
def compiled_bounded(bits, n):
    return draws.bounded(bits, n)


@numba.njit
def compiled_permutation(key, epoch, n):
    order = np.zeros(n, np.int32)
    draws.permute(order, key, epoch)
    return order


@numba.njit
def compiled_sort(bits, index, sorted_bits, sorted_index, position, count):
    sort.sort_descending(bits, index, sorted_bits, sorted_index, position, count)


@numba.njit
def compiled_candidates(constants, a, factors, choice):
    return per_neuron._list_candidates(constants, a, factors, choice)


@numba.njit
def compiled_dot(x, w, lanes):
    return sums.dot_block(x, w, lanes)


@numba.njit
def compiled_sum_power(x, exponent):
    return sums.sum_power(x, exponent, np.empty(sums.LANES))


@numba.njit
def compiled_add_rows(out, matrix, start, row, factor, count):
    passes.add_listed_rows(out, matrix, start, row, factor, count)


@numba.njit
def compiled_kth_largest(value, weight, k):
    return native.kth_largest(value, weight, k)


@numba.njit
def compiled_scatter_add(row, index, value, factor):
    native.scatter_add(row, index, value, factor)


@numba.njit
def compiled_masked_add(row, index, value, factor):
    return native.masked_add(row, index, value, factor)


@numba.njit
def compiled_add_many_rows(total, start, rows, offset, factor, vector_bytes):
    native.add_rows(total, start, rows, offset, factor, vector_bytes)


@numba.njit
def compiled_dots(total, a, w, vector_bytes):
    native.dots(total, a, w, vector_bytes)


@numba.njit
def compiled_sum_strokes(total, bits, row, s, columns, vector_bytes):
    native.sum_strokes(total, bits, row, s, columns, vector_bytes)


@numba.njit
def compiled_change_marked(rows, bits, row, s, value, vector_bytes):
    native.change_marked(rows, bits, row, s, value, vector_bytes)


@numba.njit
def compiled_sum_marked(total, bits, row, value, vector_bytes):
    native.sum_marked(total, bits, row, value, vector_bytes)


@numba.njit
def compiled_change_rows(rows, row, factor, value, vector_bytes):
    native.change_rows(rows, row, factor, value, vector_bytes)


@numba.njit
def compiled_change_prefixes(
    rows, row, limit_inner, factor, limit_outer, rest, value, vector_bytes
):
    native.change_prefixes(rows, row, limit_inner, factor, limit_outer, rest, value, vector_bytes)


def drawn(key, rows, columns, k):
    """One layer's mask as start and column."""
    start, column = np.empty(rows + 1, np.int64), np.empty(k, np.int32)
    args = (np.uint64(key), 0, columns, rows * columns, k, start, column)
    assert draws.draw_layer(*args) == k
    return start, column


def normals(n, dtype, seed=0):
    return np.random.default_rng(seed).normal(size=n).astype(dtype)


@pytest.mark.parametrize("entry", [_sparse.kth_largest, compiled_kth_largest])
@given(data=st.data(), real=st.sampled_from(REALS), weighted=st.booleans())
def test_kth_largest(entry, data, real, weighted):
    width = 32 if real is np.float32 else 64
    one = st.floats(0, 2.0**90, width=width) | st.sampled_from([0.0, 1.0, 1.5, math.inf])
    values = data.draw(st.lists(one, min_size=1, max_size=60))
    weights = data.draw(
        st.lists(st.integers(1, 700), min_size=len(values), max_size=len(values))
        if weighted
        else st.just([1] * len(values))
    )
    k = data.draw(st.integers(1, sum(weights)))
    expected = np.sort(np.repeat(np.array(values, real), weights))[-k]
    given_weights = np.array(weights if weighted else [], np.int64)
    assert entry(np.array(values, real), given_weights, k) == expected


def marked(columns, real):
    """A mask of six rows as a matrix and as bits, five of the rows, and a factor for each."""
    plastic = np.random.default_rng(columns).random((6, columns)) < 0.4
    plastic[3] = True
    bits = np.zeros((6, -(-columns // sums.LANES) * (sums.LANES // 32)), np.uint32)
    for i, j in np.argwhere(plastic):
        bits[i, j // 32] |= np.uint32(1 << (j % 32))
    return plastic, bits, np.array([5, 1, 0, 3, 4]), normals(5, real, 3)


MARKED_COLUMNS = [1, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 257, 1000]


@pytest.mark.parametrize("columns", MARKED_COLUMNS)
@pytest.mark.parametrize("real", REALS)
@pytest.mark.parametrize("width", WIDTHS)
def test_bits_of_a_mask(width, real, columns):
    """Sums over rows, sums over columns and changes, each against one number at a time."""
    plastic, bits, row, s = marked(columns, real)
    value = normals(columns, real, 1)
    value[0] = -0.0
    rows = normals(6 * columns, real, 2).reshape(6, columns)
    rows[:, -1], rows[:, 0] = 0.0, -0.0  # what is not marked keeps the sign of its zero, too
    changed, strokes, lanes = rows.copy(), np.zeros(columns), np.zeros((len(row), sums.LANES))
    power = np.zeros(32 * bits.shape[1])
    power[:columns] = np.abs(value.astype(float))
    for k, i in enumerate(row):
        for j in np.flatnonzero(plastic[i]):
            changed[i, j] += s[k] * value[j]
            strokes[j] += s[k]
            lanes[k, j % sums.LANES] += power[j]
    while lanes.shape[1] > 4:
        lanes = lanes[:, : lanes.shape[1] // 2] + lanes[:, lanes.shape[1] // 2 :]
    expected = (lanes[:, 0] + lanes[:, 2]) + (lanes[:, 1] + lanes[:, 3])
    for suffix in ("", "compiled"):
        names = ("change_marked", "sum_strokes", "sum_marked")
        source = globals() if suffix else vars(_sparse)
        change, add, total = (source[f"{suffix}_{n}" if suffix else n] for n in names)
        got = rows.copy()
        change(got, bits, row, s, value, width)
        assert got.tobytes() == changed.tobytes()
        got = np.full(len(power), np.nan)
        add(got, bits, row, s, columns, width)
        np.testing.assert_array_equal(got[:columns], strokes)
        for count in (len(row), len(row) - 1, 1, 0):  # rows are taken in twos
            got = np.full(count, np.nan)
            total(got, bits, row[:count], power, width)
            np.testing.assert_array_equal(got, expected[:count])


def test_bits_of_a_mask_are_checked():
    _, bits, row, s = marked(40, np.float32)
    total, power = np.zeros(128), np.zeros(128)
    value, rows = np.zeros(40, np.float32), np.zeros((6, 40), np.float32)
    for call, error, message in [
        (lambda: _sparse.sum_strokes(total[:9], bits, row, s, 9), ValueError, "room for 128"),
        (lambda: _sparse.sum_strokes(total, bits, row, s, 129), ValueError, "bits hold 128"),
        (lambda: _sparse.sum_strokes(total, bits, row + 1, s, 40), IndexError, "got 6"),
        (lambda: _sparse.change_marked(rows[1:], bits, row, s, value), ValueError, r"\(6, 40\)"),
        (lambda: _sparse.change_marked(rows, bits, row, s[1:], value), ValueError, "hold 4"),
        (lambda: _sparse.sum_marked(total[:5], bits, -row, power), IndexError, "got -5"),
        (lambda: _sparse.sum_marked(total[:5], bits, row, power, 7), ValueError, "vector_bytes"),
    ]:
        with pytest.raises(error, match=message):
            call()


ROWS_COLUMNS = [0, 1, 3, 15, 16, 17, 33, 100]


@pytest.mark.parametrize("columns", ROWS_COLUMNS)
@pytest.mark.parametrize("real", REALS)
@pytest.mark.parametrize("width", WIDTHS)
def test_rows_that_change_together(width, real, columns):
    """Eight, four, two rows and one at a time, inside of wider rows: one number after the other."""
    value = normals(columns, real, 1)
    value[: columns // 3] *= 100
    value[columns // 2 :: 7] = -0.0
    sizes = np.sort(np.abs(value)) if columns else np.ones(1, real)
    wide = normals(40 * (columns + 5), real, 2).reshape(40, columns + 5)
    wide[:, 4] = -0.0
    for count in range(20):
        row = np.random.default_rng(count).permutation(40)[:count]
        factor, rest = normals(count, real, 3), normals(count, real, 4)
        limit_outer = sizes[np.arange(count) * 5 % len(sizes)]
        limit_inner = np.maximum(limit_outer, sizes[np.arange(count) * 3 % len(sizes)])
        limit_inner[::4] = np.inf
        whole, prefixes = wide.copy(), wide.copy()
        for k, i in enumerate(row):
            for j, size in enumerate(np.abs(value)):
                by = rest[k] if size >= limit_outer[k] else real(0)
                by = factor[k] if size >= limit_inner[k] else by
                prefixes[i, 3 + j] += by * value[j]
                whole[i, 3 + j] += factor[k] * value[j]
        for change in (_sparse.change_rows, compiled_change_rows):
            got = wide.copy()
            change(got[:, 3:-2], row, factor, value, width)
            assert got.tobytes() == whole.tobytes()
        for change in (_sparse.change_prefixes, compiled_change_prefixes):
            got = wide.copy()
            change(got[:, 3:-2], row, limit_inner, factor, limit_outer, rest, value, width)
            assert got.tobytes() == prefixes.tobytes()


def test_rows_that_change_together_are_checked():
    rows, row = np.zeros((6, 40), np.float32), np.array([5, 1])
    f, value = np.ones(2, np.float32), np.zeros(40, np.float32)
    for call, error, message in [
        (lambda: _sparse.change_rows(rows, row + 1, f, value), IndexError, "got 6"),
        (lambda: _sparse.change_rows(rows, row, f[:1], value), ValueError, "got 2 and 1"),
        (lambda: _sparse.change_rows(rows, row, f, value[1:]), ValueError, "40 numbers, got 39"),
        (lambda: _sparse.change_rows(rows.T, row, f, value[:6]), ValueError, "contiguous"),
        (lambda: _sparse.change_rows(rows, row, f, value, 24), ValueError, "vector_bytes"),
        (lambda: _sparse.change_prefixes(rows, -row, f, f, f, f, value), IndexError, "got -5"),
        *(
            (
                lambda which=which: _sparse.change_prefixes(
                    rows, row, *(f[: 2 - (i == which)] for i in range(4)), value
                ),
                ValueError,
                "got 2 and 1",
            )
            for which in range(4)
        ),
    ]:
        with pytest.raises(error, match=message):
            call()


@pytest.mark.parametrize("real", REALS)
@pytest.mark.parametrize("entry", [_sparse.scatter_add, compiled_scatter_add])
def test_scatter_add(entry, real):
    row, values, factor = normals(50, real), normals(20, real, 1), real(0.7)
    index = np.random.default_rng(2).permutation(50)[:20].astype(np.int32)
    expected = row.copy()
    for p in range(20):
        expected[index[p]] += factor * values[p]
    entry(row, index, values, factor)
    np.testing.assert_array_equal(row, expected)
    entry(row, index[:0], values[:0], factor)
    np.testing.assert_array_equal(row, expected)


@pytest.mark.parametrize("real", REALS)
@pytest.mark.parametrize("entry", [_sparse.masked_add, compiled_masked_add])
def test_masked_add(entry, real):
    row, values, factor = normals(50, real), normals(50, real, 1), real(0.7)
    index = np.sort(np.random.default_rng(2).permutation(50)[:20]).astype(np.int32)
    expected = row.copy()
    for j in index:
        expected[j] += factor * values[j]
    total = math.fsum(abs(float(values[j])) for j in index)
    assert entry(row, index, values, factor) == pytest.approx(total, rel=1e-14)
    np.testing.assert_array_equal(row, expected)
    for few in range(6):
        total = math.fsum(abs(float(values[j])) for j in index[:few])
        assert entry(row, index[:few], values, real(0)) == pytest.approx(total, rel=1e-14)
    np.testing.assert_array_equal(row, expected)


@pytest.mark.parametrize("vector_bytes", WIDTHS)
@pytest.mark.parametrize("real", REALS)
@pytest.mark.parametrize("entry", [_sparse.add_rows, compiled_add_many_rows])
def test_add_rows_of_several_images(entry, real, vector_bytes):
    images, width = _sparse.TOGETHER, _sparse.ROW_BYTES // np.dtype(real).itemsize
    start, rows = normals(width, real), normals(9 * width, real, 1).reshape(9, width)
    rows[8] = np.nan  # a row that none asks for
    generator = np.random.default_rng(2)
    for n in (0, 1, 2, 3, 50):
        which = generator.integers(0, 8, (n, images)).astype(np.int32)
        factor = generator.normal(size=(n, images)).astype(real)
        wide = np.full((images + 2, width + 3), 7, real)  # what lies beside the sums stays
        entry(wide[1:-1, 1:-2], start, rows, which * np.int32(width), factor, vector_bytes)
        expected = np.full_like(wide, 7)
        for i in range(images):
            for j in range(width):
                total = start[j]
                for p in range(n):
                    total += factor[p, i] * rows[which[p, i], j]
                expected[1 + i, 1 + j] = total
        np.testing.assert_array_equal(wide, expected)


@pytest.mark.parametrize("vector_bytes", WIDTHS)
@pytest.mark.parametrize("real", REALS)
@pytest.mark.parametrize("entry", [_sparse.dots, compiled_dots])
def test_dots_add_as_dot_block_does(entry, real, vector_bytes):
    assert _sparse.LANES == sums.LANES
    for n in [*range(1, 140), 255, 256, 257, 1000, 1023, 1024]:
        a, w = normals(4 * (n + 3), real, n).reshape(4, -1)[:, 1:-2], normals(n, real, n + 1)
        total = np.full(4, np.nan, real)
        entry(total, a, w, vector_bytes)
        for i in range(4):
            np.testing.assert_array_equal(total[i], compiled_dot(a[i], w, np.empty(128, real)))
            exact = math.fsum(a[i].astype(float) * w)
            assert total[i] == pytest.approx(exact, abs=3e-5 if real is np.float32 else 1e-12)


def test_dots_refuse():
    a, w, total = np.zeros((4, 5)), np.zeros(5), np.ones(4)
    with pytest.raises(ValueError, match=r"a \(4, 6\), got \(4,\) and \(4, 5\)"):
        _sparse.dots(total, a, np.zeros(6))
    with pytest.raises(ValueError, match=r"sums must be \(4,\) .* got \(3,\)"):
        _sparse.dots(total[:3], a, w)
    with pytest.raises(ValueError, match="rows of a must be contiguous"):
        _sparse.dots(total, np.zeros((4, 10))[:, ::2], w)
    with pytest.raises(ValueError, match=r"at most .* got 128"):
        _sparse.dots(total, a, w, 128)
    assert list(total) == [1] * 4
    _sparse.dots(total, a[:, :0], w[:0])
    assert list(total) == [0] * 4


def test_add_rows_refuses():
    sums, rows, offset = np.zeros((4, 32)), np.zeros((3, 32)), np.zeros((2, 4), np.int32)
    factor, start = np.zeros((2, 4)), np.zeros(32)
    for bad in (-32, 8, 96):
        with pytest.raises(IndexError, match=rf"a multiple of 32 in \[0, 96\), got {bad}"):
            _sparse.add_rows(sums, start, rows, np.full_like(offset, bad), factor)
    with pytest.raises(ValueError, match=r"sums must be \(4, 32\), got \(3, 32\)"):
        _sparse.add_rows(sums[:3], start, rows, offset, factor)
    with pytest.raises(ValueError, match="must hold 32 numbers, got 31 and 32"):
        _sparse.add_rows(sums, start[:31], rows, offset, factor)
    with pytest.raises(ValueError, match=r"must be \(n, 4\), got \(2, 4\) and \(1, 4\)"):
        _sparse.add_rows(sums, start, rows, offset, factor[:1])
    with pytest.raises(ValueError, match="rows of sums must be contiguous"):
        _sparse.add_rows(np.zeros((4, 64))[:, ::2], start, rows, offset, factor)
    with pytest.raises(ValueError, match=r"vector_bytes must be 16, 32 or 64 .* got 24"):
        _sparse.add_rows(sums, start, rows, offset, factor, 24)


def test_checked_wrappers_refuse():
    row, index = np.zeros(5), np.array([0, 4], np.int32)
    two, none = np.ones(2), np.array([], np.int64)
    with pytest.raises(IndexError, match=r"index must be in \[0, 5\), got 5"):
        _sparse.scatter_add(row, index + np.int32(1), two, 1.0)
    with pytest.raises(IndexError, match=r"index must be in \[0, 5\), got -1"):
        _sparse.masked_add(row, index - np.int32(1), row, 1.0)
    with pytest.raises(ValueError, match="value must hold 2 numbers, got 5"):
        _sparse.scatter_add(row, index, row, 1.0)
    with pytest.raises(ValueError, match="value must hold 5 numbers, got 2"):
        _sparse.masked_add(row, index, two, 1.0)
    for k in (0, 3):
        with pytest.raises(ValueError, match=rf"k must be in \[1, 2\], got {k}"):
            _sparse.kth_largest(two, none, k)
    with pytest.raises(ValueError, match="value must be >= 0 and not NaN, got nan"):
        _sparse.kth_largest(two * np.nan, none, 1)
    with pytest.raises(ValueError, match=r"value must be >= 0 and not NaN, got -1"):
        _sparse.kth_largest(-two, none, 1)
    with pytest.raises(ValueError, match="weight must be >= 1, got 0"):
        _sparse.kth_largest(two, np.array([1, 0]), 1)
    with pytest.raises(ValueError, match="weight must be empty or hold 2 numbers, got 1"):
        _sparse.kth_largest(two, np.array([1]), 1)
    np.testing.assert_array_equal(row, 0)


@pytest.mark.parametrize("real", REALS)
@given(data=st.data())
def test_sort_descending(real, data):
    one = st.floats(0, 2.0**90, width=32) | st.sampled_from([0.0, 1.0, 2.0])
    values = np.array(data.draw(st.lists(one, max_size=80)), real)
    check_sort(values, data.draw(st.integers(0, len(values))))


@pytest.mark.parametrize("real", REALS)
@pytest.mark.parametrize("spread", [0.0, 1e-7, 1e-3, 1.0, 15.0])
def test_sort_long_lists(real, spread):
    """Alike in their leading bits, or over many octaves."""
    check_sort(np.exp(spread * np.random.default_rng(0).normal(size=5000)).astype(real), 4999)


@pytest.mark.parametrize("real", REALS)
def test_sort_beside_an_outlier(real):
    """The leading bits of the span tell nothing about all values but one."""
    values = 1 + 1e-3 * np.random.default_rng(0).random(3000)
    values[100] = 1e30
    check_sort(values.astype(real), 3000)


def check_sort(values, count):
    bits = values.view(f"u{values.itemsize}")
    order = np.argsort(-values[:count], kind="stable")
    for buckets in (sort.LEAST_BUCKETS, 2048, sort.MOST_BUCKETS):
        source, index = bits.copy(), np.arange(len(values), dtype=np.int32)
        target, target_index = np.zeros_like(source), np.zeros_like(index)
        position = np.full(buckets, -1, np.int32)
        compiled_sort(source, index, target, target_index, position, count)
        np.testing.assert_array_equal(target_index, [*order, *[0] * (len(values) - count)])
        np.testing.assert_array_equal(target[:count], bits[order])


@pytest.mark.parametrize("units", [1, 15, 16, 17, 33, 300])
@pytest.mark.parametrize("k", [1, 2, 18, 400])
@pytest.mark.parametrize("zeros", [0, 0.5, 0.97, 1])
def test_candidates_hold_the_largest(units, k, zeros):
    config = en.TrainingConfig(hidden=units, rule=en.LargestUpdates(0.1, scope="neuron"))
    run = prepare(config, digits())
    draws = np.random.default_rng(units)
    a = draws.integers(-60, 60, units + 1).astype(np.float32)  # with ties
    a[draws.random(units + 1) < zeros] = 0
    constants = run.constants._replace(k_output=min(k, units + 1))
    found = compiled_candidates(constants, a, run.ranking.output, run.ranking.choice)
    listed = run.ranking.output.col_index[:found]
    kth = np.sort(np.abs(a))[::-1][constants.k_output - 1]
    assert set(np.flatnonzero(np.abs(a) >= kth)) <= set(listed)
    np.testing.assert_array_equal(listed, np.unique(listed))
    assert listed[-1] == units, "the bias unit comes last"
    if (units, k, zeros) == (300, 1, 0):
        assert found < 20, "all units are candidates"


@given(st.lists(st.integers(0, 2**64 - 1), max_size=900))
def test_sort_ranks(ranks):
    rank, order = np.array(ranks, np.uint64), sorted(range(len(ranks)), key=lambda i: -ranks[i])
    target, index = np.zeros_like(rank), np.zeros(len(ranks), np.int32)
    position = np.zeros(sort.LEAST_BUCKETS, np.int32)
    compiled_sort(rank, np.arange(len(ranks), dtype=np.int32), target, index, position, len(ranks))
    assert list(index) == order
    assert list(target) == [ranks[i] for i in order]


@pytest.mark.parametrize("real", REALS)
@pytest.mark.parametrize("n", LENGTHS)
def test_sums(n, real):
    x, w = normals(n, real), normals(n, real, 1)
    exact = math.fsum(x.astype(float) * w)
    lanes = np.full(sums.LANES, np.nan, real)
    size = math.fsum(np.abs(x.astype(float) * w))
    assert compiled_dot(x, w, lanes) == pytest.approx(
        exact, abs=4 * float(np.finfo(real).eps) * size
    )
    x[::3] = 0
    for exponent in (1.0, 0.5):
        expected = math.fsum(abs(float(v)) ** exponent for v in x if v != 0)
        assert compiled_sum_power(x, exponent) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 16, 23])
def test_add_rows(count):
    matrix, row = normals((30, 40), np.float32), np.arange(count) % 30
    factor, out = normals(count, np.float32, 1), normals(12, np.float32, 2)
    expected = out.copy()
    for k in range(count):
        expected += factor[k] * matrix[row[k], 5:17]
    compiled_add_rows(out, matrix, 5, row, factor, count)
    np.testing.assert_array_equal(out, expected)


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**62), st.integers(1, 2**63 - 1))
def test_draws(key, counter, n):
    bits = mix(key, counter)
    assert int(compiled_mix(np.uint64(key), counter)) == bits
    assert compiled_bounded(np.uint64(bits), n) == bounded(bits, n)


def test_permutations_differ_and_are_permutations():
    orders = {tuple(compiled_permutation(np.uint64(9), epoch, 50)) for epoch in range(20)}
    assert len(orders) == 20
    assert all(sorted(order) == list(range(50)) for order in orders)


@given(st.integers(0, 2**64 - 1), st.integers(1, 9), st.integers(1, 40), st.data())
def test_mask_has_exactly_k_synapses(key, rows, columns, data):
    k = data.draw(st.integers(1, rows * columns))
    start, column = drawn(key, rows, columns, k)
    assert start[-1] == k
    assert start[0] == 0
    for i in range(rows):
        part = column[start[i] : start[i + 1]]
        assert list(part) == sorted(set(part))
        assert all(0 <= j < columns for j in part)


def test_masks_are_uniform():
    """Chi-square of 60 synapses over 2,000 masks; 99.9 % quantile for 59 degrees: 98.3."""
    counts = np.zeros((6, 10))
    for seed in range(2000):
        start, column = drawn(mix(1, seed), 6, 10, 12)
        counts[np.repeat(np.arange(6), np.diff(start)), column] += 1
    expected = 2000 * 12 / 60
    # Each mask holds 12 of 60, so counts vary less than in independent draws: by 1 - 12 / 60.
    assert ((counts - expected) ** 2 / expected).sum() / (1 - 12 / 60) < 98.3


def test_the_cache_is_named_by_all_sources_of_the_kernels(tmp_path):
    sources = Path(kernels.__file__).parent
    copied = tmp_path / "kernels"
    shutil.copytree(sources, copied)
    names = [jit.version_of(copied)]
    (copied / "inner").mkdir()
    for line in ("one = 1\n", "one = 2\n"):
        (copied / "inner" / "more.py").write_text(line)
        names.append(jit.version_of(copied))
    assert names[0] == jit.version_of(sources)
    assert len(set(names)) == 3


@pytest.mark.parametrize("shape", [(1,), (785, 10), (3, 4, 33), (785, 1000)])
@pytest.mark.parametrize("real", REALS)
def test_memory_begins_with_a_cache_line(shape, real):
    arrays = [state.aligned(shape, np.dtype(real)) for _ in range(5)]
    for array in arrays:
        assert array.ctypes.data % 64 == 0
        assert array.shape == shape
        assert array.dtype == real
        assert array.flags.c_contiguous
        assert array.flags.writeable
