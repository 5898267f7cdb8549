"""A whole study on made-up digits, for a subprocess that may be killed: tiny_study.py FOLDER."""

import json
import sys
from pathlib import Path

import pandas as pd
from support import digits, shapes

import energynet as en
from energynet.studies.stages.preset import preset_from_dict
from energynet.studies.stages.run import reproduce
from energynet.support.files import written_whole

N_IN, CLASSES = 40, 4
PRESET = {
    "title": "A tiny study",
    "energies": ["m0", "m1"],
    "settings": {"target_accuracy": 0.9, "test_every": 20, "max_steps": 600, "learning_rate": 0.05},
    "seeds": {"exploration": [0, 1], "confirmation": [100, 101]},
    "extend": {"times": 2},
    "long": {"max_steps": 1200, "up_to": 20},
    "method": [
        {"rule": "all", "hidden": [20, 100]},
        {"rule": "largest", "hidden": [20, 100], "fraction": [0.02, 0.1, 0.3]},
        {"rule": "fixed-units", "hidden": [20, 100], "fraction": [0.3, 0.6]},
    ],
}


class Folder:
    """One file a run, written whole; a line on stdout for each."""

    def __init__(self, folder):
        self.folder = folder
        self.data = digits(n_in=N_IN, train=200, test=100, classes=CLASSES)
        folder.mkdir(parents=True, exist_ok=True)

    def run(self, _stage, configs):
        for config in configs:
            result = en.train(config, self.data, threads=1)
            row = {
                "id": config.hash,
                "hidden": config.hidden,
                "rule": config.rule.name,
                "fraction": getattr(config.rule, "fraction", 1.0),
                "seed": config.seed,
                "m0": result.energy.m0,
                "m1": result.energy.m1,
                "history": [row._asdict() for row in result.history],
                **{name: getattr(config, name) for name in PRESET["settings"]},
                **{
                    name: getattr(result, name)
                    for name in [
                        *("outcome", "steps", "accuracy", "best_accuracy"),
                        "plastic_synapses",
                    ]
                },
            }
            with written_whole(self.folder / f"{config.hash}.json") as file:
                file.write(json.dumps(row).encode())
            print(config.hash, flush=True)

    def _rows(self):
        return [json.loads(file.read_text()) for file in sorted(self.folder.glob("*.json"))]

    def tell(self, words):
        print(words, file=sys.stderr)

    def table(self):
        rows = self._rows()
        return pd.DataFrame(rows).drop(columns="history") if rows else pd.DataFrame()

    def history(self):
        rows = [{"id": run["id"]} | point for run in self._rows() for point in run["history"]]
        return pd.DataFrame(rows, columns=["id", "step", "accuracy", "m0", "m1"])


def main():
    out = Path(sys.argv[1])
    preset = preset_from_dict("tiny", PRESET)
    reproduce(preset, Folder(out / "runs"), out, shapes(N_IN, CLASSES))


if __name__ == "__main__":
    main()
