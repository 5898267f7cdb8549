"""Results on disk: files are the truth, whoever wrote them and whatever was killed meanwhile.

RUNS/<id[:2]>/<id>/ holds `spec.json` from the start, `checkpoint.npz` while the run is under way,
`history.csv`, and `result.json` last. Nothing locks: each file appears whole, and two processes
that compute the same run write the same content.
"""

import csv
import hashlib
import io
import json
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from energynet.config import NUMERICS_VERSION, TrainingConfig
from energynet.errors import FileError
from energynet.files import written_whole
from energynet.result import Checkpoint, TrainingResult, finite

DONE = ("reached", "exhausted", "diverged")
ABSENT = ("failed", "skipped")
_SPEC, _RESULT, _HISTORY, _CHECKPOINT = "spec.json", "result.json", "history.csv", "checkpoint.npz"


def run_id(config: TrainingConfig, data_sha256: str) -> str:
    """16 hexadecimal digits of SHA-256 over config, data and numerics version."""
    content = {"config": config.to_dict(), "data": data_sha256, "numerics": NUMERICS_VERSION}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


class Store:
    """A folder of results.

    Raises FileError where it cannot be read or, with `create`, written.
    """

    def __init__(self, folder: str | Path, create: bool = True) -> None:
        self.root = Path(folder)
        try:
            if create:
                self.root.mkdir(parents=True, exist_ok=True)
                with tempfile.TemporaryFile(dir=self.root):
                    pass
            elif not self.root.is_dir():
                raise FileError(f"store {self.root} is not a folder of results")
        except OSError as error:
            reason = error.strerror or error
            raise FileError(f"store {self.root} cannot be written: {reason}") from error

    def folder(self, identity: str) -> Path:
        """Where a run's files are."""
        return self.root / identity[:2] / identity

    def checkpoint(self, identity: str) -> Path:
        """The checkpoint of a run."""
        return self.folder(identity) / _CHECKPOINT

    def outcome(self, identity: str) -> str | None:
        """`reached`, `exhausted`, `diverged`, `failed` or `skipped`; `running` for a run that was
        begun and has no readable result; None for one that was not begun."""
        folder = self.folder(identity)
        try:
            return str(read_result(folder / _RESULT)["outcome"])
        except FileError:
            return "running" if folder.is_dir() else None

    def outcomes(self, identities: Iterable[str]) -> dict[str, str | None]:
        """The outcome of each."""
        return {identity: self.outcome(identity) for identity in identities}

    def begin(self, identity: str, config: TrainingConfig, data_sha256: str) -> None:
        """Write `spec.json`, if it is not there."""
        path = self._made(identity) / _SPEC
        if not path.exists():
            spec = {"config": config.to_dict(), "data_sha256": data_sha256}
            _write_json(path, {"id": identity, **spec, "numerics": NUMERICS_VERSION})

    def finish(self, result: TrainingResult, provenance: Mapping[str, Any]) -> None:
        """Write learning curve and result, then remove the checkpoint."""
        values = result.to_dict()
        values.pop("history")
        values["best_accuracy"] = result.best_accuracy
        identity = run_id(result.config, provenance["data_sha256"])
        self.put(identity, values | {"provenance": dict(provenance)}, result.history)
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

    def put(self, identity: str, content: Mapping[str, Any], history: Iterable[Checkpoint]) -> None:
        """Write a result, and its learning curve before it."""
        folder = self._made(identity)
        rows = list(history)
        if rows:
            text = io.StringIO(newline="")
            csv.writer(text, lineterminator="\n").writerows([Checkpoint._fields, *rows])
            with written_whole(folder / _HISTORY) as file:
                file.write(text.getvalue().encode())
        _write_json(folder / _RESULT, {"id": identity, **content})

    def _made(self, identity: str) -> Path:
        folder = self.folder(identity)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FileError(f"{folder} cannot be made: {error.strerror or error}") from error
        return folder

    def folders(self) -> Iterator[Path]:
        """The folders of all runs, in order of their ids."""
        for group in sorted(self.root.glob("[0-9a-f][0-9a-f]")):
            yield from sorted(path for path in group.iterdir() if path.name.startswith(group.name))

    def leftovers(self, age: float = 3600.0) -> list[Path]:
        """What crashes leave: temporary files, and folders without spec and result.

        Only those that nothing has changed for `age` seconds: others may be in use.
        """
        latest = time.time() - age
        found = []
        for folder in self.folders():
            parts = [path for path in folder.glob(".*.part") if path.stat().st_mtime < latest]
            empty = not any((folder / name).exists() for name in (_SPEC, _RESULT))
            if empty and folder.stat().st_mtime < latest:
                found.append(folder)
            else:
                found += parts
        return found

    def clean(self, age: float = 3600.0) -> list[Path]:
        """Remove `leftovers`; returns what was removed."""
        removed = self.leftovers(age)
        for path in removed:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        return removed


def read_result(path: Path) -> dict[str, Any]:
    """The content of a `result.json`; raises FileError where it cannot be understood."""
    try:
        content = json.loads(path.read_bytes())
        if content["outcome"] not in (*DONE, *ABSENT) or not isinstance(content["config"], dict):
            raise ValueError("unknown outcome")
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise FileError(f"{path} is not a result of energynet") from error
    result: dict[str, Any] = content
    return result


def read_history(folder: Path) -> list[Checkpoint]:
    """The learning curve of a run's folder; empty where it has none."""
    path = folder / _HISTORY
    if not path.exists():
        return []
    try:
        with path.open(newline="") as file:
            return [
                Checkpoint(
                    int(row["step"]), float(row["accuracy"]), int(row["m0"]), float(row["m1"])
                )
                for row in csv.DictReader(file)
            ]
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise FileError(f"{path} is not a learning curve of energynet") from error


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    with written_whole(path) as file:
        text = json.dumps(finite(dict(content)), allow_nan=False, indent=1)
        file.write(text.encode())


def forget_checkpoint(path: Path) -> None:
    """Remove a checkpoint that cannot be used."""
    with suppress(OSError):
        path.unlink()
