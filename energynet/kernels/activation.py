"""Activation functions of the hidden units.

To add one: here, its name in `config.py`, its second moments in `training/stability.py`.
"""

import math

import numpy as np

from energynet.kernels.jit import inner
from energynet.kernels.state import Activation
from energynet.support import checks

LEAK = 0.1  # slope of the leaky ReLU below zero
_RECTIFIED, _TANH, _SIGMOID = 0, 1, 2  # the ReLUs differ by their slope alone
_FORMS = {
    "leaky_relu": (_RECTIFIED, LEAK),
    "relu": (_RECTIFIED, 0.0),
    "tanh": (_TANH, 0.0),
    "sigmoid": (_SIGMOID, 0.0),
}


def activation_of(name: str, dtype: np.dtype) -> Activation:
    """The kernels' form of a config's activation; raises ConfigError if they do not have it."""
    kind, slope = _FORMS[checks.choice("activation", name, tuple(_FORMS))]
    return Activation(kind, dtype.type(slope))


@inner
def activate(h, a, kind, slope):
    """a[j] = f(h[j]); h : real (n,); a : real (>= n,), changed in its first n."""
    if kind == _RECTIFIED:
        for j in range(h.shape[0]):
            a[j] = h[j] if h[j] > 0 else slope * h[j]
    elif kind == _TANH:
        for j in range(h.shape[0]):
            a[j] = math.tanh(h[j])
    else:  # _SIGMOID: `activation_of` gives no other kind
        one = h.dtype.type(1)
        for j in range(h.shape[0]):
            a[j] = one / (one + math.exp(-h[j]))


@inner
def derive(h, a, g, kind, slope):
    """g[j] *= f'(h[j]), where a[j] = f(h[j]); all real, g : (n,)."""
    one = g.dtype.type(1)
    if kind == _RECTIFIED:
        for j in range(g.shape[0]):
            g[j] = g[j] if h[j] > 0 else slope * g[j]
    elif kind == _TANH:
        for j in range(g.shape[0]):
            g[j] = (one - a[j] * a[j]) * g[j]
    else:  # _SIGMOID: `activation_of` gives no other kind
        for j in range(g.shape[0]):
            g[j] = (a[j] * (one - a[j])) * g[j]
