"""What a sweep costs beyond its runs, and how fast many results load: python -m bench.sweeps."""

import json
import tempfile
import time
from pathlib import Path

import numpy as np

import energynet as en
from energynet.kernels.numerics import NUMERICS_VERSION
from energynet.store.folder import Store, run_id

RUNS, RESULTS, WORKERS = 2000, 50_000, 2


def main() -> None:
    """Both measurements."""
    with tempfile.TemporaryDirectory() as folder:
        overhead(Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        loading(Path(folder))


def overhead(folder: Path) -> None:
    """2,000 runs of 10 hidden units and 200 steps, on small images."""
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (600, 40), dtype=np.uint8)
    data = en.Dataset.from_arrays(images, np.arange(600) % 4, images[:100], np.arange(100) % 4)
    limits = {"max_steps": 200, "test_every": 200, "target_accuracy": 1.0}
    en.sweep(en.Grid(hidden=10, seeds=2, **limits), folder / "warm", data=data, progress=False)
    grid = en.Grid(hidden=10, seeds=RUNS, **limits)
    began = time.perf_counter()
    table = en.sweep(grid, folder / "runs", data=data, workers=WORKERS, progress=False)
    spent = time.perf_counter() - began
    training = float(table["train_seconds"].sum() + table["evaluate_seconds"].sum())
    cost = (spent - training / WORKERS) / RUNS
    print(
        f"{RUNS:,} runs on {WORKERS} workers: {spent:.1f} s, {1e3 * cost:.1f} ms a run beyond"
        f" the training itself ({1e3 * training / RUNS:.2f} ms)"
    )


def loading(folder: Path) -> None:
    """50,000 results, cold and warm."""
    result = en.train(en.TrainingConfig(hidden=2, max_steps=1, alpha=0.5), en.load_mnist())
    content = result.to_dict()
    content.pop("history")
    store = Store(folder)
    for seed in range(RESULTS):
        config = en.TrainingConfig(hidden=2, max_steps=1, alpha=0.5, seed=seed)
        identity = run_id(config, "")
        origin = {"data_sha256": "", "numerics": NUMERICS_VERSION}
        values = content | {"id": identity, "config": config.to_dict(), "best_accuracy": 0.1}
        store.folder(identity).mkdir(parents=True)
        path = store.folder(identity) / "result.json"
        path.write_text(json.dumps(values | {"provenance": origin}))
    for name in ("cold", "warm"):
        began = time.perf_counter()
        rows = len(en.load_results(folder))
        print(f"{rows:,} results, {name}: {time.perf_counter() - began:.1f} s", flush=True)


if __name__ == "__main__":
    main()
