"""The compiled extension and the commit; everything else is in pyproject.toml."""

import os
import runpy
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).resolve().parent


class BuildWithCommit(build_py):
    """Leaves the commit in the built package: an installed wheel has no history to ask."""

    def run(self):
        """Copy the package, then write the file that `provenance` reads."""
        super().run()
        if not self.editable_mode:
            found = runpy.run_path(str(HERE / "energynet/support/provenance.py"))
            name, commit = found["COMMIT_FILE"], found["checkout_commit"](HERE)
            target = Path(self.build_lib) / "energynet" / "support" / name
            target.write_text(commit + "\n", encoding="ascii")


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
                    "csrc/row_template.h",
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
    ),
    cmdclass={"build_py": BuildWithCommit},
)
