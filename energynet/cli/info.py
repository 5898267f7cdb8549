"""What is installed and where it runs."""

import mmap
import os
import platform
import sys
from importlib.metadata import version
from typing import Any

from energynet.data.mnist import load_mnist
from energynet.support.checks import pluralize
from energynet.support.provenance import processor, provenance
from energynet.training.threads import usable_cores


def installation() -> dict[str, str]:
    """Versions, processor, threads, cache and data, as words for people."""
    import llvmlite.binding
    import numba
    import numpy as np

    from energynet.kernels.jit import CACHE
    from energynet.kernels.numerics import NUMERICS_VERSION

    mnist = load_mnist()
    owner: Any = mnist.x_train
    while isinstance(owner, np.ndarray):
        owner = owner.base
    mapped = isinstance(owner, mmap.mmap)
    compiled = len(list(CACHE.rglob("*.nbc"))) if CACHE else 0
    return {
        "energynet": f"{version('energynet')}, numerics version {NUMERICS_VERSION},"
        f" commit {provenance()['commit'] or 'unknown'}",
        "python": f"{sys.version.split()[0]}, {platform.system()} {platform.machine()}",
        "packages": f"numpy {np.__version__}, numba {numba.__version__},"
        f" llvmlite {version('llvmlite')}",
        "processor": f"{processor()}, compiled for {llvmlite.binding.get_host_cpu_name()}",
        "threads": f"{pluralize(usable_cores(), 'usable core')} of {os.cpu_count()}",
        "cache": f"{CACHE} ({pluralize(compiled, 'compiled function')})"
        if CACHE
        else "no folder is writable: kernels are compiled in every process",
        "data": f"MNIST embedded, {'memory-mapped from the cache' if mapped else 'decoded'},"
        f" SHA-256 {mnist.sha256[:16]}",
    }
