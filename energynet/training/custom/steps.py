"""Training steps of a custom rule: its choices are checked, applied and counted."""

from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np

from energynet.errors import RuleError
from energynet.kernels import state
from energynet.kernels.rules import custom as chosen
from energynet.kernels.rules.custom import MASK, PAIRS, PRODUCT, Selection
from energynet.kernels.state import Alone, Team
from energynet.rules.custom import FIXED, Layer, PlasticityRule, Step
from energynet.support.checks import quoted

_LAYERS = ("hidden", "output")
_NONE, _NO_MASK = np.empty(0, np.int64), np.empty((0, 0), np.uint8)
_NOTHING = Selection(PAIRS, _NONE, _NONE, _NO_MASK)


def run_custom(
    rule: PlasticityRule,
    team: Alone | Team,
    weights: state.Weights,
    images: state.Images,
    constants: state.Constants,
    mask: state.Mask,
    buffers: state.Buffers,
    drawn: np.ndarray,
    energies: state.Energies,
    clock: np.ndarray,
    stop: int,
) -> None:
    """Train until step `stop`, or until a value is not finite, as `kernels.rules.steps` does.

    `select` is not called in a step that is not learnt.

    Raises RuleError for an invalid choice; whatever the rule raises goes through. The step is not
    counted then.
    """
    if stop == 0:  # compile what a step needs
        chosen.find_unfit(drawn, _NONE, _NONE, 1, 1)
        apply = (weights, mask, buffers, energies, np.zeros_like(clock), _NOTHING, _NOTHING)
        chosen.apply_step(*apply)
    chosen.begin_steps(constants, images, buffers, clock)
    while chosen.find_signals(team, weights, images, constants, mask, buffers, clock, stop):
        layers = _layer(buffers.x_all, buffers.g), _layer(buffers.a, buffers.q)
        step = Step(int(clock[state.STEPS]), *layers, constants.mask_key)
        changes = _changes(rule, step, drawn)
        chosen.apply_step(weights, mask, buffers, energies, clock, *changes)


def _layer(pre: np.ndarray, post: np.ndarray) -> Layer:
    """The factors as copies that are to be read alone: a rule cannot touch the run."""
    copies = pre.copy(), post.copy()
    for array in copies:
        array.flags.writeable = False
    return Layer(*copies)


def _changes(rule: PlasticityRule, step: Step, bits: np.ndarray) -> list[Selection]:
    """What changes in each layer; all is checked before anything does."""
    try:
        choices = rule.select(step)
    except FrozenInstanceError as error:
        raise RuleError(f"{_where(rule, step)}: {error}: {FIXED}") from error
    if not isinstance(choices, tuple | list) or len(choices) != 2:
        raise RuleError(
            f"{_where(rule, step)}: select must return two choices, for the hidden and for the"
            f" output layer, got {_short(choices)}"
        )
    layers = zip(_LAYERS, (step.hidden, step.output), choices, strict=True)
    changes = []
    for name, layer, choice in layers:
        try:
            changes.append(_change(layer, choice, bits))
        except RuleError as error:
            raise RuleError(f"{_where(rule, step)}, {name} layer: {error}") from None
    return changes


def _change(layer: Layer, choice: Any, bits: np.ndarray) -> Selection:
    n_pre, n_post = len(layer.pre), len(layer.post)
    if isinstance(choice, bool | np.bool_):
        return _product(np.full(n_pre, choice), np.full(n_post, choice))
    if isinstance(choice, np.ndarray):
        if choice.dtype != bool or choice.shape != (n_pre, n_post):
            hint = ": of indices give two arrays" if choice.dtype.kind in "iu" else ""
            raise RuleError(
                f"a mask must be bool of shape ({n_pre}, {n_post}), got {choice.dtype} of shape"
                f" {choice.shape}{hint}"
            )
        # A copy, since an array that is to be read alone is of another compiled type.
        return Selection(MASK, _NONE, _NONE, np.array(choice, order="C").view(np.uint8))
    if not isinstance(choice, tuple | list) or len(choice) != 2:
        raise RuleError(
            "a choice must be True, False, a mask (an array), or two arrays of indices or factors,"
            f" got {_short(choice)}"
        )
    pre, post = _array(choice[0]), _array(choice[1])
    if pre.dtype == bool and post.dtype == bool:
        fits = pre.shape in ((n_pre,), ()) and post.shape in ((n_post,), ())
        if not fits:
            raise RuleError(
                f"factors must be bool of shapes ({n_pre},) and ({n_post},), got {pre.shape} and"
                f" {post.shape}"
            )
        return _product(np.broadcast_to(pre, n_pre), np.broadcast_to(post, n_post))
    if bool in (pre.dtype, post.dtype):
        raise RuleError(
            f"factors must both be bool, indices both integers, got {pre.dtype} and {post.dtype}"
        )
    return Selection(PAIRS, *_pairs(pre, post, n_pre, n_post, bits), _NO_MASK)


def _product(pre: np.ndarray, post: np.ndarray) -> Selection:
    return Selection(PRODUCT, np.flatnonzero(pre), np.flatnonzero(post), _NO_MASK)


def _pairs(
    pre: np.ndarray, post: np.ndarray, n_pre: int, n_post: int, bits: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    if pre.shape != post.shape or pre.ndim != 1:
        raise RuleError(f"indices must be two lists of one length, got {pre.shape}, {post.shape}")
    if len(pre) and (pre.dtype.kind not in "iu" or post.dtype.kind not in "iu"):
        raise RuleError(f"indices must be integers, got {pre.dtype} and {post.dtype}")
    rows, columns = pre.astype(np.int64), post.astype(np.int64)
    unfit = chosen.find_unfit(bits, rows, columns, n_pre, n_post)
    if unfit >= 0:
        pair = f"({pre[unfit]}, {post[unfit]})"
        fits = 0 <= pre[unfit] < n_pre and 0 <= post[unfit] < n_post
        wrong = "twice" if fits else f"outside of ({n_pre}, {n_post})"
        raise RuleError(f"no pair of indices may be {wrong}, got {pair}")
    return rows, columns


def _array(values: Any) -> np.ndarray:
    try:
        return np.asarray(values)
    except (ValueError, TypeError) as error:
        raise RuleError(f"indices and factors must be arrays, got {_short(values)}") from error


def _where(rule: PlasticityRule, step: Step) -> str:
    return f"rule {rule.name}, step {step.number}"


def _short(value: Any) -> str:
    if value is None:
        return "None: is a return missing?"
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {len(value)}"
    return f"{type(value).__name__} {quoted(value)}"
