"""Grids: products of lists, order, TOML and its mistakes, estimates."""

import itertools

import numpy as np
import pytest

import energynet as en
from energynet.sweeps.cost import expected_bytes, expected_seconds

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
    ("[[blocks]]\nhidden = 1", "unknown table or key 'blocks'"),
    ("[defaults]\nsize = 3\n[[block]]\nhidden = 1", r"\[defaults\]: unknown field 'size'"),
    ("[[block]]\nhidden = 1\n[[block]]\nhiden = 1", "block 2: unknown field 'hiden'"),
    ("[[block]]\nrule = 'all'", "block 1: hidden must be given"),
    ("[[block]]\nhidden = []", "block 1: hidden must have at least one value"),
    ("[[block]]\nhidden = ['ten']", "block 1: hidden must be an integer .* got 'ten'"),
    ("[[block]]\nhidden = 1\nseed = 3", "block 1: seed is not a field: use seeds"),
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
