"""Configs and rules: exact counts, one sentence for each bad value, a stable hash."""

import math
import pickle

import numpy as np
import pytest
from custom_rules import AllKinds
from hypothesis import given
from hypothesis import strategies as st
from naive import k_of

import energynet as en
from energynet.rules.base import Shape, count
from energynet.rules.names import RULES, parameters_taken
from energynet.training.run import loop_of

SHAPE = Shape(n_in=784, hidden=1000, n_out=10)
N1, N2 = 785_000, 10_010


@given(st.floats(1e-12, 1.0), st.integers(1, 10**9))
def test_count(fraction, n):
    k = count(fraction, n)
    assert k == k_of(fraction, n)
    assert 1 <= k <= n
    assert abs(k - fraction * n) <= 0.5 or k == 1


HALF = en.FixedMask(0.5, over="units")
PLANS = {
    "all": (en.AllSynapses(), ("units", 0, 0, 1000, N1 + N2)),
    "uniform": (en.FixedMask(0.1), ("mask", 79501, 0, 1000, 79501)),
    "layers": (en.FixedMask(0.1, output_fraction=0.5), ("mask", 78500, 5005, 1000, 83505)),
    "balanced": (
        en.FixedMask(0.01, output_fraction="balanced"),
        ("mask", 7850, 7850, 1000, 15700),
    ),
    "balanced, full": (
        en.FixedMask(0.1, output_fraction="balanced"),
        ("mask", 78500, N2, 1000, 78500 + N2),
    ),
    "units": (en.FixedMask(0.1, over="units"), ("units", 0, 0, 100, 100 * 795 + 10)),
    "units, readout": (
        en.FixedMask(0.1, over="units", output_fraction=1),
        ("units", 0, 0, 100, 100 * 785 + N2),
    ),
    "readout": (en.Readout(), ("units", 0, 0, 0, N2)),
    "largest": (en.LargestUpdates(0.01), ("largest", 7950, 0, 1000, 7950)),
    "per layer": (en.LargestUpdates(0.01, scope="layer"), ("largest", 7850, 100, 1000, 7950)),
    "per neuron": (
        en.LargestUpdates(0.03, scope="neuron"),
        ("per_neuron", 24, 30, 1000, 24_300),
    ),
    "per neuron, balanced": (
        en.LargestUpdates(0.001, scope="neuron", output_fraction="balanced"),
        ("per_neuron", 1, 79, 1000, 1000 + 790),  # Q = 0.001 N1 / N2 = 0.0784
    ),
    "per neuron, readout": (
        en.LargestUpdates(0.03, scope="neuron", output_fraction=1),
        ("per_neuron", 24, 1001, 1000, 24_000 + N2),
    ),
    "random": (en.RandomSubset(0.01), ("random", 7950, 0, 1000, 7950)),
    "random per layer": (
        en.RandomSubset(0.01, output_fraction=0.5),
        ("random", 7850, 5005, 1000, 12_855),
    ),
    "random, readout": (
        en.RandomSubset(0.01, output_fraction=1),
        ("random", 7850, N2, 1000, 7850 + N2),
    ),
    "within": (en.LargestUpdates(0.1, within=HALF), ("largest", 39_751, 0, 500, 39_751)),
    "layer within": (
        en.LargestUpdates(0.1, scope="layer", within=HALF),
        ("largest", 39_250, 501, 500, 39_751),
    ),
    "neuron within": (
        en.LargestUpdates(0.1, scope="neuron", within=HALF),
        ("per_neuron", 79, 50, 500, 79 * 500 + 500),
    ),
}


@pytest.mark.parametrize("case", PLANS)
def test_plan(case):
    rule, expected = PLANS[case]
    counts = rule.counts(SHAPE)
    assert (
        counts.update,
        counts.k_hidden,
        counts.k_output,
        counts.units,
        counts.plastic,
    ) == expected


GOOD = {"hidden": 10, "rule": en.LargestUpdates(0.1)}
BAD = [
    ("hidden", 0, r"hidden must be an integer in \[1, 2147483646\], got 0"),
    ("hidden", 2.5, "hidden must be an integer .* got 2.5"),
    ("hidden", True, "hidden must be an integer .* got True"),
    ("hidden", "ten", "hidden must be an integer .* got 'ten'"),
    ("hidden", 1e300, "hidden must be an integer"),
    ("hidden", math.nan, "hidden must be an integer .* got nan"),
    ("seed", -1, "seed must be an integer .* got -1"),
    ("seed", 2**63, "seed must be an integer"),
    ("learning_rate", 0, "learning_rate must be a finite number above 0 or 'auto', got 0"),
    ("learning_rate", math.inf, "learning_rate must be .* or 'auto', got inf"),
    ("learning_rate", None, "learning_rate must be .* or 'auto', got None"),
    ("learning_rate", "fast", "learning_rate must be .* or 'auto', got 'fast'"),
    ("activation", "elu", "activation must be one of leaky_relu, .*, got 'elu'"),
    ("output", "logits", "output must be one of linear, softmax, got 'logits'"),
    ("init_std", -0.1, "init_std must be a finite number, 0 or above, got -0.1"),
    ("init_std", math.nan, "init_std must be .* got nan"),
    ("center", 1, "center must be True or False, got 1"),
    ("sample_order", "random", "sample_order must be one of uniform, permutation, got 'random'"),
    ("margin", -0.1, "margin must be a finite number, 0 or above, or 'none', got -0.1"),
    ("margin", math.inf, "margin must be .* got inf"),
    ("margin", "all", "margin must be .* got 'all'"),
    ("margin", 3.5e38, "margin must be a finite number in float32, got 3.5e[+]38"),
    ("hold", 0, "hold must be an integer .* got 0"),
    ("hold", 151, "hold must be at most 150, the number of tests in 300000 steps, got 151"),
    ("target_accuracy", 95, r"target_accuracy must be a number in \(0, 1\], got 95"),
    ("test_every", 0, "test_every must be an integer .* got 0"),
    ("max_steps", -5, "max_steps must be an integer .* got -5"),
    ("dtype", "float16", "dtype must be one of float32, float64, got 'float16'"),
    ("alpha", [0.5, 2], r"alpha must be a number in \(0, 1\], got 2"),
    ("alpha", 0, r"alpha must be a number in \(0, 1\], got 0"),
    ("alpha", "half", r"alpha must be a number in \(0, 1\], got 'half'"),
    ("rule", "largest", r"rule must be a plasticity rule such as AllSynapses\(\), got 'largest'"),
    ("rule", en.LargestUpdates, "rule must be a plasticity rule"),
]


@pytest.mark.parametrize(("name", "value", "message"), BAD)
def test_bad_value(name, value, message):
    with pytest.raises(en.ConfigError, match=message) as caught:
        en.TrainingConfig(**(GOOD | {name: value}))
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, ValueError)


BAD_RULES = [
    (lambda: en.LargestUpdates(0), r"fraction must be a number in \(0, 1\], got 0"),
    (lambda: en.FixedMask(1.01), r"fraction must be a number in \(0, 1\], got 1.01"),
    (lambda: en.FixedMask(math.nan), "fraction must be .* got nan"),
    (lambda: en.FixedMask("0.1"), "fraction must be .* got '0.1'"),
    (lambda: en.FixedMask(0.1, over="neurons"), "over must be one of synapses, units"),
    (lambda: en.LargestUpdates(0.1, scope="all"), "scope must be one of network, layer, neuron"),
    (
        lambda: en.FixedMask(0.1, over="units", output_fraction=0.5),
        "output_fraction must be 1, or left out, for rule fixed-units, got 0.5",
    ),
    (
        lambda: en.LargestUpdates(0.1, output_fraction="balanced"),
        "output_fraction must be left out for rule largest, got 'balanced'",
    ),
    (
        lambda: en.LargestUpdates(0.1, within=en.FixedMask(0.5)),
        r"within must be a FixedMask\(Q, over='units'\) or None, got FixedMask",
    ),
    (lambda: en.LargestUpdates(0.1, within=0.5), "within must be a FixedMask.*, got 0.5"),
    (
        lambda: en.LargestUpdates(0.1, within=en.FixedMask(0.5, "units", 1)),
        r"within must be a FixedMask.*, got FixedMask\(.*output_fraction=1",
    ),
    (
        lambda: en.rule_from_name("random", fraction=0.1, within_units=0.5),
        "within_units must be left out for rule random, got 0.5",
    ),
    (lambda: en.RandomSubset(0), r"fraction must be a number in \(0, 1\], got 0"),
    (lambda: en.FixedMask(0.1, output_fraction="even"), "'balanced', got 'even'"),
    (lambda: en.FixedMask(0.1, output_fraction=0), "'balanced', got 0"),
    (lambda: en.rule_from_name("best"), "rule must be one of all, .*, got 'best'"),
    (lambda: en.rule_from_name("all", fraction=0.5), "fraction must be left out for rule all"),
    (lambda: en.rule_from_name("largest"), "fraction must be given for rule largest"),
    (lambda: en.TrainingConfig.from_dict({"hidden": 1, "size": 2}), "unknown parameter 'size'"),
    (lambda: en.TrainingConfig.from_dict({}), "hidden must be given"),
    (
        lambda: en.Readout(output_fraction=1),
        "Readout takes no parameters, got 'output_fraction'",
    ),
    (
        lambda: en.RandomSubset(),
        "RandomSubset takes fraction, .*: missing a required arg.* 'fraction'",
    ),
    (lambda: en.AllSynapses(0.1), "AllSynapses takes no parameters: too many positional"),
    (
        lambda: en.FixedMask(fration=0.1),
        "takes fraction, over, output_fraction, got 'fration'; d",
    ),
    (lambda: en.LargestUpdates(0.1, "layer", 1, None, 5), "LargestUpdates takes .*: too many pos"),
    (lambda: en.TrainingConfig(hiden=3), "TrainingConfig takes hidden, .*, got 'hiden'; did you m"),
    (lambda: en.TrainingConfig(3), "TrainingConfig takes hidden, .*: too many positional"),
    (lambda: AllKinds(1, wrod="x"), "AllKinds takes whole, .*, got 'wrod'; did you mean 'word'"),
    (lambda: AllKinds(), "AllKinds takes whole, .*: missing a required argument: 'whole'"),
    (lambda: en.TrainingConfig.from_dict({"hidden": 1, "rule": "all"}), "rule must be a table"),
]


@pytest.mark.parametrize(("build", "message"), BAD_RULES)
def test_bad_rule(build, message):
    with pytest.raises(en.ConfigError, match=message):
        build()


MASK = en.GivenMask(np.ones((785, 1000), bool), np.zeros((1001, 10), bool))


@pytest.fixture(params=RULES)
def by_name(request, tmp_path):
    """A rule that was made by its name, and the name."""
    MASK.save(tmp_path / "mask.npz")
    values = {"fraction": 0.25, "mask": tmp_path / "mask.npz"}
    taken = parameters_taken(request.param)
    given = {name: value for name, value in values.items() if name in taken}
    return en.rule_from_name(request.param, **given), request.param


def test_every_rule_names_the_loop_that_carries_it_out(by_name):
    assert callable(loop_of(by_name[0].counts(SHAPE).update))


def test_rules_by_name(by_name):
    rule, name = by_name
    assert rule.name == name
    config = en.TrainingConfig(hidden=7, rule=rule, alpha=(0.5, 0.1))
    assert en.TrainingConfig.from_dict(config.to_dict()) == config


def test_a_given_mask_is_known_by_its_content(tmp_path):
    hidden, output = np.zeros((6, 3), bool), np.zeros((4, 2), bool)
    hidden[2, 1] = True
    rule = en.GivenMask(hidden, output)
    hidden[0, 0] = True  # the rule has copies
    config = en.TrainingConfig(hidden=3, rule=rule)
    assert rule.counts(Shape(5, 3, 2)).plastic == rule.plastic == 1
    assert config.to_dict()["rule"] == {"name": "fixed-given", "mask": "8c5b29ad1fb5545e"}
    rule.save(tmp_path / "mask.npz")
    for same in (pickle.loads(pickle.dumps(rule)), en.GivenMask.load(tmp_path / "mask.npz")):
        assert same == rule
        assert hash(same) == hash(rule)
        assert not same.hidden.flags.writeable
    assert repr(rule) == "GivenMask(8c5b29ad1fb5545e: 1 of 26 synapses)"
    others = [en.GivenMask(hidden, output), en.GivenMask(rule.hidden, ~output), en.Readout()]
    assert rule not in others
    named = en.TrainingConfig.from_dict(config.to_dict())
    assert named == config
    assert named.hash == config.hash
    with pytest.raises(en.ConfigError, match="mask 8c5b29ad1fb5545e is known by its digits alone"):
        named.rule.counts(Shape(5, 3, 2))


HIDDEN, OUTPUT = np.ones((6, 3), bool), np.ones((4, 2), bool)
BAD_MASKS = [
    ({"hidden": HIDDEN * 1, "output": OUTPUT}, r"hidden must be a bool array .*, got int64 \(6, 3"),
    ({"hidden": HIDDEN, "output": OUTPUT[0]}, r"output must be a bool array .*, got bool \(2,\)"),
    (
        {"hidden": HIDDEN, "output": OUTPUT[1:]},
        r"must have the shapes .* \(6, 3\) and \(3, 2\)",
    ),
    ({"hidden": ~HIDDEN, "output": ~OUTPUT}, "must have at least one True, got none"),
    ({"hidden": HIDDEN}, "output"),
]


@pytest.mark.parametrize(("arrays", "message"), BAD_MASKS)
def test_bad_masks(arrays, message, tmp_path):
    np.savez(tmp_path / "mask.npz", **arrays)
    with pytest.raises(en.FileError, match=f"mask.npz is not a mask with .*{message}"):
        en.GivenMask.load(tmp_path / "mask.npz")
    with pytest.raises(en.ConfigError, match=message):
        en.GivenMask(**arrays)


def test_hash_is_stable_and_sees_values_not_types():
    config = en.TrainingConfig(hidden=1000, rule=en.LargestUpdates(0.01))
    assert config.hash == "bb562dd7d8b2ba6b"
    same = en.TrainingConfig(
        hidden=np.int64(1000),
        rule=en.LargestUpdates(np.float64(0.01)),
        max_steps=3e5,
        seed=0.0,
        alpha=[],
    )
    assert same == config
    assert same.hash == config.hash
    full = en.TrainingConfig(hidden=1000, rule=en.LargestUpdates(1))
    assert full.hash == en.TrainingConfig(hidden=1000, rule=en.LargestUpdates(1.0)).hash
    others = {"seed": 1, "init_std": 0.03, "dtype": "float64", "alpha": 0.5, "center": False}
    hashes = {en.TrainingConfig(hidden=1000, **{k: v}).hash for k, v in others.items()}
    assert len(hashes) == len(others)
    assert config.hash not in hashes


def test_fields_added_later_count_only_where_they_are_not_at_their_default():
    config = en.TrainingConfig(hidden=1000, rule=en.LargestUpdates(0.01), margin="none", hold=1)
    assert config.margin is None
    assert config.hash == "bb562dd7d8b2ba6b"
    assert {"margin", "hold"} <= config.to_dict().keys()
    values = [{}, {"margin": 0}, {"margin": 0.1}, {"hold": 2}, {"hold": 150}]
    assert len({en.TrainingConfig(hidden=1000, **value).hash for value in values}) == len(values)
    assert en.TrainingConfig(hidden=1, margin=3.5e38, dtype="float64").margin == 3.5e38
    assert en.TrainingConfig(hidden=1, hold=3, max_steps=250, test_every=100).hold == 3


def test_alpha_is_sorted_and_single_values_do():
    assert en.TrainingConfig(hidden=1, alpha=[0.5, 0.2, 0.5]).alpha == (0.2, 0.5)
    assert en.TrainingConfig(hidden=1, alpha=1).alpha == (1.0,)
