"""Training steps of a rule of one's own: its choices are checked, applied and counted."""

from typing import Any

import numpy as np

from energynet.checks import shown
from energynet.errors import RuleError
from energynet.kernels import chosen, state
from energynet.kernels.chosen import MASK, PAIRS, PRODUCT, Change
from energynet.kernels.team import Alone, Team
from energynet.own_rule import Layer, PlasticityRule, Step

_LAYERS = ("hidden", "output")
_NONE, _NO_MASK = np.empty(0, np.int64), np.empty((0, 0), np.uint8)
_NOTHING = Change(PAIRS, _NONE, _NONE, _NO_MASK)


def run_own(
    rule: PlasticityRule,
    team: Alone | Team,
    network: state.Network,
    images: state.Images,
    plan: state.Plan,
    mask: state.Mask,
    buffers: state.Buffers,
    drawn: np.ndarray,
    energies: state.Energies,
    clock: np.ndarray,
    stop: int,
) -> None:
    """Train until step `stop`, or until a value is not finite; like the loops of `kernels.steps`.

    Raises RuleError for a choice that is none; whatever the rule raises goes through. The step is
    then not counted.
    """
    if stop == 0:  # compile what a step needs
        chosen.find_unfit(drawn, _NONE, _NONE, 1, 1)
        apply = (network, mask, buffers, energies, np.zeros(2, np.int64), _NOTHING, _NOTHING)
        chosen.apply_step(*apply)
    hidden, output = _layer(buffers.x_all, buffers.g), _layer(buffers.a, buffers.q)
    chosen.begin_steps(plan, images, buffers, clock)
    while chosen.find_factors(team, network, images, plan, mask, buffers, clock, stop):
        step = Step(int(clock[0]), hidden, output, plan.mask_key)
        changes = _changes(rule, step, drawn)
        chosen.apply_step(network, mask, buffers, energies, clock, *changes)


def _layer(pre: np.ndarray, post: np.ndarray) -> Layer:
    """The factors as views that cannot be written to."""
    views = pre.view(), post.view()
    for view in views:
        view.flags.writeable = False
    return Layer(*views)


def _changes(rule: PlasticityRule, step: Step, bits: np.ndarray) -> list[Change]:
    """What changes in each layer; all is checked before anything does."""
    choices = rule.select(step)
    if not isinstance(choices, tuple) or len(choices) != 2:
        raise RuleError(
            f"{_where(rule, step)}: select must return a choice for the hidden and one for the"
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


def _change(layer: Layer, choice: Any, bits: np.ndarray) -> Change:
    n_pre, n_post = len(layer.pre), len(layer.post)
    if isinstance(choice, bool | np.bool_):
        if not choice:
            return _NOTHING
        return Change(PRODUCT, np.arange(n_pre), np.arange(n_post), _NO_MASK)
    if isinstance(choice, np.ndarray):
        if choice.dtype != bool or choice.shape != (n_pre, n_post):
            raise RuleError(
                f"a mask must be bool of shape ({n_pre}, {n_post}), got {choice.dtype} of shape"
                f" {choice.shape}"
            )
        return Change(MASK, _NONE, _NONE, np.array(choice, order="C").view(np.uint8))
    if not isinstance(choice, tuple | list) or len(choice) != 2:
        raise RuleError(
            "a choice must be True, False, a mask, or two arrays of indices or factors, got"
            f" {_short(choice)}"
        )
    pre, post = _array(choice[0]), _array(choice[1])
    if pre.dtype == bool and post.dtype == bool:
        if pre.shape != (n_pre,) or post.shape != (n_post,):
            raise RuleError(
                f"factors must be bool of shapes ({n_pre},) and ({n_post},), got {pre.shape} and"
                f" {post.shape}"
            )
        return Change(PRODUCT, np.flatnonzero(pre), np.flatnonzero(post), _NO_MASK)
    return Change(PAIRS, *_pairs(pre, post, n_pre, n_post, bits), _NO_MASK)


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
    return f"{type(value).__name__} {shown(value)}"
