"""Everything in results/ that follows from the tables there, written again.

    python docs/scripts/anew.py

Verdicts, figures, report and sensitivity tables come from both readings of the study, and figure 10
from the runs at other settings.
"""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from blocks import ROOT

from energynet.analysis.methods import READINGS as READINGS_OF_P
from energynet.analysis.methods import display_name
from energynet.analysis.savings import savings
from energynet.analysis.study import Study
from energynet.store.exchange import read_table
from energynet.studies.figures import saving_against_rate
from energynet.studies.figures.save import to_csv, to_svg
from energynet.studies.stages.outputs import write_outputs, write_settings
from energynet.support.format import significant

RESULTS = ROOT / "results"
READINGS = ("hidden", "network")


def judged() -> tuple[pd.DataFrame, pd.DataFrame]:
    """The runs of both readings, each once, and their learning curves."""
    return _together(READINGS)


def _together(names: Sequence[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    tables = [read_table(RESULTS / f"{name}.csv") for name in names]
    curves = [read_table(RESULTS / f"{name}_history.csv.xz") for name in names]
    history = pd.concat(curves, ignore_index=True).drop_duplicates(["id", "step"])
    return pd.concat(tables, ignore_index=True).drop_duplicates("id"), history


def digits() -> str:
    """The table of results/README.md on scikit-learn's digits."""
    found = savings(read_table(RESULTS / "digits.csv"))
    lines = ["| P of the | rule | hidden units | M0: P* | ratio | M1: P* | ratio |"]
    lines.append("| --- | --- | ---: | ---: | ---: | ---: | ---: |")
    for plastic, kinds in READINGS_OF_P.items():
        labels = {kind.rule(letter): None for letter in ("L", "F") for kind in kinds}
        for label in labels:
            for hidden, rows in found[found["rule"] == label].groupby("hidden"):
                cells = [plastic, display_name(label).removesuffix(" (output plastic)"), hidden]
                for row in rows.sort_values("energy").itertuples():
                    low, high = significant(row.ratio_low), significant(row.ratio_high)
                    cells += [f"{row.fraction:g}", f"{significant(row.ratio)} ({low} to {high})"]
                lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines) + "\n"


def make(folder: Path) -> None:
    """Write all of it to a folder."""
    table, history = judged()
    write_outputs(table, history, folder)
    write_settings(*_together(["sensitivity", "hidden"]), folder)
    drawing = saving_against_rate
    numbers = drawing.numbers(Study.of(*_together(["robustness"])))
    for ending, content in (
        ("csv", to_csv(numbers)),
        ("svg", to_svg(drawing.of(numbers))),
        ("md", f"**{drawing.title}** ({drawing.name}). {drawing.caption(numbers)}\n".encode()),
    ):
        (folder / "figures" / f"{drawing.name}.{ending}").write_bytes(content)
    for picture in folder.glob("figures/**/*.png"):
        picture.unlink()


def main() -> None:
    """Put it into results/, in the place of what was there."""
    with tempfile.TemporaryDirectory() as made:
        make(Path(made))
        for name in ("figures", "sensitivity"):
            shutil.rmtree(RESULTS / name)
        shutil.copytree(made, RESULTS, dirs_exist_ok=True)


if __name__ == "__main__":
    main()
