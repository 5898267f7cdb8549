"""The values that a custom rule returns, checked and put into the form that kernels take."""

from typing import Any, NamedTuple

import numpy as np

from energynet.errors import RuleError
from energynet.kernels.rules import custom as kernels
from energynet.kernels.rules.custom import (
    ALL,
    DENSE,
    MASK,
    NOTHING,
    PAIRS,
    PRODUCT,
    SPARSE,
    Selection,
)
from energynet.rules.step import Change, read_only
from energynet.support.checks import quoted

_PAID_IN_FULL = (ALL, SPARSE, DENSE)


class LayerForm(NamedTuple):
    """What choices of a layer have to fit.

    shape : (n_pre, n_post); nothing, all : Selection, of these kinds; bits : uint64, a bit for each
    synapse, all 0 before and after
    """

    shape: tuple[int, int]
    nothing: Selection
    all: Selection
    bits: np.ndarray


def form_of(shape: tuple[int, int], dtype: np.dtype, bits: np.ndarray) -> LayerForm:
    """The form of a layer of that shape whose weights are of that type."""
    kinds = (np.int64, (0,)), (np.int64, (0,)), (np.uint8, (0,)), (np.uint64, (0,)), (dtype, (0,))
    empty = [read_only(np.empty(size, kind)) for kind, size in (*kinds, (dtype, (0, 1)))]
    return LayerForm(shape, Selection(NOTHING, *empty), Selection(ALL, *empty), bits)


def change_of(form: LayerForm, choice: Any) -> kernels.Change:
    """How a layer changes by one of the choices of `PlasticityRule.select`; raises RuleError."""
    if isinstance(choice, Change):
        return kernels.Change(_amounts(form, choice.dw, "dw", True), paid_of(form, choice.paid))
    change = _selection(form, choice)
    return kernels.Change(change, change if change.kind in _PAID_IN_FULL else form.nothing)


def paid_of(form: LayerForm, paid: Any) -> Selection:
    """What is paid for a layer, as `Change.paid`; raises RuleError."""
    return _amounts(form, paid, "paid", False)


def mask_of(form: LayerForm, mask: np.ndarray) -> Selection:
    """The selection of a mask: bool, of the layer's shape. It is not copied if it is contiguous."""
    flat = np.ascontiguousarray(mask).reshape(-1)
    flat = flat.view(np.uint8)
    words = flat[: flat.size // 8 * 8].view(np.uint64)
    if not words.flags.aligned:
        return mask_of(form, mask.copy())
    none = form.nothing
    return Selection(
        MASK, none.pre, none.post, read_only(flat), read_only(words), none.value, none.dense
    )


def _amounts(form: LayerForm, given: Any, name: str, whole: bool) -> Selection:
    """A part of `Change`; `whole`: whether True is allowed."""
    if isinstance(given, bool | np.bool_) and (whole or not given):
        return form.all if given else form.nothing
    if isinstance(given, np.ndarray) and given.dtype.kind == "f":
        return _dense(form, given)
    if isinstance(given, np.ndarray):
        _check_real(given, f"{name} of a Change")
    if isinstance(given, tuple | list) and len(given) == 3:
        return _sparse(form, given)
    what = "True, False" if whole else "False"
    raise RuleError(
        f"{name} of a Change must be {what}, real numbers of shape {form.shape}, or three arrays"
        f" (pre, post, value), got {short(given)}"
    )


def _selection(form: LayerForm, choice: Any) -> Selection:
    if isinstance(choice, bool | np.bool_):
        return form.all if choice else form.nothing
    if isinstance(choice, np.ndarray):
        if choice.dtype.kind == "f":
            return _dense(form, choice)
        if choice.shape == form.shape:
            _check_real(choice, "a mask must be bool, updates")
        if choice.dtype != bool or choice.shape != form.shape:
            hint = ": of indices give two arrays" if choice.dtype.kind in "iu" else ""
            raise RuleError(
                f"a mask must be bool of shape {form.shape}, got {choice.dtype} of shape"
                f" {choice.shape}{hint}"
            )
        return mask_of(form, choice)
    if isinstance(choice, tuple | list) and len(choice) == 3:
        return _sparse(form, choice)
    if not isinstance(choice, tuple | list) or len(choice) != 2:
        raise RuleError(
            "a choice must be True, False, a mask or updates (an array), two arrays of indices or"
            f" factors, three arrays (pre, post, value), or a Change, got {short(choice)}"
        )
    return _two_arrays(form, *map(_array, choice))


def _shaped(factors: np.ndarray) -> str:
    return str(factors.shape) if factors.shape else str(bool(factors))


def _two_arrays(form: LayerForm, pre: np.ndarray, post: np.ndarray) -> Selection:
    n_pre, n_post = form.shape
    if pre.dtype == bool and post.dtype == bool:
        fits = pre.shape in ((n_pre,), ()) and post.shape in ((n_post,), ())
        if not fits:
            raise RuleError(
                f"factors must be bool of shapes ({n_pre},), the bias unit last, and ({n_post},),"
                f" or True for all; got {_shaped(pre)} and {_shaped(post)}"
            )
        rows = np.flatnonzero(np.broadcast_to(pre, n_pre))
        columns = np.flatnonzero(np.broadcast_to(post, n_post))
        return form.nothing._replace(kind=PRODUCT, pre=read_only(rows), post=read_only(columns))
    if bool in (pre.dtype, post.dtype):
        raise RuleError(
            f"factors must both be bool, indices both integers, got {pre.dtype} and {post.dtype}"
        )
    rows, columns = _pairs(form, pre, post)
    return form.nothing._replace(kind=PAIRS, pre=rows, post=columns)


def _pairs(form: LayerForm, pre: np.ndarray, post: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if pre.shape != post.shape or pre.ndim != 1:
        raise RuleError(f"indices must be two lists of one length, got {pre.shape}, {post.shape}")
    if len(pre) and (pre.dtype.kind not in "iu" or post.dtype.kind not in "iu"):
        raise RuleError(f"indices must be integers, got {pre.dtype} and {post.dtype}")
    n_pre, n_post = form.shape
    rows, columns = read_only(pre.astype(np.int64)), read_only(post.astype(np.int64))
    unfit = kernels.find_unfit(form.bits, rows, columns, n_pre, n_post)
    if unfit >= 0:
        pair = f"({pre[unfit]}, {post[unfit]})"
        fits = 0 <= pre[unfit] < n_pre and 0 <= post[unfit] < n_post
        if fits:
            raise RuleError(f"each pair of indices must be given once, got {pair} twice")
        raise RuleError(f"each pair of indices must be inside of ({n_pre}, {n_post}), got {pair}")
    return rows, columns


def _sparse(form: LayerForm, given: tuple[Any, ...] | list[Any]) -> Selection:
    pre, post, value = map(_array, given)
    _check_real(value, "values")
    if value.dtype.kind != "f" or value.shape != pre.shape:
        raise RuleError(
            f"values must be real numbers, as many as indices, got {value.dtype} of shape"
            f" {value.shape} for indices of shape {pre.shape}"
        )
    rows, columns = _pairs(form, pre, post)
    return form.nothing._replace(kind=SPARSE, pre=rows, post=columns, value=_rounded(form, value))


def _dense(form: LayerForm, values: np.ndarray) -> Selection:
    if values.shape != form.shape:
        raise RuleError(f"updates must be of shape {form.shape}, got shape {values.shape}")
    dense = _rounded(form, values)
    return form.nothing._replace(kind=DENSE, dense=dense, value=dense.reshape(-1))


def _rounded(form: LayerForm, values: np.ndarray) -> np.ndarray:
    """Values in the type of the weights, contiguous and read-only; raises RuleError."""
    dtype = form.nothing.value.dtype
    with np.errstate(over="ignore"):
        array = np.asarray(values, dtype, order="C")
    if not array.flags.aligned:
        array = array.copy()
    array = read_only(array.view())
    if not kernels.is_finite(array.reshape(-1)):
        place = tuple(map(int, np.argwhere(~np.isfinite(array))[0]))
        raise RuleError(f"updates must be finite in {dtype}, got {values[place]} at {place}")
    return array


def _check_real(values: np.ndarray, what: str) -> None:
    """Raise RuleError for numbers that are of another type than updates are."""
    if values.dtype.kind in "iuc":
        raise RuleError(
            f"{what} must be float32 or float64, got {values.dtype}: use .astype(float)"
        )


def _array(values: Any) -> np.ndarray:
    try:
        return np.asarray(values)
    except (ValueError, TypeError) as error:
        raise RuleError(f"indices and factors must be arrays, got {short(values)}") from error


def short(value: Any) -> str:
    """A value of the wrong kind, in a few words."""
    if value is None:
        return "None: is a return missing?"
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {len(value)}"
    return f"{type(value).__name__} {quoted(value)}"
