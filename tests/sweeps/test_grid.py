"""Grids: products of lists, order, TOML and its mistakes, estimates."""

import itertools

import numpy as np
import pandas as pd
import pytest
from custom_rules import AllKinds
from support import digits

import energynet as en
from energynet.sweeps.estimates import Load, expected_bytes, expected_seconds, load_of

GOOD = """
[defaults]
max_steps = 150000

[[block]]
hidden = [100, 300]
rule = ["all"]
seeds = 3

[[block]]
hidden = [100, 300]
rule = ["largest", "fixed-synapses"]
fraction = [0.1, 0.3]
seeds = [0, 7]
init_std = 0.03
"""


def test_toml(tmp_path):
    path = tmp_path / "grid.toml"
    path.write_text(GOOD)
    grid = en.Grid.from_toml(path)
    expected = {
        en.TrainingConfig(hidden=hidden, seed=seed, max_steps=150_000)
        for hidden, seed in itertools.product((100, 300), range(3))
    } | {
        en.TrainingConfig(
            hidden=hidden,
            rule=en.rule_from_name(rule, fraction=fraction),
            seed=seed,
            init_std=0.03,
            max_steps=150_000,
        )
        for hidden, rule, fraction, seed in itertools.product(
            (100, 300), ("largest", "fixed-synapses"), (0.1, 0.3), (0, 7)
        )
    }
    assert set(grid) == expected
    assert len(grid) == len(expected) == 22
    again = tmp_path / "again.toml"
    grid.to_toml(again)
    assert en.Grid.from_toml(again).configs == grid.configs


def test_margins_and_holds(tmp_path):
    path = tmp_path / "grid.toml"
    path.write_text('[[block]]\nhidden = 5\nmargin = ["none", 0, 0.5]\nhold = [1, 3]\n')
    grid = en.Grid.from_toml(path)
    assert {(config.margin, config.hold) for config in grid} == {
        *itertools.product((None, 0.0, 0.5), (1, 3))
    }
    assert en.Grid(hidden=5, margin=[None, 0, 0.5], hold=[1, 3]).configs == grid.configs
    grid.to_toml(path)
    assert en.Grid.from_toml(path).configs == grid.configs
    path.write_text("[[block]]\nhidden = 5\nhold = 3\nmax_steps = [100, 9000]\n")
    with pytest.raises(en.ConfigError, match="toml: block 1: hold must be at most 1, the number"):
        en.Grid.from_toml(path)


def test_duplicates_collapse_and_the_longest_comes_first():
    one = en.Grid(hidden=[10, 1000, 100], seeds=2)
    both = one + en.Grid(hidden=[100], rule=["all"], seeds=[1, 0, 5])
    assert len(both) == 7
    sizes = [config.hidden for config in both]
    assert sizes == sorted(sizes, reverse=True)
    assert list(both) == list(en.Grid(hidden=[100], seeds=[5, 1, 0]) + one)


def test_rules_as_objects():
    within = en.LargestUpdates(0.1, within=en.FixedMask(0.5, over="units"))
    grid = en.Grid(hidden=30, rule=[within, en.AllSynapses()], alpha=[0.5, 0.2])
    assert {config.rule for config in grid} == {within, en.AllSynapses()}
    assert {config.alpha for config in grid} == {(0.2, 0.5)}


def test_numpy_values_count_as_plain_ones():
    given = {"hidden": np.int64(5), "fraction": np.float64(0.5), "seeds": np.arange(2)}
    assert en.Grid(rule="random", **given) == en.Grid(
        hidden=5, fraction=[0.5], seeds=[0, 1], rule="random"
    )
    assert en.Grid(hidden=np.array([5, 6])) == en.Grid(hidden=[5, 6])


def test_every_field_comes_back_from_toml(tmp_path):
    grid = en.Grid(
        hidden=[3, 4],
        rule="largest-per-layer",
        fraction=[1e-5, 1 / 3],
        output_fraction=["balanced", 0.3],
        within_units=0.5,
        seeds=[2**63 - 1],
        activation=["relu", "tanh"],
        output="softmax",
        learning_rate=["auto", 0.02],
        init_std=0.0,
        center=[True, False],
        sample_order="permutation",
        target_accuracy=0.9,
        test_every=7,
        max_steps=2**62,
        dtype="float64",
        alpha=[1 / 3, 0.5],
    )
    assert len(grid) == 2 * 2 * 2 * 2 * 2 * 2
    grid.to_toml(tmp_path / "all.toml")
    assert en.Grid.from_toml(tmp_path / "all.toml") == grid


MISTAKES = [
    ("[[block]\nhidden = 1", "is not valid TOML"),
    ("[defaults]\nhidden = 1", "there must be at least one"),
    ("[block]\nhidden = 1", r"write \[\[block\]\], not \[block\]"),
    ("[[blocks]]\nhidden = 1", "unknown table or key 'blocks'.*; did you mean 'block'"),
    ("[defaults]\nsize = 3\n[[block]]\nhidden = 1", r"\[defaults\]: unknown field 'size'"),
    ("[[block]]\nhidden = 1\n[[block]]\nhiden = 1", "block 2: unknown field 'hiden'"),
    ("[[block]]\nrule = 'all'", "block 1: hidden must be given"),
    ("[[block]]\nhidden = []", "block 1: hidden must have at least one value"),
    ("[[block]]\nhidden = ['ten']", "block 1: hidden must be an integer .* got 'ten'"),
    ("[[block]]\nhidden = 1\nseed = 3", "block 1: 'seed' is not a field of a grid: use 'seeds'"),
    ("[[block]]\nhidden = 1\nseeds = 0", "block 1: seeds must be an integer"),
    ("[[block]]\nhidden = 1\nrule = 'largst'", "block 1: rule must be one of .* got 'largst'"),
    ("[[block]]\nhidden = 1\nfraction = 0.5", "block 1: fraction must be left out for rule all"),
    ("[[block]]\nhidden = 1\nrule = 'largest'", "block 1: fraction must be given"),
    (
        "[[block]]\nhidden = 1\nrule = 'largest'\nfraction = 2",
        r"block 1: fraction must be .* got 2",
    ),
    ("[[block]]\nhidden = 1\nalpha = [2]", "block 1: alpha must be .* got 2"),
    ("[[block]]\nhidden = 1\ncenter = 'yes'", "block 1: center must be True or False"),
    ("[[block]]\nhidden = [[3]]", r"block 1: hidden must be an integer .* got \[3\]"),
    ("[[block]]\nhidden = 1\nalpha = [[0.5, 0.1]]", r"block 1: alpha must be .* got \[0.5, 0.1\]"),
    ("[[block]]\nhidden = 1\nrule = 5", "block 1: rule must be a name .* got 5"),
    (
        "[[block]]\nhidden = 1\nrule = ['all', 'fixed-units']\nfraction = 0.1\nwithin_units = 0.5",
        "block 1: within_units must be left out for rule all, got 0.5",
    ),
    ("data = 3\n[[block]]\nhidden = 1", "data must be a path, got 3"),
    ("[[block]]\nhidden = 1\ndata = 'a'", "block 1: data is not a field of a block: put data"),
    (
        "[defaults]\nmax_steps = 'x'\n[[block]]\nhidden = 1",
        r"\[defaults\]: max_steps must be .* got 'x'",
    ),
]


@pytest.mark.parametrize(("text", "message"), MISTAKES)
def test_mistakes_get_one_sentence(tmp_path, text, message):
    path = tmp_path / "grid.toml"
    path.write_text(text)
    with pytest.raises(en.ConfigError, match=message) as caught:
        en.Grid.from_toml(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_slip_does_not_fill_the_memory():
    with pytest.raises(en.ConfigError, match="at most 1,000,000 runs, got"):
        en.Grid(hidden=list(range(1, 10_000)), seeds=10_000)


def test_missing_file(tmp_path):
    with pytest.raises(en.FileError, match=r"none.toml cannot be read: No such file"):
        en.Grid.from_toml(tmp_path / "none.toml")


def test_estimates_grow_with_the_network():
    sizes = [en.TrainingConfig(hidden=hidden) for hidden in (100, 1000, 10_000, 100_000)]
    for estimate in (expected_seconds, expected_bytes):
        values = [estimate(config) for config in sizes]
        assert values == sorted(values)
    assert expected_bytes(sizes[-1]) > 4 * 785 * 100_000


def test_estimates_are_those_of_the_data():
    config = en.TrainingConfig(hidden=1000, rule=en.RandomSubset(0.1))
    mnist, larger = Load(), Load(n_in=7840, classes=100, tests=50_000, size=10**9)
    for estimate in (expected_seconds, expected_bytes):
        assert estimate(config) == estimate(config, mnist)
        assert 3 * estimate(config) < estimate(config, larger) < 50 * estimate(config)
        assert estimate(config, Load(n_in=64, tests=100, size=10**6)) < estimate(config)
    assert load_of(digits()) == Load(n_in=40, classes=4, tests=30, size=90 * 40)
    assert load_of(digits(dtype="float32")).size == 2 * 4 * 90 * 40


def test_a_run_beyond_the_criterion_is_taken_to_need_all_its_steps():
    config = en.TrainingConfig(hidden=100, max_steps=600_000)
    longer = en.TrainingConfig(hidden=100, max_steps=600_000, target_accuracy=1.0)
    assert expected_seconds(longer) == pytest.approx(10 * expected_seconds(config))


def test_the_load_of_mnist_is_the_default(mnist):
    assert load_of(mnist) == Load()


def test_a_byte_order_mark(tmp_path):
    """Notepad and PowerShell begin files with one."""
    path = tmp_path / "grid.toml"
    path.write_text(GOOD, encoding="utf-8-sig")
    assert len(en.Grid.from_toml(path)) == 22


FEWER = [
    ({"rule": ["all", "largest"], "fraction": [0.1, 0.3]}, ["all", 0.1, 0.3]),
    ({"rule": ["largest", "all"], "fraction": 0.1, "within_units": 0.5}, ["all", 0.1]),
    ({"rule": ["all", "all"], "seeds": [0, 0]}, ["all"]),
    ({"rule": ["largest"], "fraction": [0.1, 0.1]}, [0.1]),
    ({"rule": ["all", en.LargestUpdates(0.2), "random"], "fraction": [0.3]}, ["all", 0.2, 0.3]),
]


@pytest.mark.parametrize(("values", "expected"), FEWER)
def test_fields_are_left_out_for_rules_that_do_not_take_them(tmp_path, values, expected):
    grid = en.Grid(hidden=[3, 4], **values)
    for size in (3, 4):
        rules = [config.rule for config in grid if config.hidden == size]
        found = [getattr(rule, "fraction", rule.name) for rule in rules]
        assert sorted(found, key=str) == sorted(expected, key=str)
    blocks = [config for block in grid.apart() for config in block]
    assert len(blocks) == len(set(blocks)) == len(grid)
    grid.to_toml(tmp_path / "grid.toml")
    assert en.Grid.from_toml(tmp_path / "grid.toml") == grid


def test_each_rule_takes_its_own_fields():
    names = ["fixed-units", "largest-per-layer", "custom_rules:AllKinds"]
    given = {"fraction": [0.1, 0.3], "output_fraction": 1, "params": {"whole": [1, 2]}}
    assert {config.rule for config in en.Grid(hidden=3, rule=names, **given)} == {
        *(en.FixedMask(fraction, "units", 1) for fraction in (0.1, 0.3)),
        *(en.LargestUpdates(fraction, "layer", 1) for fraction in (0.1, 0.3)),
        *(AllKinds(whole=whole) for whole in (1, 2)),
    }
    with pytest.raises(en.ConfigError, match="other must be left out for rule fixed-units"):
        en.Grid(hidden=3, rule=names[:2], fraction=0.1, params={"other": 0.5})
    with pytest.raises(
        en.ConfigError, match="'fraction' must be left out if all rules are objects"
    ):
        en.Grid(hidden=3, rule=en.AllSynapses(), fraction=0.1)


def test_masks_are_read_from_the_folder_of_the_grid(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "study").mkdir()
    masks = [en.GivenMask(np.ones((6, 3), bool), np.full((4, 2), flag)) for flag in (True, False)]
    for name, mask in zip("ab", masks, strict=True):
        mask.save(tmp_path / "study" / f"{name}.npz")
    path = tmp_path / "study" / "grid.toml"
    path.write_text(
        '[[block]]\nhidden = 3\nrule = ["all", "fixed-given"]\nmask = ["a.npz", "b.npz"]\n'
    )
    grid = en.Grid.from_toml(path)
    assert {config.rule for config in grid} == {en.AllSynapses(), *masks}
    assert en.Grid(hidden=3, rule="fixed-given", mask="study/a.npz").configs[0].rule == masks[0]
    grid.to_toml("other.toml")
    assert en.Grid.from_toml("other.toml") == grid
    (tmp_path / "study" / "a.npz").unlink()
    assert len(grid.configs) == 3  # each file was read once
    with pytest.raises(en.FileError, match=r"study/a.npz cannot be read"):
        en.Grid.from_toml(path)
    with pytest.raises(en.ConfigError, match="only if each 'mask' is the path of a file"):
        en.Grid(hidden=3, rule=masks[0]).toml()
    path.write_text('[[block]]\nhidden = 3\nrule = "fixed-given"\nmask = 3\n')
    with pytest.raises(en.ConfigError, match=f"{path}: block 1: mask must be a path, got 3"):
        en.Grid.from_toml(path)


def test_a_slip_with_fractions_does_not_fill_the_memory():
    many = np.linspace(0.1, 1, 10_000)
    with pytest.raises(en.ConfigError, match="at most 1,000,000 runs, got 100,000,001"):
        en.Grid(hidden=3, rule=["all", "largest-per-layer"], fraction=many, output_fraction=many)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_short_floats_are_the_decimals_that_they_stand_for(dtype):
    plain = {"learning_rate": 0.001, "init_std": 0.03, "target_accuracy": 0.9, "alpha": (0.1, 0.3)}
    rule = en.LargestUpdates(0.05, within=en.FixedMask(0.4, over="units"))
    config = en.TrainingConfig(hidden=3, rule=rule, **plain)
    short = {name: dtype(value) for name, value in plain.items() if name != "alpha"}
    for alpha in (np.array([0.1, 0.3], dtype), pd.Series([0.1, 0.3], dtype=np.float32)):
        same = en.LargestUpdates(dtype(0.05), within=en.FixedMask(dtype(0.4), over="units"))
        assert en.TrainingConfig(hidden=3, rule=same, alpha=alpha, **short) == config
        axes = {name: np.array([value], dtype) for name, value in short.items()}
        axes |= {"fraction": pd.Series([0.05], dtype=np.float32), "within_units": [dtype(0.4)]}
        assert en.Grid(hidden=3, rule="largest", alpha=alpha, **axes).configs == (config,)
    assert AllKinds(whole=1, number=dtype(0.1)) == AllKinds(whole=1, number=0.1)


def test_data_of_a_grid(tmp_path, monkeypatch):
    path = tmp_path / "study" / "grid.toml"
    path.parent.mkdir()
    monkeypatch.chdir(tmp_path)
    expected = {
        "digits.npz": str(tmp_path / "study" / "digits.npz"),
        "../digits": str(tmp_path / "digits"),
        str(tmp_path): str(tmp_path),
        "mnist": "mnist",
    }
    for name, data in expected.items():
        path.write_text(f"data = '{name}'\n{GOOD}")
        grid = en.Grid.from_toml("study/grid.toml")
        assert grid.data == data
        grid.to_toml(tmp_path / "again.toml")
        assert en.Grid.from_toml(tmp_path / "again.toml") == grid
        more = en.Grid(hidden=5)
        assert (grid + more).data == (more + grid).data == data
    other = en.Grid.from_blocks(grid.blocks, str(tmp_path))
    with pytest.raises(en.ConfigError, match="grids must be of the same data to be joined, got"):
        grid + other
