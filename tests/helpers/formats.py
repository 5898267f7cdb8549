"""Files of every format that energynet reads, how to damage them, and how they are read."""

import gzip
import io
import lzma
import random
import re
import shutil
import sys
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import replace
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import NamedTuple

import numpy as np
from support import digits

import energynet as en
from energynet.data.idx import read_idx
from energynet.data.named import load_named
from energynet.kernels.numerics import NUMERICS_VERSION
from energynet.rules.custom import NamedRule
from energynet.store.exchange import export_results, import_results
from energynet.store.folder import Store, run_id
from energynet.training.checkpoint import identity, load_checkpoint, save_checkpoint
from energynet.training.run import prepare

FORBIDDEN = "energynet_forbidden"  # a module that no reader may import
DATA = digits(n_in=4, train=6, test=3, classes=2)
CONFIG = en.TrainingConfig(hidden=2, max_steps=2, test_every=1, alpha=0.5)
FOREIGN = replace(CONFIG, rule=NamedRule(f"{FORBIDDEN}:Rule", 1, (("fraction", 0.5),)))
TABLES = (".csv", ".csv.xz", ".sqlite", ".parquet")


class Format(NamedTuple):
    """`files` are valid, by name; `read` reads one that was changed, at that path.

    `packed` : whether what is inside can be changed, and packed again: (unpack, pack).
    """

    files: dict[str, bytes]
    read: Callable[[Path], object]
    packed: tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]] | None = None


class Watch(MetaPathFinder):
    """Notes whether anybody looks for the forbidden module."""

    def __init__(self) -> None:
        self.seen = False

    def find_spec(self, name, path=None, target=None):
        self.seen |= name == FORBIDDEN

    def __enter__(self):
        sys.meta_path.insert(0, self)
        return self

    def __exit__(self, *_):
        sys.meta_path.remove(self)


def formats(place: Path) -> dict[str, Format]:
    """All formats; valid files are made, and read, in the folder `place`."""
    place.mkdir(exist_ok=True)
    found = {**_idx(), **_npz(place), "toml": _toml()}
    store = _store(place)
    found |= {f"store {name}": _in_store(store, place / "again", name) for name in _STORED}
    return found | {f"table {ending}": _table(store, place, ending) for ending in TABLES}


def _idx() -> dict[str, Format]:
    images = bytes((0, 0, 8, 3)) + np.array([5, 3, 2], ">u4").tobytes() + bytes(range(30))
    packers = {"": None, ".gz": (gzip.decompress, gzip.compress)}
    packers[".xz"] = (lzma.decompress, lzma.compress)
    return {
        f"idx{suffix}": Format(
            {f"images{suffix}": images if packer is None else packer[1](images)},
            lambda path: read_idx(path, 3),
            packer,
        )
        for suffix, packer in packers.items()
    }


def _members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return {name: file.read(name) for name in file.namelist()}


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """An archive of these members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return buffer.getvalue()


_MARK = b"\0next member\0"


def _unzip(content: bytes) -> bytes:
    """All members behind each other, so that any of them can be changed."""
    return _MARK.join(part for item in _members(content).items() for part in _encoded(item))


def _encoded(item: tuple[str, bytes]) -> tuple[bytes, bytes]:
    return item[0].encode(), item[1]


def _zip(content: bytes) -> bytes:
    parts = content.split(_MARK)
    names = [name.decode("latin-1").replace("\0", "0") for name in parts[::2]]
    return zipped(dict(zip(names, parts[1::2], strict=False)))


def _npz(place: Path) -> dict[str, Format]:
    result = en.train(CONFIG, DATA)
    result.network.save(place / "network.npz")
    run = prepare(CONFIG, DATA)
    owner = identity(CONFIG, DATA.sha256)
    save_checkpoint(place / "run.npz", owner, run, list(result.history), result.seconds)
    arrays = {name: getattr(DATA, name) for name in ("x_train", "y_train", "x_test", "y_test")}
    np.savez(place / "data.npz", **arrays, classes=2)
    readers = {
        "network": lambda path: en.Network.load(path).predict(DATA.x_test),
        "run": lambda path: load_checkpoint(path, owner, prepare(CONFIG, DATA)),
        "data": _load_quietly,
    }
    return {
        f"npz {name}": Format(
            {f"{name}.npz": (place / f"{name}.npz").read_bytes()}, read, (_unzip, _zip)
        )
        for name, read in readers.items()
    }


def _load_quietly(path: Path) -> en.Dataset:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", en.DataWarning)
        return load_named(path)


def _toml() -> Format:
    grid = en.Grid(
        hidden=[3, 4],
        rule=["largest-per-layer"],
        fraction=[0.1, 0.3],
        output_fraction=["balanced", 0.5],
        learning_rate=["auto", 0.02],
        seeds=[1, 2],
        alpha=[0.5],
    )
    text = "[defaults]\nmax_steps = 100\ncenter = true\n" + grid.toml()
    return Format({"grid.toml": text.encode()}, lambda path: en.Grid.from_toml(path).toml())


_STORED = ("result.json", "history.csv", ".index.json")


def _store(place: Path) -> Path:
    """Three runs, one of them of a rule that is known by name, one without result."""
    store = Store(place / "runs")
    origin = {"data_sha256": DATA.sha256, "numerics": NUMERICS_VERSION, "host": "a"}
    result = en.train(CONFIG, DATA)
    store.finish(result, origin)
    store.finish(replace(result, config=FOREIGN), origin)
    failed = replace(CONFIG, seed=1)
    store.give_up(run_id(failed, DATA.sha256), failed, "failed", "it died", origin)
    en.load_results(store.root)  # writes the index
    return store.root


def _in_store(store: Path, again: Path, name: str) -> Format:
    """The file of that name, of a run or of the store itself."""
    folder = Store(store).folder(run_id(FOREIGN, DATA.sha256))
    source = store / name if name.startswith(".") else folder / name
    within = again / source.relative_to(store)

    def read(path: Path) -> None:
        shutil.rmtree(again, ignore_errors=True)
        shutil.copytree(store, again, copy_function=shutil.copy2)  # the index goes by times
        shutil.copyfile(path, within)
        read_store(again)

    return Format({name: source.read_bytes()}, read)


def read_store(folder: Path) -> None:
    """All that is read of a store."""
    from energynet.cli.store import _counts_of_store

    table = en.load_results(folder)
    _counts_of_store(Store(folder))
    list(Store(folder).outcomes(table["id"]).values())
    errors = []
    for read in (lambda: en.load_history(folder), lambda: table.empty or en.cells(table)):
        try:
            read()
        except en.EnergynetError as error:
            errors.append(error)
    if errors:
        raise errors[0]


def _table(store: Path, place: Path, ending: str) -> Format:
    out, curves = place / f"table{ending}", place / f"curves{ending}"
    export_results(store, out, curves)
    into = place / "into"

    def read(path: Path) -> None:
        shutil.rmtree(into, ignore_errors=True)
        if path.name.startswith("curves"):
            import_results(out, into, path)
        else:
            import_results(path, into)
        read_store(into)

    packer = (lzma.decompress, lzma.compress) if ending == ".csv.xz" else None
    return Format({path.name: path.read_bytes() for path in (out, curves)}, read, packer)


_WORDS = (
    "-1 0 1 2.5 1e999 -1e-999 nan NaN inf Infinity null true True [] {} \"\" 'x' [[]] os:system"
    f" {FORBIDDEN}:Rule 9223372036854775808 {10**400} {'9' * 5000} {'[' * 3000} reached failed all"
    " largest balanced auto \ufeff \x00 \\ , \n = ) ("
).split(" ")
_SIZES = [
    sign * 2**power - less for sign in (1, -1) for power in (0, 7, 15, 31, 62) for less in (0, 1)
]
_TOKEN = re.compile(rb"[\w.+:-]+")


def damaged(content: bytes, chance: random.Random) -> bytes:
    """The content with some changes, mostly one, or something else altogether."""
    if chance.random() < 0.02:
        return chance.randbytes(chance.randrange(200))
    changed = bytearray(content)
    for _ in range(chance.choice([1, 1, 1, 2, 4])):
        _change(changed, chance)
    return bytes(changed)


def _change(content: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(content) + 1)
    span = slice(at, at + chance.choice([1, 1, 4, 30, 300]))
    match chance.randrange(10):
        case 0 if at < len(content):
            content[at] ^= 1 << chance.randrange(8)
        case 1:
            del content[at:]
        case 2:
            content[at:at] = chance.randbytes(chance.choice([1, 2, 8, 50]))
        case 3:
            del content[span]
        case 4:
            content[at:at] = content[span] * chance.choice([1, 2, 50])
        case 5:
            order = chance.choice(["big", "little"])
            content[at : at + 8] = chance.choice(_SIZES).to_bytes(9, order, signed=True)[:8]
        case 6 | 7 if found := [i for i, byte in enumerate(content) if 48 <= byte <= 57]:
            content[chance.choice(found)] = chance.randrange(48, 58)
        case _:  # a word for another
            words = list(_TOKEN.finditer(content))
            if words:
                word = chance.choice(words)
                other = chance.choice([chance.choice(_WORDS).encode(), chance.choice(words)[0]])
                content[word.start() : word.end()] = other


def attempt(kind: Format, chance: random.Random, place: Path) -> tuple[Path, Callable[[], str]]:
    """A damaged file, written; and what reads it: it returns what happened."""
    name = chance.choice(sorted(kind.files))
    content = kind.files[name]
    if kind.packed is not None and chance.random() < 0.6:
        unpack, pack = kind.packed
        content = pack(damaged(unpack(content), chance))
    else:
        content = damaged(content, chance)
    path = place / name
    path.write_bytes(content)

    def read() -> str:
        try:
            kind.read(path)
            return "read"
        except en.EnergynetError as error:
            told = error
        assert 0 < len(str(told)) < 2000, "no sentence, or no short one"
        return type(told).__name__

    return path, read
