"""Results on disk: files are the truth, whoever wrote them and whatever was killed meanwhile.

RUNS/<id[:2]>/<id>/ holds `spec.json` from the start, `checkpoint.npz` while the run is under way,
`history.csv`, and `result.json` last. Nothing locks: each file appears whole, and two processes
that compute the same run write the same content.
"""

import csv
import hashlib
import io
import json
import logging
import math
import os
import re
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from energynet.config import TrainingConfig
from energynet.errors import ConfigError, FileError
from energynet.kernels.numerics import NUMERICS_VERSION
from energynet.support import checks
from energynet.support.contents import content_of
from energynet.support.files import check_folder, sync_folder, written_whole
from energynet.support.npz import read_npz
from energynet.training.result import CurvePoint, TrainingResult, finite

DONE = ("reached", "exhausted", "diverged")
ABSENT = ("failed", "skipped")
_SILENCE = 180.0  # seconds after which a run that gives no sign of life counts as interrupted
_LEFT = 0.0  # what the spec's time of change is set to when a run is stopped in good order
STOPPED = "stopped"  # the answer of a run that was told to stop and saved where it stands
STOP_PREFIX = ".stop-"  # of the files that tell the runs of one sweep to stop
_LOG = logging.getLogger("energynet")
_ID, _GROUP = re.compile("[0-9a-f]{16}"), re.compile("[0-9a-f]{2}")
_COUNTS = ("step", "m0")  # columns of a learning curve that hold whole numbers
_SPEC, _RESULT, _HISTORY, _CHECKPOINT = "spec.json", "result.json", "history.csv", "checkpoint.npz"


def run_id(config: TrainingConfig, data_sha256: str) -> str:
    """16 hexadecimal digits of SHA-256 over config, data and numerics version."""
    content = {"config": config.identity(), "data": data_sha256, "numerics": NUMERICS_VERSION}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


class Store:
    """A folder of runs.

    It is made with its first run. Raises FileError if it is not a folder that can be written or
    made; with `must_exist`, if there is no folder to read.
    """

    def __init__(self, folder: str | Path, *, must_exist: bool = False) -> None:
        self.root = checks.path("store", folder)
        if not must_exist:
            check_folder(self.root, "store")
        elif not self.root.is_dir():
            raise FileError(f"store {self.root} is not a folder of runs")

    def folder(self, identity: str) -> Path:
        """Where a run's files are."""
        return self.root / identity[:2] / identity

    def checkpoint(self, identity: str) -> Path:
        """The checkpoint of a run."""
        return self.folder(identity) / _CHECKPOINT

    def outcome(self, identity: str) -> str | None:
        """`reached`, `exhausted`, `diverged`, `failed` or `skipped`; None if it has not started.

        A run that has started and has no readable result is `running`. It is `interrupted` if it
        was stopped in good order, or if it has given no sign of life for minutes.
        """
        folder = self.folder(identity)
        try:
            return str(read_result(folder / _RESULT)["outcome"])
        except FileError:
            if not _is_there(folder):
                return None
            signs = [_changed(path) for path in (folder / _SPEC, folder, folder / _CHECKPOINT)]
            # A date in the future is a fault of some clock, and no sign of life.
            heard = any(abs(time.time() - sign) < _SILENCE for sign in signs)
            return "running" if heard and signs[0] != _LEFT else "interrupted"

    def outcomes(self, identities: Iterable[str]) -> dict[str, str | None]:
        """The outcome of each run; a result that is there but cannot be read is reported."""
        found = {identity: self.outcome(identity) for identity in identities}
        for identity, outcome in found.items():
            path = self.folder(identity) / _RESULT
            if outcome not in (None, *DONE, *ABSENT) and _is_there(path):
                _LOG.warning("%s cannot be read: its run counts as not done", path)
        return found

    def begin(self, identity: str, config: TrainingConfig, data_sha256: str) -> None:
        """Write `spec.json`, if it is not there; else give a sign of life."""
        path = self._made(identity) / _SPEC
        if _is_there(path):
            self.still_running(identity)
        else:
            spec = {"config": config.to_dict(), "data_sha256": data_sha256}
            _write_json(path, {"id": identity, **spec, "numerics": NUMERICS_VERSION})

    def still_running(self, identity: str) -> None:
        """Give a sign of life, which shows that the run goes on; call it about every minute."""
        with suppress(OSError):
            os.utime(self.folder(identity) / _SPEC)

    def leave(self, identity: str) -> None:
        """Mark a run as interrupted, until there is a sign of life again."""
        with suppress(OSError):
            os.utime(self.folder(identity) / _SPEC, (_LEFT, _LEFT))

    def finish(self, result: TrainingResult, provenance: Mapping[str, Any]) -> None:
        """Write learning curve and result, then remove the checkpoint."""
        values = result.to_dict()
        rows = values.pop("history")
        values["best_accuracy"] = result.best_accuracy
        identity = run_id(result.config, provenance["data_sha256"])
        self.put(identity, values | {"provenance": dict(provenance)}, rows)
        self.checkpoint(identity).unlink(missing_ok=True)

    def give_up(
        self,
        identity: str,
        config: TrainingConfig,
        outcome: str,
        reason: str,
        provenance: Mapping[str, Any],
    ) -> None:
        """Record a run as `failed` or `skipped`, and why."""
        content = {"outcome": outcome, "reason": reason, "config": config.to_dict()}
        self.put(identity, content | {"provenance": dict(provenance)}, ())

    def put(
        self, identity: str, content: Mapping[str, Any], history: Sequence[Mapping[str, Any]]
    ) -> None:
        """Write a result, and its learning curve before it: rows with the same columns each."""
        folder = self._made(identity)
        if history:
            text = io.StringIO(newline="")
            writer = csv.DictWriter(text, list(history[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(history)
            with written_whole(folder / _HISTORY) as file:
                file.write(text.getvalue().encode())
        _write_json(folder / _RESULT, {"id": identity, **content})

    def keep(self, arrays: Mapping[str, np.ndarray]) -> str:
        """Keep arrays for runs that name them by their content, unless they are kept already.

        Returns the digits of `content_of`. Raises FileError if they cannot be written.
        """
        digits = content_of(arrays.values())
        try:
            self.kept(digits)
        except FileError:
            with written_whole(self._kept(digits)) as file:
                np.savez(file, allow_pickle=False, **arrays)
        return digits

    def kept(self, digits: str) -> dict[str, np.ndarray]:
        """The arrays of that content; raises FileError if they are not kept or were changed."""
        path = self._kept(digits)
        arrays = read_npz(path, "a file of arrays that energynet keeps")
        if content_of(arrays.values()) != digits:
            raise FileError(f"{path} was changed: it no longer holds the arrays of its name")
        return arrays

    def _kept(self, digits: str) -> Path:
        return self.root.resolve() / f"arrays-{digits}.npz"

    def _made(self, identity: str) -> Path:
        folder = self.folder(identity)
        try:
            if not folder.is_dir():
                folder.mkdir(parents=True, exist_ok=True)
                sync_folder(folder.parent)
                sync_folder(self.root)
        except OSError as error:
            raise FileError(f"{folder} cannot be made: {checks.error_text(error)}") from error
        return folder

    def folders(self) -> Iterator[Path]:
        """The folders of all runs, in order of their ids; what cannot be read is reported.

        Raises FileError if the store itself cannot be read.
        """
        for group in _listed(self.root):
            try:
                runs = _listed(group) if _GROUP.fullmatch(group.name) else []
            except FileError as error:
                _LOG.warning("%s; it is left out", error)
                continue
            for path in runs:
                if _ID.fullmatch(path.name) and path.name.startswith(group.name):
                    yield path

    def leftovers(self, age: float = 3600.0) -> list[Path]:
        """What crashes leave: temporary files, folders without spec and result, checkpoints of runs
        that have a result, and what told a sweep to stop.

        Only those that have not changed for `age` seconds: others may be in use. A date as far in
        the future is that of a wrong clock, and counts as old.
        """
        found = [*self.root.glob(f"{STOP_PREFIX}*"), *self.root.glob(".*.part")]
        for folder in self.folders():
            names = {path.name for path in folder.glob("*")}
            if not names & {_SPEC, _RESULT}:
                found.append(folder)
                continue
            found += [folder / name for name in names if name.startswith(".")]
            if {_RESULT, _CHECKPOINT} <= names and self.outcome(folder.name) in DONE:
                found.append(folder / _CHECKPOINT)
        now = time.time()
        return sorted(path for path in found if age < abs(now - _changed(path)) < math.inf)

    def clean(self, age: float = 3600.0) -> list[Path]:
        """Remove `leftovers`; returns what was removed.

        What may not be removed, as in a store that others use, too, is reported and stays.
        """
        removed = []
        for path in self.leftovers(age):
            try:
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink()
                removed.append(path)
            except FileNotFoundError:  # somebody else removes it
                continue
            except OSError as error:
                _LOG.warning("%s cannot be removed: %s", path, checks.error_text(error))
        return removed


def check_id(identity: Any) -> str:
    """The id of a run; raises ConfigError for anything else."""
    if not isinstance(identity, str) or not _ID.fullmatch(identity):
        got = checks.quoted(identity)
        raise ConfigError(f"ids must be those of runs, 16 hexadecimal digits, got {got}")
    return identity


def read_result(path: Path) -> dict[str, Any]:
    """The content of a `result.json`; raises FileError if it is not one."""
    try:
        content = json.loads(path.read_bytes())
        if content["outcome"] not in (*DONE, *ABSENT) or not isinstance(content["config"], dict):
            raise ValueError("unknown outcome")
    except OSError as error:
        raise FileError(f"{path} cannot be read: {checks.error_text(error)}") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise FileError(f"{path} is not a result of energynet") from error
    result: dict[str, Any] = content
    return result


def read_history(folder: Path) -> list[dict[str, Any]]:
    """The learning curve of a run's folder, rows by column; empty if it has none."""
    path = folder / _HISTORY
    try:
        with path.open(newline="") as file:
            rows = [
                {name: (int if name in _COUNTS else float)(text) for name, text in row.items()}
                for row in csv.DictReader(file)
            ]
        if not all(row.keys() >= {*CurvePoint._fields} for row in rows):
            raise ValueError("a column is missing")
        if not all(0 <= row[count] < 2**63 for row in rows for count in _COUNTS):
            raise ValueError("a count is invalid")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise FileError(f"{path} cannot be read: {checks.error_text(error)}") from error
    except (ValueError, KeyError, TypeError, csv.Error) as error:
        raise FileError(f"{path} is not a learning curve of energynet") from error
    return rows


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    with written_whole(path) as file:
        text = json.dumps(finite(dict(content)), allow_nan=False, indent=1)
        file.write(text.encode())


def _changed(path: Path) -> float:
    """When a file was changed last; minus infinity if there is none."""
    try:
        return path.stat().st_mtime
    except OSError:
        return -math.inf


def _is_there(path: Path) -> bool:
    """Whether there is anything; what may not be looked at counts as not there."""
    return _changed(path) > -math.inf


def _listed(folder: Path) -> list[Path]:
    """What is in a folder, in order; nothing if there is no such folder. Raises FileError."""
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise FileError(f"{folder} cannot be read: {checks.error_text(error)}") from error


def forget_checkpoint(path: Path) -> None:
    """Remove a checkpoint that cannot be used."""
    with suppress(OSError):
        path.unlink()
