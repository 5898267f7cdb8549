"""The file from which a killed run resumes, with the same bits as if it had never stopped."""

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np

from energynet.config import TrainingConfig
from energynet.errors import FileError
from energynet.kernels.numerics import NUMERICS_VERSION
from energynet.kernels.state import LEARNT
from energynet.support.checks import error_text
from energynet.support.files import written_whole
from energynet.support.npz import read_npz
from energynet.training.result import CurvePoint
from energynet.training.run import Run

_FORMAT = 1
_LOG = logging.getLogger("energynet")


def identity(config: TrainingConfig, data_sha256: str) -> str:
    """What a checkpoint belongs to, as canonical JSON."""
    owner = {"config": config.identity(), "data": data_sha256, "numerics": NUMERICS_VERSION}
    return json.dumps(owner, sort_keys=True)


def _state(run: Run) -> dict[str, np.ndarray]:
    """The arrays that decide how a run continues; nothing of them is computed again."""
    tally = run.energies.tally
    counts = {} if tally is None else {f"counts_{name}": a for name, a in tally._asdict().items()}
    return {
        "u": run.weights.u,
        "v": run.weights.v,
        "r": run.weights.r,
        "w2": run.weights.w_out,
        "clock": run.clock[:LEARNT],
        "learning_steps": run.clock[LEARNT:],
        "m0": run.energies.m0,
        "power": run.energies.power,
        **counts,
    }


def _kept(run: Run) -> dict[str, np.ndarray]:
    """What a custom rule keeps."""
    return {} if run.custom is None else run.custom.keeping.saved()


def save_checkpoint(
    path: Path,
    owner: str,
    run: Run,
    history: list[CurvePoint],
    costs: list[tuple[float, ...]],
    seconds: dict[str, float],
) -> None:
    """Write the state of a run, whole or not at all; raises FileError.

    costs : those of a custom rule at each row of the history
    """
    rows = np.array(history, dtype=_ROW)
    with written_whole(path) as file:
        np.savez(
            file,
            allow_pickle=False,
            format=_FORMAT,
            owner=owner,
            history=rows,
            seconds=json.dumps(seconds),
            **_state(run),
            **_kept(run),
            **({"history_costs": np.array(costs)} if any(costs) else {}),
        )


_ROW = np.dtype([("step", np.int64), ("accuracy", float), ("m0", np.int64), ("m1", float)])


def load_checkpoint(
    path: Path, owner: str, run: Run
) -> tuple[list[CurvePoint], list[tuple[float, ...]], dict[str, float]] | None:
    """Put a stored state into `run`; returns the learning curve, costs and the times so far.

    The state may be that of a run with another `max_steps`. Returns None if the run has to start
    over.

    Raises FileError if the file is damaged, belongs to another run, is beyond max_steps, or if only
    one of file and run counts updates.
    """
    arrays = read_npz(path, "a checkpoint of energynet")
    try:
        if int(arrays["format"]) != _FORMAT or arrays["history"].dtype != _ROW:
            raise ValueError("it has another format")
        step, diverged = arrays["clock"].tolist()
        if step < 0 or diverged not in (0, 1):
            raise ValueError("its step is invalid")
        if not _on_the_way(path, str(arrays["owner"]), owner, step):
            return None
        # Files of energynet 0.1 lack it.
        arrays.setdefault("learning_steps", arrays["clock"][:1])
        _check_counts(path, "counts_u" in arrays, run.energies.tally is not None)
        if run.custom is not None:
            run.custom.keeping.restore(arrays, path)
        for name, array in _state(run).items():
            if arrays[name].shape != array.shape or arrays[name].dtype != array.dtype:
                raise ValueError(f"its {name} does not fit")
            array[...] = arrays[name]
        history = [CurvePoint(*row.item()) for row in arrays["history"]]
        costs: list[tuple[float, ...]] = [()] * len(history)
        if "history_costs" in arrays:
            costs = [tuple(row.tolist()) for row in arrays["history_costs"]]
        times = json.loads(str(arrays["seconds"]))
        names = ["train", "evaluate", "total", *(["cpu"] if "cpu" in times else [])]
        seconds = {name: float(times[name]) for name in names}  # files of energynet 0.1 lack cpu
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise FileError(f"{path} is not a checkpoint of energynet: {error_text(error)}") from error
    return history, costs, seconds


def _on_the_way(path: Path, stored: str, owner: str, step: int) -> bool:
    """Whether a run passes through the stored state of a run that is the same but for max_steps.

    At its own max_steps a run is tested, and the background is folded into the weights. If that was
    between two tests of a longer run, the longer run has other bits there.
    """
    (before, other), (limit, own) = _limit_and_rest(stored), _limit_and_rest(owner)
    if other != own:
        raise FileError(
            f"checkpoint {path} belongs to another run (other config, data or version):"
            " choose another file or remove it"
        )
    if step > limit:
        raise FileError(
            f"checkpoint {path} is at step {step}, beyond max_steps {limit}: give a larger"
            " max_steps, choose another file or remove it"
        )
    if before == limit or step < before or step % own["config"]["test_every"] == 0:
        return True
    _LOG.warning(
        "checkpoint %s ended at step %d, which is between two tests of a run of %d steps:"
        " the run starts over",
        *(path, step, limit),
    )
    return False


def _check_counts(path: Path, stored: bool, counted: bool) -> None:
    """Counting cannot begin in the middle of a run, and counts are not dropped silently."""
    if counted and not stored:
        raise FileError(
            f"checkpoint {path} holds no counts of updates: leave out count_updates, choose another"
            " file or remove it"
        )
    if stored and not counted:
        raise FileError(
            f"checkpoint {path} holds counts of updates: set count_updates, choose another file or"
            " remove it"
        )


def _limit_and_rest(owner: str) -> tuple[int, dict[str, Any]]:
    """max_steps of an `identity`, and all else in it."""
    content: dict[str, Any] = json.loads(owner)
    return content["config"].pop("max_steps"), content
