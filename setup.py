"""The compiled extension; everything else about the package is in pyproject.toml."""

import os

from Cython.Build import cythonize
from setuptools import Extension, setup

# Products are rounded before they are added, on every processor: docs/determinism.md.
flags = ["/O2", "/fp:precise"] if os.name == "nt" else ["-O3", "-ffp-contract=off"]

setup(
    ext_modules=cythonize(
        [
            Extension(
                "energynet.kernels._sparse",
                ["csrc/_sparse.pyx", "csrc/sparse.c"],
                depends=[
                    "csrc/sparse.h",
                    "csrc/sparse_template.h",
                    "csrc/vector_template.h",
                    "csrc/mask_template.h",
                ],
                include_dirs=["csrc"],
                extra_compile_args=flags,
            )
        ],
        build_dir="build/cython",
        compiler_directives={
            "language_level": 3,
            "boundscheck": False,
            "wraparound": False,
            "embedsignature": True,
        },
    )
)
