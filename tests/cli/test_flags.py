"""Flags of the commands: each field of a config has one, bad values are refused, help names all."""

import sys
from dataclasses import fields

import numpy as np
import pytest
from commands import run

import energynet as en
from energynet.cli.main import main
from energynet.config import SETTINGS
from energynet.rules.names import RULES


def test_every_field_of_a_config_has_a_flag():
    shown = run("train", "--help").stdout
    for name in SETTINGS:
        flag = name.replace("_", "-")
        assert f"--{'no-' * (name == 'center')}{flag} " in shown


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
    (
        TRAIN + "--data nowhere",
        "data 'nowhere' does not exist: use mnist, a folder or an .npz file",
    ),
    (TRAIN + "--data EMPTY", "holds no train-images-idx3-ubyte (plain, .gz or .xz)"),
    (TRAIN + "--save nowhere/file.npz", "save nowhere/file.npz cannot be written"),
    (TRAIN + "--save EMPTY", "save must be a file, but"),
    (TRAIN + "--save EMPTY/run --checkpoint EMPTY/../empty/run", "'save' and 'checkpoint' must be"),
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
    "command",
    [
        *("train", "sweep", "status", "export", "import", "info"),
        *("claims", "figures", "report", "reproduce"),
    ],
)
def test_help_fits_a_terminal_of_80_columns(command, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit):
        main([command, "--help"])
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


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
