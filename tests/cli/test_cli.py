"""The command line as its users meet it: real processes, exit statuses, JSON, sentences."""

import io
import json
import logging
import os
import random
import re
import shlex
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from support import PYTHON, digits

import energynet as en
from energynet.cli.main import main
from energynet.config import DTYPES, SETTINGS
from energynet.rules.base import Shape
from energynet.rules.names import RULES
from energynet.support.signals import ENDING
from energynet.training import warm

ENERGYNET = [*PYTHON, "-m", "energynet"]


def run(*arguments, **options):
    command = [*ENERGYNET, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


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
    assert set(values["seconds"]) == {"train", "evaluate", "total"}
    config = en.TrainingConfig.from_dict(values["config"])
    assert values["config_hash"] == config.hash
    result = en.train(config, en.load_mnist())
    assert result.to_dict() | {"seconds": 0} == values | {"seconds": 0}


def test_quiet_lasts_as_long_as_its_command():
    log = logging.getLogger("energynet")
    assert main(["train", "--hidden", "3", "--max-steps", "1", "--quiet", "--json"]) == 3
    assert log.isEnabledFor(logging.WARNING)


def test_every_field_of_a_config_has_a_flag():
    shown = run("train", "--help").stdout
    for name in SETTINGS:
        flag = name.replace("_", "-")
        assert f"--{'no-' * (name == 'center')}{flag} " in shown


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


def test_every_flag_reaches_the_config(idx_folder, monkeypatch):
    """Each flag gets another value than its default; the config must hold them all."""
    seen = {}

    def stop(config, dataset, **options):
        seen.update(config=config, dataset=dataset, **options)
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules["energynet.training.loop"], "train", stop)
    network = en.Network(np.ones((3, 2)), np.ones((3, 2)), mean=0.0)
    network.save(idx_folder / "start.npz")
    arguments = (
        "train --hidden 12 --rule largest-per-layer --fraction 0.25 --output-fraction balanced"
        " --within-units 0.5 --activation tanh --output softmax"
        " --seed 7 --learning-rate 0.02 --init-std 0.03 --no-center --sample-order permutation"
        " --margin 0.1 --target-accuracy 0.9 --hold 2 --test-every 10 --max-steps 20"
        " --dtype float64 --alpha 0.5 0.25"
        f" --threads 2 --data {idx_folder} --checkpoint {idx_folder / 'run.npz'} --quiet"
        f" --start {idx_folder / 'start.npz'}"
    )
    assert main(arguments.split()) == 130
    config = seen["config"]
    assert config == en.TrainingConfig(
        hidden=12,
        rule=en.LargestUpdates(
            0.25,
            scope="layer",
            output_fraction="balanced",
            within=en.FixedMask(0.5, over="units"),
        ),
        activation="tanh",
        output="softmax",
        seed=7,
        learning_rate=0.02,
        init_std=0.03,
        center=False,
        sample_order="permutation",
        margin=0.1,
        target_accuracy=0.9,
        hold=2,
        test_every=10,
        max_steps=20,
        dtype="float64",
        alpha=(0.25, 0.5),
    )
    default = en.TrainingConfig(hidden=1)
    for field in fields(config):
        if field.name != "start":  # `train` sets it
            assert getattr(config, field.name) != getattr(default, field.name)
    np.testing.assert_array_equal(seen["start"].w1, network.w1)
    assert seen["threads"] == 2
    assert seen["dataset"].classes == 3
    assert seen["checkpoint"] == idx_folder / "run.npz"


def test_settings_of_reproduce_reach_all_runs(idx_folder, monkeypatch, tmp_path):
    seen = []

    def stop(presets, *_):
        seen.extend(presets)
        raise KeyboardInterrupt

    monkeypatch.setattr("energynet.studies.stages.run.reproduce", stop)
    flags = f"--target-accuracy 0.85 --test-every 500 --data {idx_folder} --out {tmp_path / 'out'}"
    assert main(["reproduce", *flags.split()]) == 130
    for variant in seen[0].variants():
        config = en.TrainingConfig(hidden=1, **variant)
        assert (config.target_accuracy, config.test_every) == (0.85, 500)


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


TRAIN = "train --hidden 10 "
BAD = [
    ("", "required: COMMAND"),
    ("learn", "invalid choice: 'learn'"),
    ("train", "required: --hidden"),
    ("train --hidden ten", r"hidden must be an integer in [1, 2147483646], got 'ten'"),
    ("train --hidden 0", "hidden must be an integer in [1, 2147483646], got 0"),
    (TRAIN + "--colour red", "unrecognized arguments: --colour red"),
    (TRAIN + "--rule best", "rule must be one of all, readout, fixed-synapses"),
    (TRAIN + "--rule largest", "fraction must be given for rule largest: a number in (0, 1]"),
    (TRAIN + "--fraction 0.5", "fraction must be left out for rule all, got 0.5"),
    (TRAIN + "--rule largest --fraction 1.5", "fraction must be a number in (0, 1], got 1.5"),
    (TRAIN + "--rule largest --fraction nan", "fraction must be a number in (0, 1], got nan"),
    (
        TRAIN + "--rule fixed-units --fraction 0.1 --output-fraction 0.2",
        "output_fraction must be 1, or left out, for rule fixed-units, got 0.2",
    ),
    (
        TRAIN + "--rule fixed-synapses --fraction 0.1 --output-fraction some",
        "output_fraction must be a number in (0, 1] or 'balanced', got 'some'",
    ),
    (TRAIN + "--rule fixed-given", "mask must be given for rule fixed-given: the path of an .npz"),
    (TRAIN + "--rule fixed-given --mask nowhere.npz", "nowhere.npz cannot be read: No such file"),
    (TRAIN + "--rule readout --mask mask.npz", "mask must be left out for rule readout, got "),
    (TRAIN + "--seed -1", "seed must be an integer in [0, 9223372036854775807], got -1"),
    (
        TRAIN + "--learning-rate 0",
        "learning_rate must be a finite number above 0 or 'auto', got 0",
    ),
    (TRAIN + "--init-std=-1", "init_std must be a finite number, 0 or above, got -1"),
    (TRAIN + "--target-accuracy 95", "target_accuracy must be a number in (0, 1], got 95"),
    (TRAIN + "--test-every 0", "test_every must be an integer in [1, "),
    (TRAIN + "--max-steps 1.5", "max_steps must be an integer in [1, "),
    (TRAIN + "--dtype float16", "dtype must be one of float32, float64, got 'float16'"),
    (TRAIN + "--sample-order random", "sample_order must be one of uniform, permutation"),
    (TRAIN + "--alpha 0.5 0", "alpha must be a number in (0, 1], got 0"),
    (TRAIN + "--threads 0", "threads must be an integer in [1, 65536], got 0"),
    (TRAIN + "--data nowhere", "data nowhere does not exist: give mnist, a folder or an .npz file"),
    (TRAIN + "--data EMPTY", "holds no train-images-idx3-ubyte (plain, .gz or .xz)"),
    (TRAIN + "--save nowhere/file.npz", "save nowhere/file.npz cannot be written"),
    (TRAIN + "--save EMPTY", "save must be a file, but"),
    (TRAIN + "--save EMPTY/run --checkpoint EMPTY/../empty/run", "save must be another file than"),
    (
        TRAIN + "--count-updates nowhere/file.npz",
        "count_updates nowhere/file.npz cannot be written",
    ),
    (TRAIN + "--count-updates n.npz --max-steps 4294967296", "max_steps must be below 2^32 with"),
    (TRAIN + "--checkpoint nowhere/run", "checkpoint nowhere/run cannot be written"),
    (TRAIN + "--checkpoint TEXT", "is not a checkpoint of energynet"),
    (TRAIN + "--data TEXT", "data must be mnist, a folder or an .npz file, got the file"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD)
def test_bad_usage(arguments, message, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text").write_text("no checkpoint")
    arguments = arguments.replace("EMPTY", str(tmp_path / "empty"))
    arguments = arguments.replace("TEXT", str(tmp_path / "text"))
    try:
        status = main(arguments.split())
    except SystemExit as stop:
        status = stop.code
    shown = capsys.readouterr()
    assert status == 2
    assert shown.out == ""
    assert message in shown.err
    assert shown.err.startswith("energynet: ")
    assert shown.err.count("\n") == 1


def test_help_names_every_flag_rule_and_default():
    done = run("train", "--help")
    assert done.returncode == 0
    shown = " ".join(done.stdout.split())
    for name in RULES:
        assert name in shown
    for flag in [
        *("rule", "fraction", "output-fraction", "seed", "data", "threads", "dtype"),
        "learning-rate",
    ]:
        assert f"--{flag}" in shown
    for default in ("0.01", "0.95", "2000", "300000", "float32"):
        assert f"(default: {default})" in shown
    assert "examples:" in shown
    assert "exit status:" in shown


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("reproduce", ["quick the study in small", "published the setting"]),
        ("status", ["interrupted (the same sweep resumes them)", "that the grid names, or mnist)"]),
        ("sweep", ["the grid, as below", "tcp://HOST:"]),
        ("import", [".parquet or .sqlite"]),
        ("export", ["NAME_history.csv"]),
        ("claims", [".sqlite)"]),
        ("figures", [".sqlite)", "captions.md"]),
        ("report", [".sqlite)"]),
    ],
)
def test_help_is_enough_to_work_from(command, words, capsys):
    with pytest.raises(SystemExit):
        main([command, "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert not [word for word in words if word not in shown]


def test_info(capsys):
    assert main(["info"]) == 0
    shown = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert list(shown) == [
        *("energynet", "python", "packages", "processor", "threads", "cache", "data"),
    ]
    assert "numba" in shown["packages"]
    assert "61d8d505e928c7e7" in shown["data"]


def test_version():
    assert run("--version").stdout.strip() == "0.1.0"


LONG = "train --hidden 60 --max-steps 60000 --target-accuracy 1 --test-every 500 --json"


def started(arguments, program=ENERGYNET):
    command = [*program, *arguments.split()]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(path, changes):
    """Until the file was written that many times."""
    seen = set()
    while len(seen) < changes:
        if path.exists():
            seen.add(path.stat().st_mtime_ns)
        time.sleep(0.01)


def test_killed_runs_go_on_to_the_same_json(tmp_path):
    """Killed at random moments, by signals that save and by one that cannot."""
    command = f"{LONG} --max-steps 150000"
    whole = run(*command.split())
    path, chance = tmp_path / "run.npz", random.Random(3)
    for sent in (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL):
        process = started(f"{command} --checkpoint {path}")
        wait_for(path, 2)
        time.sleep(chance.uniform(0, 0.2))
        process.send_signal(sent)
        process.communicate(timeout=60)
        ended = -sent if sent == signal.SIGKILL else 130
        assert process.returncode in (ended, 3)  # 3: it was quicker
    last = run(*command.split(), "--checkpoint", path)
    assert last.returncode == whole.returncode == 3
    parts, undisturbed = (json.loads(done.stdout) for done in (last, whole))
    assert parts.pop("seconds") != undisturbed.pop("seconds")
    assert parts == undisturbed


def test_a_reader_that_has_seen_enough():
    """As `head` has in `energynet info | head -1`."""
    reader, writer = os.pipe()
    os.close(reader)
    shown = subprocess.run(
        [*ENERGYNET, "info"], stdout=writer, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writer)
    assert (shown.returncode, shown.stderr) == (141, "")


ENDLESS = f"{LONG} --max-steps 100000000"
TALKATIVE = """
from energynet.training import progress
progress._EVERY = 0.0
from energynet.cli.main import main
raise SystemExit(main())
"""


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_that_ask_for_the_end_save(tmp_path, sent):
    """Between two tests, so that the state is new; and twice, as of a terminal that closes."""
    path = tmp_path / "run.npz"
    command = f"{ENDLESS} --test-every 100000000 --checkpoint {path}"
    process = started(command, [*PYTHON, "-c", TALKATIVE])
    while " steps, not tested yet" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(sent)
    if sent != signal.SIGINT:
        process.send_signal(sent)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == ""
    assert err.endswith("energynet: interrupted; the same command resumes from the checkpoint\n")
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == [path]
    with np.load(path) as stored:
        assert stored["clock"][0] > 0


def test_what_nohup_started_outlives_its_terminal(tmp_path):
    path = tmp_path / "run.npz"
    process = started(f"{ENDLESS} --checkpoint {path}", ["nohup", *ENERGYNET])
    wait_for(path, 2)
    process.send_signal(signal.SIGHUP)
    wait_for(path, 3)
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 130


def test_handlers_are_put_back(monkeypatch, capsys):
    def ended(_):
        signal.raise_signal(signal.SIGTERM)

    before = [signal.getsignal(number) for number in ENDING]
    monkeypatch.setattr("energynet.cli.main._info", ended)
    assert main(["info"]) == 130
    assert capsys.readouterr().err == "energynet: interrupted\n"
    assert [signal.getsignal(number) for number in ENDING] == before


def test_other_threads_handle_no_signals():
    with ThreadPoolExecutor(1) as executor:
        assert executor.submit(main, ["info"]).result() == 0


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


def test_lines_of_progress_off_a_terminal(monkeypatch, capsys):
    from energynet.training.loop import Progress
    from energynet.training.progress import Reporter

    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    lines = Reporter(sys.stderr)
    for step, now in ((0, 0.0), (100, 4.0), (200, 11.0), (300, 15.0), (400, 22.0)):  # noqa: B007
        lines(Progress(step, 1000, 0.9 if step > 250 else None, 12345, 6.5))
    lines.close()
    assert capsys.readouterr().err.splitlines() == [
        "200 of at most 1,000 steps, not tested yet, M0 1.23e+04, M1 6.5, at most 44 s left",
        "400 of at most 1,000 steps, accuracy 0.9000, M0 1.23e+04, M1 6.5, at most 33 s left",
    ]


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="this system has no pseudo-terminals")
@pytest.mark.parametrize("size", [(24, 120), (0, 0)])
def test_bar_on_a_terminal(size):
    """Also on one that does not know its size, as of `docker run -t` and `script`."""
    import fcntl
    import struct
    import termios

    leader, follower = os.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
    command = [*ENERGYNET, *LONG.split(), "--max-steps", "4000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=follower) as process:
        os.close(follower)
        shown = b""
        while True:
            try:
                block = os.read(leader, 4096)
            except OSError:
                break
            if not block:
                break
            shown += block
        out = process.stdout.read()
    os.close(leader)
    assert json.loads(out)["steps"] == 4000
    assert b"4,000/4,000 steps" in shown
    assert b"accuracy 0." in shown
    assert b"M0 " in shown


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
        told.append(float(re.search("about (.*) min", capsys.readouterr().out)[1]))
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


SHORT = "train --hidden 10 --max-steps 20 --test-every 10"


def in_shell(arguments, redirected, at, **environment):
    """A command whose streams a shell sets up."""
    line = f"{shlex.join(ENERGYNET)} {arguments} {redirected}"
    return subprocess.run(
        ["sh", "-c", line],
        capture_output=True,
        text=True,
        check=False,
        cwd=at,
        env=os.environ | environment,
    )


needs_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell of POSIX")
@pytest.mark.parametrize(
    ("streams", "printed"), [(">&-", False), ("2>&-", True), ("<&- >&- 2>&-", False)]
)
def test_streams_that_are_missing(streams, printed, tmp_path):
    done = in_shell(f"{SHORT} --save saved.npz", streams, tmp_path)
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert ("outcome" in done.stdout) == printed
    assert (tmp_path / "saved.npz").exists()


@needs_full
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", [f"{SHORT} --save saved.npz", "train --help"])
def test_a_result_that_cannot_be_printed(arguments, unbuffered, tmp_path):
    done = in_shell(arguments, ">/dev/full", tmp_path, PYTHONUNBUFFERED=unbuffered)
    assert done.returncode == 2
    *_, last = done.stderr.splitlines()  # after a notice, if the kernels were compiled
    assert last == "energynet: stdout cannot be written: No space left on device"
    assert "Traceback" not in done.stderr
    assert (tmp_path / "saved.npz").exists() == ("saved" in arguments)


@needs_full
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_progress_that_cannot_be_written(unbuffered, tmp_path):
    (tmp_path / "grid.toml").write_text("[[block]]\nhidden = [5, 6]\nmax_steps = 20\n")
    sweep = "sweep grid.toml --store runs --workers 1"
    done = in_shell(sweep, "2>/dev/full", tmp_path, PYTHONUNBUFFERED=unbuffered)
    assert (done.returncode, done.stdout) == (0, "2 exhausted\n")
    done = in_shell("train", "2>/dev/full", tmp_path, PYTHONUNBUFFERED=unbuffered)
    assert (done.returncode, done.stdout) == (2, "")


class Broken:
    """A stream that can do nothing."""

    def write(self, text):
        raise RuntimeError("no")


def closed():
    stream = io.StringIO()
    stream.close()
    return stream


@pytest.mark.parametrize("stream", [None, closed(), Broken(), object()])
def test_progress_never_ends_the_work(stream, monkeypatch):
    from energynet.support.ticker import Ticker
    from energynet.sweeps.progress import SweepProgress
    from energynet.training.loop import Progress
    from energynet.training.progress import Reporter, reporter

    monkeypatch.setattr("energynet.training.progress._EVERY", 0.0)
    monkeypatch.setattr(sys, "stderr", stream)
    lines = reporter(quiet=False)
    if stream is None:
        assert lines is None
    else:
        assert isinstance(lines, Reporter)
        for step in (1, 2):
            lines(Progress(step, 3, None, 0, 0.0))
        lines.close()
        ticker = Ticker(stream, 0.0, total=3)
        monkeypatch.setattr(ticker.stream, "isatty", lambda: True)
        ticker.show(1, "words", "line")
        ticker.tell("more")
        ticker.close()
    shown = SweepProgress({"one": en.TrainingConfig(hidden=3)}, 0, 1, stream)
    shown.start()
    shown.tick(1)
    shown.close()


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


def test_figures_need_no_screen_and_no_backend_of_a_notebook(tmp_path):
    """A kernel hands its MPLBACKEND to the commands of its cells."""
    en.sweep(
        [en.TrainingConfig(hidden=5, max_steps=20, seed=seed) for seed in (0, 1)],
        tmp_path / "runs",
        workers=1,
        progress=False,
    )
    for command in ("figures runs --out figures", "report runs --out report.html"):
        done = in_shell(command, "", tmp_path, MPLBACKEND="does_not_exist")
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "report.html").exists()


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
        ("--save ./digits.npz", "save must be another file than data, got digits.npz"),
        ("--checkpoint digits.npz", "checkpoint must be another file than data, got digits.npz"),
        ("--start a.npz --save a.npz", "save must be another file than start, got a.npz"),
        ("--save a.npz --checkpoint a.npz", "save must be another file than checkpoint, got a.npz"),
        (
            "--save a.npz --count-updates a.npz",
            "count_updates must be another file than save, got a.npz",
        ),
    ):
        assert main(f"train --hidden 3 --data digits.npz {flags}".split()) == 2
        assert capsys.readouterr().err == f"energynet: {message}\n"
    assert Path("digits.npz").read_bytes() == before


def test_json_is_alone_on_stdout_also_if_a_rule_prints(tmp_path):
    rule = "import energynet as en\n\n\nclass Prints(en.PlasticityRule):\n"
    rule += "    def select(self, step):\n        print('hello')\n        return True, True\n"
    (tmp_path / "talks.py").write_text(rule)
    short = "--hidden 3 --max-steps 2 --test-every 1 --json --rule talks:Prints"
    done = run("train", *short.split(), cwd=tmp_path)
    assert json.loads(done.stdout)["steps"] == 2
    assert done.stderr.count("hello") == 2
