"""Training steps of a rule of one's own: its choices are checked, applied and counted."""

from typing import TYPE_CHECKING, Any

import numpy as np

from energynet.errors import RuleError
from energynet.kernels import chosen
from energynet.own_rule import Layer, PlasticityRule, Step

if TYPE_CHECKING:
    from energynet.prepare import Run

_LAYERS = ("hidden", "output")


def advance(run: "Run", rule: PlasticityRule, stop: int) -> None:
    """Train until step `stop`, or until a value is not finite.

    Raises RuleError for a choice that is none; whatever the rule raises goes through. The step is
    then not counted.
    """
    buffers, clock = run.buffers, run.clock
    hidden = _layer(buffers.x_all, buffers.g)
    output = _layer(buffers.a, buffers.q)
    chosen.begin_steps(run.plan, run.train_images, buffers, clock)
    state = (run.team, run.network, run.train_images, run.plan, run.mask, buffers, clock)
    while chosen.find_factors(*state, stop):
        step = Step(int(clock[0]), hidden, output, run.plan.mask_key)
        changes = _choices(rule, step, run.drawn)
        for number, change in enumerate(changes):
            _apply(run, number, change)
        chosen.end_step(run.network, run.mask, clock)


def compile_steps(run: "Run") -> None:
    """Compile or load all kernels of `advance`; changes nothing."""
    none = np.empty(0, np.int64)
    advance(run, _Nobody(), 0)
    chosen.find_unfit(run.drawn, none, none, 1, 1)
    for change in ((chosen.change_pairs, none, none), (chosen.change_product, none, none)):
        _apply(run, 0, change)
    _apply(run, 0, (chosen.change_masked, np.empty((0, 0), np.uint8)))
    chosen.end_step(run.network, run.mask, np.zeros(2, np.int64))


class _Nobody(PlasticityRule):
    """Stands where no rule will be asked."""


def _layer(pre: np.ndarray, post: np.ndarray) -> Layer:
    """The factors as views that cannot be written to."""
    views = pre.view(), post.view()
    for view in views:
        view.flags.writeable = False
    return Layer(*views)


def _apply(run: "Run", layer: int, change: tuple[Any, ...]) -> None:
    kernel, *arrays = change
    kernel(run.network, run.buffers, run.energies, layer, *arrays)


def _choices(rule: PlasticityRule, step: Step, bits: np.ndarray) -> list[tuple[Any, ...]]:
    """For each layer a kernel and its arrays; all is checked before anything changes."""
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


def _change(layer: Layer, choice: Any, bits: np.ndarray) -> tuple[Any, ...]:
    n_pre, n_post = len(layer.pre), len(layer.post)
    if isinstance(choice, bool | np.bool_):
        factors = np.full(n_pre, choice), np.full(n_post, choice)
        return chosen.change_product, *map(np.flatnonzero, factors)
    if isinstance(choice, np.ndarray):
        if choice.dtype != bool or choice.shape != (n_pre, n_post):
            raise RuleError(
                f"a mask must be bool of shape ({n_pre}, {n_post}), got {choice.dtype} of shape"
                f" {choice.shape}"
            )
        return chosen.change_masked, np.ascontiguousarray(choice).view(np.uint8)
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
        return chosen.change_product, np.flatnonzero(pre), np.flatnonzero(post)
    return chosen.change_pairs, *_pairs(pre, post, n_pre, n_post, bits)


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
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) <= 60 else text[:57] + '...'}"
