"""The command line as its users meet it: real processes, exit statuses, JSON, sentences."""

import json
import logging
import os
import re
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from commands import run
from support import digits

import energynet as en
from energynet.cli.main import main
from energynet.config import DTYPES
from energynet.kernels.numerics import NUMERICS_VERSION
from energynet.rules.base import Shape
from energynet.support.provenance import provenance
from energynet.training import warm


def test_train_json():
    done = run("train", "--hidden", 30, "--max-steps", 3000, "--alpha", 0.5, 0.1, "--json")
    assert done.returncode == 3
    assert done.stdout.count("\n") == 1
    values = json.loads(done.stdout)
    names = (
        "outcome steps learning_steps accuracy synapses plastic_synapses m0 m1 m0_layers m1_layers"
        " m0_direct m1_direct m_alpha config config_hash seconds history version learning_rate"
        " output_fraction"
    )
    assert list(values) == names.split()
    assert values["outcome"] == "exhausted"
    assert values["steps"] == 3000
    assert values["synapses"] == 785 * 30 + 31 * 10
    assert values["m0"] == sum(values["m0_layers"]) == 3000 * values["synapses"]
    assert list(values["m_alpha"]) == ["0.1", "0.5"]
    assert [row["step"] for row in values["history"]] == [2000, 3000]
    assert set(values["history"][0]) == {"step", "accuracy", "m0", "m1"}
    assert set(values["seconds"]) == {"train", "evaluate", "cpu", "total"}
    assert values["seconds"]["cpu"] > 0
    config = en.TrainingConfig.from_dict(values["config"])
    assert values["config_hash"] == config.hash
    result = en.train(config, en.load_mnist())
    assert result.to_dict() | {"seconds": 0} == values | {"seconds": 0}


def test_quiet_lasts_as_long_as_its_command():
    log = logging.getLogger("energynet")
    assert main(["train", "--hidden", "3", "--max-steps", "1", "--quiet", "--json"]) == 3
    assert log.isEnabledFor(logging.WARNING)


def test_exhausted_and_diverged_exit_statuses():
    assert run("train", "--hidden", 10, "--max-steps", 5, "--quiet").returncode == 3
    done = run("train", "--hidden", 10, "--learning-rate", 1e4, "--json", "--quiet")
    assert done.returncode == 4
    assert json.loads(done.stdout)["accuracy"] is None
    assert done.stderr == ""


def test_table_and_saved_network(tmp_path, capsys):
    path = tmp_path / "network.npz"
    arguments = "train --hidden 100 --rule fixed-units --fraction 0.5 --target-accuracy 0.8"
    assert main([*arguments.split(), "--save", str(path), "--quiet"]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    rows = dict(line.split("  ", 1) for line in shown.out.splitlines())
    assert rows["outcome"].strip() == "reached"
    assert rows["may change in a step"].strip() == "39,760 (50 %)"
    mnist = en.load_mnist()
    accuracy = np.mean(en.Network.load(path).predict(mnist.x_test) == mnist.y_test)
    assert rows["test accuracy"].strip() == f"{100 * accuracy:.2f} %"


def test_info_and_warm(monkeypatch, capsys):
    """Each kind of update with each dtype, for one thread and for several; nothing twice."""
    made = []
    monkeypatch.setattr(warm, "_load", lambda *what: made.append(what))
    monkeypatch.setattr(warm, "usable_cores", lambda: 4)
    assert main(["info", "--warm"]) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("energynet ")
    assert "compiled function" in shown.out
    updates = [(rule.counts(Shape(3, 4, 5)).update, *rest) for rule, *rest in made]
    loops = ("units", "mask", "random", "largest", "per_neuron", "custom")
    assert sorted(updates) == sorted(product(loops, DTYPES, (1, 2)))
    *lines, last = shown.err.splitlines()
    assert len(lines) == len(made)
    assert sum(line.startswith("energynet: largest, float64, one thread: ") for line in lines) == 1
    assert last.startswith("energynet: all kernels are compiled")


def test_info(capsys):
    assert main(["info"]) == 0
    shown = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert list(shown) == [
        *("energynet", "python", "packages", "processor", "threads", "cache", "data"),
    ]
    assert "numba" in shown["packages"]
    assert "61d8d505e928c7e7" in shown["data"]
    commit = provenance()["commit"] or "unknown"
    assert shown["energynet"].endswith(f"numerics version {NUMERICS_VERSION}, commit {commit}")


def test_version():
    assert run("--version").stdout.strip() == "0.1.0"


def test_a_network_that_cannot_be_saved_does_not_cost_the_result(idx_folder, monkeypatch, capsys):
    def full(*_):
        raise en.FileError("net.npz cannot be written: No space left on device")

    short = en.TrainingConfig(hidden=3, max_steps=1, test_every=1)
    en.train(short, en.load_idx(idx_folder), count_updates=True)  # compiled: nothing to announce
    monkeypatch.setattr(en.Network, "save", full)
    command = f"train --hidden 3 --data {idx_folder} --max-steps 4 --quiet --json"
    path = idx_folder / "run.npz"
    files = ["--checkpoint", str(path), "--save", str(idx_folder / "net.npz")]
    files += ["--count-updates", str(idx_folder / "counts.npz")]
    assert main([*command.split(), *files]) == 2
    shown = capsys.readouterr()
    result = json.loads(shown.out)
    assert result["steps"] == 4
    with np.load(idx_folder / "counts.npz") as counts:
        sums = [int(counts[layer].sum()) for layer in ("hidden", "output")]
    assert sums == result["m0_layers"]
    assert shown.err == "energynet: net.npz cannot be written: No space left on device\n"
    assert path.exists()


def test_data_in_a_file(tmp_path, capsys, monkeypatch):
    """Whatever takes --data takes a file of arrays; a grid can name it."""
    monkeypatch.chdir(tmp_path)
    digits().save("digits.npz")
    digits(seed=1).save("others")
    settings = "--hidden 3 --max-steps 4 --test-every 2 --quiet --json"
    assert main(f"train --data digits.npz {settings}".split()) == 3
    values = json.loads(capsys.readouterr().out)
    config = en.TrainingConfig.from_dict(values["config"])
    assert values["m1"] == en.train(config, digits()).energy.m1
    grid = "[[block]]\nhidden = 3\nmax_steps = 4\ntest_every = 2\n"
    (tmp_path / "grid.toml").write_text(f'data = "digits.npz"\n{grid}')
    sweep, status = "sweep grid.toml --store runs --workers 1", "status runs --grid grid.toml"
    assert main(f"{sweep} --quiet".split()) == 0
    assert main(f"{status}".split()) == 0
    assert main(f"{status} --data digits.npz".split()) == 0
    assert main(f"{status} --data others".split()) == 0
    shown = capsys.readouterr()
    expected = "1 exhausted" + 2 * " exhausted block 1 1" + " missing block 1 1"
    assert shown.out.split() == expected.split()
    assert shown.err.startswith("energynet: all runs in runs are of other data than 'others'")
    assert shown.err.count("\n") == 1
    for data, stored in (("", 1), ("--data digits.npz", 1), ("--data others", 0)):
        assert main(f"{sweep} --dry-run {data}".split()) == 0
        assert capsys.readouterr().out.startswith(f"1 run, {stored} stored, {1 - stored} to do: ab")
    assert main(["train", "--hidden", "3", "--data", "grid.toml"]) == 2
    message = "energynet: data must be mnist, a folder or an .npz file, got the file grid.toml\n"
    assert capsys.readouterr().err == message


def test_estimates_of_a_dry_run_are_those_of_the_data(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    digits().save("digits.npz")
    (tmp_path / "grid.toml").write_text("[[block]]\nhidden = 10_000\n")
    told = []
    for data in ("digits.npz", "mnist"):
        main(f"sweep grid.toml --store runs --dry-run --workers 1 --data {data}".split())
        number, unit = re.search("about (.*) (s|min|h) and", capsys.readouterr().out).groups()
        told.append(float(number) * {"s": 1, "min": 60, "h": 3600}[unit])
    assert told[0] < told[1] / 5


def test_odd_data_are_told_once(tmp_path):
    dataset = digits(classes=3)
    holes = {"y_train": dataset.y_train + 1, "y_test": dataset.y_test + 1}
    np.savez(tmp_path / "a.npz", x_train=dataset.x_train, x_test=dataset.x_test, **holes)
    blocks = "[[block]]\nhidden = [3, 4]\n[[block]]\nhidden = 5\n"
    (tmp_path / "g.toml").write_text(f"[defaults]\nmax_steps = 4\n{blocks}")
    sweep = "sweep g.toml --store runs --workers 2 --quiet --data a.npz"
    for command in (sweep, "status runs --grid g.toml --data a.npz"):
        done = run(*command.split(), cwd=tmp_path)
        assert done.returncode == 0
        assert done.stderr.startswith("energynet: the labels go up to 3, but no image has the lab")
        assert done.stderr.count("\n") == 1


def test_a_current_folder_that_was_removed(tmp_path, monkeypatch, capsys):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    for command in ("train --hidden 5", "status runs", "reproduce", "figures runs --out figures"):
        assert main(command.split()) == 2
        shown = capsys.readouterr().err
        assert shown.startswith("energynet: the current folder cannot be used")
        assert shown.count("\n") == 1
    assert main(["info"]) == 0
    for paths in ({"store": "runs"}, {"store": tmp_path / "runs", "data": "digits"}):
        with pytest.raises(en.FileError, match="the current folder cannot be used"):
            en.sweep([en.TrainingConfig(hidden=3)], **paths)


def test_the_surroundings_stay_as_they_were(monkeypatch):
    for backend in (None, "module://does_not_exist"):
        monkeypatch.delenv("MPLBACKEND", raising=False)
        if backend is not None:
            monkeypatch.setenv("MPLBACKEND", backend)
        streams = sys.stdin, sys.stdout, sys.stderr
        assert main(["info"]) == 0
        assert (sys.stdin, sys.stdout, sys.stderr) == streams
        assert os.environ.get("MPLBACKEND") == backend


def test_no_file_is_read_and_replaced(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    digits().save("digits.npz")
    before = Path("digits.npz").read_bytes()
    for flags, message in (
        (
            "--save ./digits.npz",
            "'save' and 'data' must be different files, got digits.npz for both",
        ),
        (
            "--checkpoint digits.npz",
            "'checkpoint' and 'data' must be different files, got digits.npz for both",
        ),
        (
            "--start a.npz --save a.npz",
            "'save' and 'start' must be different files, got a.npz for both",
        ),
        (
            "--save a.npz --checkpoint a.npz",
            "'save' and 'checkpoint' must be different files, got a.npz for both",
        ),
        (
            "--save a.npz --count-updates a.npz",
            "'count_updates' and 'save' must be different files, got a.npz for both",
        ),
    ):
        assert main(f"train --hidden 3 --data digits.npz {flags}".split()) == 2
        assert capsys.readouterr().err == f"energynet: {message}\n"
    assert Path("digits.npz").read_bytes() == before
