"""Small data sets, and the weights of a run as plain matrices."""

import hashlib
import importlib
import os
import pkgutil
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np

import energynet as en
from energynet.kernels.state import LEARNT, Tally
from energynet.rules.base import Shape
from energynet.training.counts import folded

# -P: the installed package, not a folder of its name in the working directory.
PYTHON = [sys.executable, "-P"]
NOBODY = 65534
HELPERS = Path(__file__).parent
IDX_SHAPES = {
    "train-images-idx3-ubyte": (6, 3, 2),
    "train-labels-idx1-ubyte": (6,),
    "t10k-images-idx3-ubyte": (4, 3, 2),
    "t10k-labels-idx1-ubyte": (4,),
}


def environment(**variables):
    """The environment of a process whose code imports these helpers."""
    path = os.pathsep.join(filter(None, [str(HELPERS), os.environ.get("PYTHONPATH")]))
    return os.environ | {"PYTHONPATH": path} | variables


def digits(n_in=40, train=60, test=30, classes=4, dtype="uint8", seed=0, levels=256):
    """Images of which 70 % are background, with a class-dependent stroke; `levels` grey levels."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, classes, train + test)
    strength = generator.integers(1, levels, (train + test, n_in)) * (255 // (levels - 1))
    on = generator.random((train + test, n_in)) < 0.1
    for c in range(classes):
        on[labels == c, c * 5 : c * 5 + 8] = True
    images = np.where(on, strength, 0).astype(np.uint8)
    if dtype != "uint8":
        images = (images / 255).astype(dtype)
    return en.Dataset.from_arrays(
        images[:train], labels[:train], images[train:], labels[train:], classes
    )


def rule_by_name(name, dataset, hidden, shares=None, **parameters):
    """A rule, and the arrays of both layers if it is `fixed-given`, with True at those shares."""
    if shares is None:
        return en.rule_from_name(name, **parameters), None
    sizes = (dataset.n_in + 1, hidden), (hidden + 1, dataset.classes)
    generator = np.random.default_rng(hidden)
    mask = [generator.random(size) < share for size, share in zip(sizes, shares, strict=True)]
    mask[shares[0] == 0][-1, 0] = True  # never all False
    return en.GivenMask(*mask), mask


def shapes(n_in=784, n_out=10):
    """What the stages of a study take: the network of any number of hidden units."""
    return lambda hidden: Shape(n_in, hidden, n_out)


def idx_bytes(array, kind=8, dtype="u1"):
    """An array as an IDX file; `kind` is the byte that names the type."""
    sizes = np.array(array.shape, ">u4").tobytes()
    return bytes((0, 0, kind, array.ndim)) + sizes + array.astype(dtype).tobytes()


def dense(run):
    """W1 (n_in + 1, nh) and W2 (nh + 1, n_out) as they stand, the lazy background included."""
    w1 = run.weights.u.astype(np.float64)
    start = run.mask.start_hidden
    for i in range(len(w1) - 1):
        if len(run.mask.bits):
            columns = [j for j in range(len(w1[i])) if run.mask.bits[i, j // 32] >> (j % 32) & 1]
            w1[i, columns] += run.weights.v[columns]
        elif len(start):
            columns = run.mask.hidden[start[i] : start[i + 1]]
            w1[i, columns] += run.weights.v[columns]
        else:
            w1[i] += run.weights.v
    return w1, run.weights.w_out.T.astype(np.float64).copy()


def counts(run):
    """How often each synapse changed, in the shapes of W1 and W2; the run goes on as it was."""
    return folded(Tally(*(array.copy() for array in run.energies.tally)), run.mask)


def updates(run, pixels):
    """|dw| of the step that a run has just done on an image of those x values, both layers."""
    x = np.append(pixels, 1.0).astype(run.weights.u.dtype)
    b = run.buffers
    return np.abs(np.outer(x, b.g)), np.abs(np.outer(b.a, b.q))


def digest(run):
    """A hash of all that a run has come to."""
    parts = (*run.weights, run.energies.m0, run.energies.power, run.clock[:LEARNT])
    return hashlib.sha256(b"".join(np.ascontiguousarray(p).tobytes() for p in parts)).hexdigest()


@contextmanager
def permissions_count():
    """Permissions of files keep this process out, which they would not if it is root's.

    Another user may not see the folders of this one, so all modules are imported before.
    """
    for module in pkgutil.walk_packages(en.__path__, "energynet."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)
