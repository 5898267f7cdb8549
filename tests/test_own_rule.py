"""Rules of one's own: what they choose is checked, applied and counted exactly."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support import digest, digits
from sweeps import timeless

import energynet as en
from energynet.cli import main
from energynet.config import DTYPES
from energynet.exchange import export_results, import_results, read_table, same_table
from energynet.prepare import prepare
from energynet.rule_names import rule_from_dict, rule_to_dict
from energynet.store import Store

EXAMPLES = Path(__file__).parents[1] / "examples" / "own_rules"


@pytest.fixture
def examples(monkeypatch):
    """The folder of examples is where Python looks for modules."""
    monkeypatch.syspath_prepend(str(EXAMPLES))


class Largest(en.PlasticityRule):
    """`largest`, as anyone would write it."""

    fraction: float

    def select(self, step):
        layers = (step.hidden, step.output)
        size = np.concatenate([np.abs(layer.dw).ravel() for layer in layers])
        k = int(self.fraction * size.size + 0.5)
        chosen = np.zeros(size.size, bool)
        chosen[np.argsort(-size, kind="stable")[:k]] = True
        shapes = [(len(layer.pre), len(layer.post)) for layer in layers]
        first = shapes[0][0] * shapes[0][1]
        return chosen[:first].reshape(shapes[0]), chosen[first:].reshape(shapes[1])


class FirstUnits(en.PlasticityRule):
    """`fixed-units`, in each form that a choice may have."""

    units: int
    form: str

    def select(self, step):
        n_pre, n_hidden = len(step.hidden.pre), len(step.hidden.post)
        first = np.arange(n_hidden) < self.units
        with_bias = np.append(first, True)
        factors = (
            (np.ones(n_pre, bool), first),
            (with_bias, np.ones(len(step.output.post), bool)),
        )
        if self.form == "factors":
            return factors
        if self.form == "half factors":
            return [(True, first), [with_bias.tolist(), np.True_]]
        masks = [np.logical_and.outer(*pair) for pair in factors]
        if self.form == "mask":
            return tuple(masks)
        if self.form == "turned mask":
            return tuple(np.asfortranarray(mask) for mask in masks)
        if self.form == "lists":
            return tuple([indices.tolist() for indices in np.nonzero(mask)] for mask in masks)
        kind = np.uint16 if self.form == "small indices" else np.int64
        return tuple(tuple(i[::-1].astype(kind) for i in np.nonzero(mask)) for mask in masks)


class Everything(en.PlasticityRule):
    def select(self, step):
        return True, np.bool_(True)


def untied():
    """Images of floats, no two of which are equal."""
    generator = np.random.default_rng(1)
    train, test = generator.normal(size=(50, 12)), generator.normal(size=(20, 12))
    return en.Dataset.from_arrays(train, np.arange(50) % 4, test, np.arange(20) % 4)


def result_of(rule, dataset, dtype="float64", **values):
    values = {"hidden": 9, "seed": 2, "max_steps": 300, "test_every": 150} | values
    config = en.TrainingConfig(rule=rule, dtype=dtype, alpha=0.5, **values)
    return en.train(config, dataset)


def assert_same(own, built_in, tolerance=1e-11):
    assert own.steps == built_in.steps
    assert own.energy.m0 == built_in.energy.m0
    assert own.energy.per_layer.m0 == built_in.energy.per_layer.m0
    assert own.energy.m1 == pytest.approx(built_in.energy.m1, rel=tolerance)
    assert own.energy.alpha[0.5] == pytest.approx(built_in.energy.alpha[0.5], rel=tolerance)
    for name in ("w1", "w2"):
        ours, theirs = getattr(own.network, name), getattr(built_in.network, name)
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance)


@pytest.mark.parametrize("fraction", [0.01, 0.3, 1.0])
def test_largest_written_again_is_the_built_in(fraction):
    assert_same(
        result_of(Largest(fraction), untied()), result_of(en.LargestUpdates(fraction), untied())
    )


@pytest.mark.parametrize(
    "form", ["factors", "half factors", "mask", "turned mask", "lists", "small indices", "indices"]
)
def test_every_form_of_a_choice(form):
    expected = result_of(en.FixedMask(4 / 9, over="units"), digits())
    assert_same(result_of(FirstUnits(4, form), digits()), expected)


@pytest.mark.parametrize("options", [{"sample_order": "permutation"}, {"activation": "tanh"}, {}])
def test_all_synapses(options):
    expected = result_of(en.AllSynapses(), digits(), **options)
    assert_same(result_of(Everything(), digits(), **options), expected)


class Draws(en.PlasticityRule):
    """Draws in each step, and looks at all that a step has to show."""

    fraction: float

    def select(self, step):
        assert step.hidden.dw.shape == (len(step.hidden.pre), len(step.hidden.post))
        masks = []
        for layer in (step.hidden, step.output):
            assert not layer.pre.flags.writeable
            assert not layer.post.flags.writeable
            assert layer.pre[-1] == 1
            masks.append(step.random.random(layer.dw.shape) < self.fraction)
        return tuple(masks)


@pytest.mark.parametrize("dtype", DTYPES)
def test_same_seed_same_bits(dtype):
    config = en.TrainingConfig(hidden=9, rule=Draws(0.2), dtype=dtype, seed=5, max_steps=60)
    digests = set()
    for stops in ([60], range(1, 61), [7, 31, 60]):
        for threads in (1, 2):
            run = prepare(config, digits(), threads)
            run.advance(0)
            for stop in stops:
                run.advance(stop)
            digests.add(digest(run))
    assert len(digests) == 1
    other = prepare(en.TrainingConfig(**{**vars(config), "seed": 6}), digits())
    other.advance(60)
    assert digest(other) not in digests


def test_an_interrupted_run_goes_on(tmp_path):
    config = en.TrainingConfig(hidden=9, rule=Draws(0.2), max_steps=400, test_every=100)
    whole = en.train(config, digits())

    def interrupt(progress):
        if progress.step > 150:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        en.train(config, digits(), checkpoint=tmp_path / "c", progress=interrupt)
    again = en.train(config, digits(), checkpoint=tmp_path / "c")
    assert (again.energy, again.history) == (whole.energy, whole.history)
    np.testing.assert_array_equal(again.network.w1, whole.network.w1)


class Interrupts(Draws):
    """Is interrupted once, at one of its steps."""

    def select(self, step):
        if step.number == 77 and not INTERRUPTED:
            INTERRUPTED.append(step.number)
            raise KeyboardInterrupt
        return super().select(step)


INTERRUPTED = []


def test_a_run_interrupted_in_its_rule_goes_on(tmp_path):
    config = en.TrainingConfig(hidden=9, rule=Interrupts(0.2), max_steps=200, test_every=50)
    with pytest.raises(KeyboardInterrupt):
        en.train(config, digits(), checkpoint=tmp_path / "c")
    again = en.train(config, digits(), checkpoint=tmp_path / "c")
    whole = en.train(config, digits())
    assert (again.energy, again.history) == (whole.energy, whole.history)
    np.testing.assert_array_equal(again.network.w1, whole.network.w1)


class Answers(en.PlasticityRule):
    """Gives the answer that stands in ANSWERS."""

    which: int

    def select(self, step):
        return ANSWERS[self.which][0]


PAIR = np.array([0]), np.array([0])
ANSWERS = [
    (None, "select must return two choices, for the hidden and .* got None: is a return missing"),
    (True, "select must return two choices, .* got bool True"),
    ((True, False, True), "select must return two choices, .* got a tuple of 3"),
    ((None, True), "hidden layer: a choice must be True, False, a mask"),
    ((True, 1), "output layer: a choice must be True, False, a mask"),
    ((True, "yes"), "output layer: a choice must be True, False, a mask"),
    ((np.ones((3, 3), bool), True), r"a mask must be bool of shape \(41, 3\), got bool of shape"),
    ((np.ones((41, 3)), True), r"a mask must be bool .* got float64 of shape \(41, 3\)"),
    ((np.ones((41, 3), int), True), "a mask must be bool"),
    ((True, (PAIR[0], PAIR[1], PAIR[0])), "output layer: a choice must be"),
    ((True, ([0], [0, 1])), "indices must be two lists of one length"),
    ((True, ([[0]], [[0]])), "indices must be two lists of one length"),
    ((True, ([0.0], [0.0])), "indices must be integers, got float64"),
    ((True, ([np.nan], [1])), "indices must be integers, got float64"),
    ((True, (["a"], ["b"])), "indices must be integers"),
    ((True, ([[0], [1, 2]], [0])), "indices and factors must be arrays"),
    ((True, ([0, 3], [0, 10])), r"outside of \(4, 4\), got \(3, 10\)"),
    ((True, ([-1], [0])), r"outside of \(4, 4\), got \(-1, 0\)"),
    ((True, (np.array([2**64 - 1], np.uint64), [0])), "outside of"),
    ((True, ([2**40], [2**40])), "outside of"),
    ((True, ([1, 2, 1], [3, 3, 3])), r"twice, got \(1, 3\)"),
    ((True, (np.ones(4, bool), np.ones(5, bool))), r"\(4,\) and \(4,\), got \(4,\) and \(5,\)"),
    ((True, (np.ones(4, bool), np.ones(10, int))), "factors must both be bool, .* bool and int64"),
    ((True, ([0], True)), "factors must both be bool, indices both integers, got int64 and bool"),
    ((np.zeros((2, 2), int), True), "got int64 of shape .*: of indices give two arrays"),
    (([[True] * 3] * 41, True), r"a mask \(an array\), or two arrays .* got a list of 41"),
]


@pytest.mark.parametrize("which", range(len(ANSWERS)))
def test_what_is_no_choice_is_refused_before_anything_changes(which):
    run = prepare(en.TrainingConfig(hidden=3, rule=Answers(which)), digits())
    run.advance(0)
    before = digest(run)
    message = f"rule test_own_rule:Answers, step 0.*{ANSWERS[which][1]}"
    with pytest.raises(en.RuleError, match=message):
        run.advance(1)
    assert digest(run) == before
    assert not run.drawn.any()


class Raises(en.PlasticityRule):
    def select(self, step):
        raise ZeroDivisionError("its own mistake")


class Scribbles(en.PlasticityRule):
    where: str

    def select(self, step):
        getattr(step.hidden, self.where)[:] = 0


class Insists(Draws):
    """Writes to what is to be read alone: to its own copy."""

    def select(self, step):
        choice = super().select(step)
        for layer in (step.hidden, step.output):
            for factor in layer:
                factor.flags.writeable = True
                factor[:] = np.nan
        return choice


def test_no_rule_can_touch_the_run():
    assert_same(result_of(Insists(0.2), digits()), result_of(Draws(0.2), digits()))


@pytest.mark.parametrize(
    ("rule", "error"),
    [(Raises(), ZeroDivisionError), (Scribbles("pre"), ValueError), (Scribbles("dw"), ValueError)],
)
def test_errors_of_rules_go_through(rule, error):
    with pytest.raises(error):
        result_of(rule, digits())


class AllKinds(en.PlasticityRule):
    """One parameter of each type."""

    whole: int
    number: float = 0.5
    flag: bool = True
    word: str = "x"
    version = 3

    def check(self):
        if self.number > 1:
            raise en.ConfigError(f"number must be at most 1, got {self.number}")

    def select(self, step):
        return True, True


def test_parameters_are_converted_and_count():
    rule = AllKinds(np.int8(3), 1)
    assert rule == AllKinds(3.0, number=1.0)
    assert [type(value) for value in rule.parameters.values()] == [int, float, bool, str]
    assert rule_to_dict(rule) == {
        "name": "test_own_rule:AllKinds",
        "version": 3,
        "parameters": {"whole": 3, "number": 1.0, "flag": True, "word": "x"},
    }
    assert rule_from_dict(rule_to_dict(rule)) == rule
    assert en.rule_from_name(rule.name, whole=3, number=1.0) == rule
    config = en.TrainingConfig(hidden=3, rule=rule)
    assert en.TrainingConfig.from_dict(config.to_dict()) == config
    hashes = {config.hash}
    hashes |= {en.TrainingConfig(hidden=3, rule=AllKinds(n, 1.0)).hash for n in (3, 4)}
    assert len(hashes) == 2
    before = config.hash
    try:
        AllKinds.version = 4
        assert config.hash != before
        with pytest.raises(en.ConfigError, match="must have version 3, as these runs do, got 4"):
            rule_from_dict({"name": rule.name, "version": 3, "parameters": {"whole": 3}})
    finally:
        AllKinds.version = 3


BAD_PARAMETERS = [
    ({"whole": 2.5}, "whole must be an integer, got 2.5"),
    ({"whole": "3"}, "whole must be an integer"),
    ({"whole": 2**63}, "whole must be an integer"),
    ({"whole": 1, "number": float("nan")}, "number must be a finite number, got nan"),
    ({"whole": 1, "number": "1"}, "number must be a finite number"),
    ({"whole": 1, "number": 2}, "number must be at most 1, got 2.0"),
    ({"whole": 1, "flag": 1}, "flag must be True or False"),
    ({"whole": 1, "word": b"x"}, "word must be a text"),
    ({"whole": 1, "numbr": 1}, "takes whole, number, flag, word, got 'numbr'; did you mean"),
    ({}, "rule test_own_rule:AllKinds lacks its parameter whole"),
]


@pytest.mark.parametrize(("parameters", "message"), BAD_PARAMETERS)
def test_bad_parameters(parameters, message):
    with pytest.raises(en.ConfigError, match=message):
        en.rule_from_name("test_own_rule:AllKinds", **parameters)


BAD_NAMES = [
    ("no_such_module:Rule", "cannot be imported: ModuleNotFoundError"),
    ("test_own_rule:Largst", "must be a class .*test_own_rule.py; did you mean 'Largest'"),
    ("test_own_rule:", "rule must be MODULE:CLASS"),
    (":Rule", "rule must be MODULE:CLASS"),
    ("./test_own_rule.py:Largest", "rule must be MODULE:CLASS"),
    ("test_own_rule.py:Largest", "rule must be MODULE:CLASS"),
    ("test_own_rule", "or MODULE:CLASS, got 'test_own_rule'"),
    ("os:system", "must be a class that derives from PlasticityRule"),
    ("pathlib:Path", "must be a class that derives from PlasticityRule"),
    ("largst", "got 'largst'; did you mean 'largest'"),
]


@pytest.mark.parametrize(("name", "message"), BAD_NAMES)
def test_bad_names(name, message):
    with pytest.raises(en.ConfigError, match=message):
        en.rule_from_name(name)


def define(body):
    """A rule with that body, besides `select`."""
    return type(
        "Own", (en.PlasticityRule,), {"__module__": __name__, "select": Raises.select} | body
    )


BAD_CLASSES = [
    (
        {"__annotations__": {"values": list}},
        {"values": []},
        "values must be declared as int, float",
    ),
    ({"__post_init__": print}, {}, r"must not define __post_init__: use check\(self\)"),
    ({"__init__": print}, {}, "must not define __init__: use annotated fields"),
    ({"__annotations__": {"name": str}}, {"name": "x"}, "cannot have a parameter called name"),
    ({"__annotations__": {"version": int}, "version": 2}, {}, "a parameter called version"),
    ({"version": "2"}, {}, "version of Own must be an integer >= 1, got '2'"),
    ({"version": 0}, {}, "version of Own must be an integer >= 1, got 0"),
    ({"select": en.PlasticityRule.select}, {}, r"must define select\(self, step\)"),
    ({"select": lambda self: (True, True)}, {}, r"must define select\(self, step\)"),
    ({"check": lambda self: False}, {}, "check must raise ConfigError, not return a value"),
    ({"check": lambda self: int("x")}, {}, "rule test_own_rule:Own: invalid literal"),
]


@pytest.mark.parametrize(("body", "values", "message"), BAD_CLASSES)
def test_classes_that_are_no_rules(body, values, message):
    with pytest.raises((en.ConfigError, TypeError), match=message):
        define(body)(**values)


def test_objects_that_are_no_rules():
    for rule, hint in (
        (Everything, "; call the class"),
        ("all", "; rule_from_name makes one of a name"),
        (3, "got 3"),
    ):
        with pytest.raises(en.ConfigError, match=hint):
            en.TrainingConfig(hidden=3, rule=rule)


def test_rules_that_workers_cannot_import(tmp_path):
    class Local(Everything):
        pass

    with pytest.raises(en.ConfigError, match="must be defined in a module that workers can import"):
        en.sweep([en.TrainingConfig(hidden=3, rule=Local(), max_steps=1)], tmp_path, data=digits())


def test_a_file_that_was_changed_after_its_import(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    source = "import energynet as en\nclass Moody(en.PlasticityRule):\n def select(self, step):\n"
    (tmp_path / "moody.py").write_text(f"{source}  return True, False\n")
    configs = [en.TrainingConfig(hidden=3, rule=en.rule_from_name("moody:Moody"), max_steps=5)]
    assert len(en.sweep(configs, tmp_path / "runs", data=digits(), progress=False)) == 1
    (tmp_path / "moody.py").write_text(f"{source}  return True, True\n")
    with pytest.raises(en.ConfigError, match="its file, which was changed after the import"):
        en.sweep(configs, tmp_path / "other", data=digits(), progress=False)


def test_a_run_that_fails_says_where(tmp_path):
    configs = [en.TrainingConfig(hidden=3, rule=Raises(), max_steps=5)]
    table = en.sweep(configs, tmp_path, data=digits(), progress=False)
    assert list(table["outcome"]) == ["failed"]
    assert table["reason"][0].startswith("ZeroDivisionError: its own mistake (test_own_rule.py, l")


def test_a_parameter_given_twice():
    with pytest.raises(en.ConfigError, match="fraction must be given once, not among params as w"):
        en.Grid(hidden=3, rule="test_own_rule:Draws", fraction=0.1, params={"fraction": 0.2})


GRID = """
[defaults]
max_steps = 200
test_every = 100
target_accuracy = 1.0
seeds = 2
hidden = [4, 5]

[[block]]
rule = "all"

[[block]]
rule = "threshold:Threshold"
params = {least = [1e-4, 0.001]}

[[block]]
rule = "probabilistic:Probabilistic"
fraction = [0.1, 0.3]
"""


@pytest.mark.usefixtures("examples")
def test_from_a_grid_to_tables_claims_and_figures(tmp_path):
    (tmp_path / "grid.toml").write_text(GRID)
    grid = en.Grid.from_toml(tmp_path / "grid.toml")
    assert len(grid) == 20
    grid.to_toml(tmp_path / "again.toml")
    assert en.Grid.from_toml(tmp_path / "again.toml") == grid
    rules = {config.rule for config in grid if "threshold" in config.rule.name}
    assert en.Grid(hidden=4, rule=list(rules)) == en.Grid(
        hidden=4, rule="threshold:Threshold", params={"least": [0.001, 1e-4]}
    )

    store = tmp_path / "runs"
    table = en.sweep(grid, store, data=digits(), workers=2, progress=False)
    assert len(table) == 20
    assert set(table["outcome"]) == {"exhausted"}
    own = table[table["rule"] == "probabilistic:Probabilistic"]
    assert set(own["fraction"]) == {0.1, 0.3}
    assert set(own["parameters"]) == {'{"fraction": 0.1}', '{"fraction": 0.3}'}
    assert set(table["rule_version"].dropna()) == {1}
    config = next(c for c in grid if "threshold" in c.rule.name)
    alone = en.train(config, digits())
    assert alone.energy.m1 in set(table["m1"])

    cells = en.cells(table)
    assert set(cells["rule"]) == {"all", "threshold:Threshold", "probabilistic:Probabilistic"}
    assert not cells["fraction"].isna().any()
    share = table["m0"] / (table["steps"] * table["synapses"])
    alike = (table["parameters"] == '{"least": 0.001}') & (table["hidden"] == 5)
    at = cells[(cells["rule"] == "threshold:Threshold") & (cells["hidden"] == 5)]
    assert at["fraction"].min() == share[alike].mean()
    assert at["fraction"].nunique() == 2
    assert set(en.savings(table)["rule"]) <= set(cells["rule"])
    assert len(en.claims(table)) == 14
    assert main(["figures", str(store), "--out", str(tmp_path / "figures")]) == 0
    assert main(["claims", str(store)]) == 0
    assert list((tmp_path / "figures").glob("*.svg"))


class Shares(en.PlasticityRule):
    """A parameter called fraction that is none, and a rule that leaves the output layer alone."""

    fraction: int
    word: str

    def select(self, step):
        return np.abs(step.hidden.dw) > 1e-5 * self.fraction, False


def test_versions_and_fractions_that_are_none_stay_apart(tmp_path):
    limits = {"max_steps": 100, "test_every": 50, "target_accuracy": 0.3}
    grid = en.Grid(
        hidden=[4, 6], rule=[Shares(0, "1"), Shares(5, "1"), Shares(50, "1")], seeds=2, **limits
    ) + en.Grid(hidden=[4, 6], seeds=2, **limits)
    en.sweep(grid, tmp_path / "runs", data=digits(), progress=False)
    store = Store(tmp_path / "runs")
    before = en.load_results(tmp_path / "runs")
    cells = en.cells(before)
    own = cells[(cells["rule"] == "test_own_rule:Shares") & (cells["energy"] == "m0")]
    assert own["runs"].sum() == 12
    later = before[before["rule"] != "all"].assign(rule_version=2)
    cells = en.cells(pd.concat([before, later], ignore_index=True))
    own = cells[cells["rule"].str.startswith("test_own_rule:Shares") & (cells["energy"] == "m0")]
    assert set(own["rule"]) == {"test_own_rule:Shares", "test_own_rule:Shares version 2"}
    assert list(own.groupby("rule")["runs"].sum()) == [12, 12]
    assert main(["figures", str(store.root), "--out", str(tmp_path / "figures")]) == 0
    assert main(["report", str(store.root), "--out", str(tmp_path / "report.html")]) == 0


@pytest.mark.usefixtures("examples")
@pytest.mark.parametrize("ending", ["csv", "sqlite"])
def test_tables_come_and_go_without_importing_a_rule(tmp_path, ending, monkeypatch):
    grid = en.Grid(
        hidden=4, rule=["threshold:Threshold"], params={"least": 0.1}, max_steps=20, test_every=20
    ) + en.Grid(hidden=4, rule="largest", fraction=0.1, max_steps=20, test_every=20)
    table = en.sweep(grid, tmp_path / "runs", data=digits(), workers=1, progress=False)
    out = tmp_path / f"runs.{ending}"
    assert export_results(tmp_path / "runs", out) == 2
    monkeypatch.setattr("importlib.import_module", None)
    pd.testing.assert_frame_equal(same_table(read_table(out)), table)
    assert import_results(out, tmp_path / "back") == 2
    pd.testing.assert_frame_equal(en.load_results(tmp_path / "back"), table)


@pytest.mark.usefixtures("examples")
def test_dask(tmp_path):
    distributed = pytest.importorskip("distributed", reason="Dask is not installed")
    grid = en.Grid(
        hidden=[4, 5], rule="threshold:Threshold", params={"least": 1e-4}, max_steps=50,
        test_every=50,
    )  # fmt: skip
    local = en.sweep(grid, tmp_path / "local", data=digits(), progress=False)
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, dashboard_address=":0", processes=False
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        there = en.sweep(
            grid, tmp_path / "dask", client.get_executor(), data=digits(), progress=False
        )
    pd.testing.assert_frame_equal(timeless(there), timeless(local))


@pytest.mark.usefixtures("examples")
def test_an_entry_point_names_a_rule(tmp_path, monkeypatch):
    info = tmp_path / "made_up-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: made-up\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[energynet.rules]\nsizeable = threshold:Threshold\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    rule = en.rule_from_name("sizeable", least=0.5)
    assert rule.name == "threshold:Threshold"
    assert en.Grid(hidden=3, rule="sizeable", params={"least": 0.5}).configs[0].rule == rule


def test_command_line_finds_rules_in_its_folder(tmp_path, monkeypatch, capsys):
    shutil.copy(EXAMPLES / "threshold.py", tmp_path / "sized.py")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    limits = ["--hidden", "3", "--max-steps", "10", "--test-every", "10", "--quiet"]
    rule = ["--rule", "sized:Threshold"]
    assert main(["train", *limits, *rule, "--param", "least=1e-3", "--json"]) == 3
    shown = capsys.readouterr().out
    assert '"parameters": {"least": 0.001}' in shown.replace("\n", "")
    for flags, message in [
        ([], "lacks its parameter least"),
        (["--param", "least"], "--param must be NAME=VALUE, got 'least'"),
        (["--param", "least=1", "--param", "least=2"], "each parameter once, got least again"),
        (["--param", "least=x"], "least must be a finite number, got 'x'"),
        (["--param", "least=-1"], "least must be 0 or above, got -1.0"),
        (["--param", "lest=1"], "takes least, got 'lest'; did you mean 'least'?"),
        (["--fraction", "1"], "takes least, got 'fraction'"),
    ]:
        assert main(["train", *limits, *rule, *flags]) == 2
        assert message in capsys.readouterr().err
    assert main(["train", *limits, "--param", "least=1"]) == 2
    assert "least must be left out for rule all" in capsys.readouterr().err


@pytest.mark.usefixtures("examples")
def test_the_examples_do_what_they_say():
    from probabilistic import Probabilistic
    from threshold import Threshold

    every = result_of(en.AllSynapses(), digits())
    assert_same(result_of(Threshold(0.0), digits()), every)
    none = result_of(Threshold(1e9), digits())
    assert (none.energy.m0, none.energy.direct.m0) == (0, 0)
    some = result_of(Threshold(1e-3), digits())
    assert 0 < some.energy.m0 < every.energy.m0
    assert some.energy.m1 >= 1e-3 * some.energy.m0

    chosen = result_of(Probabilistic(0.1), untied(), hidden=30)
    expected = 0.1 * chosen.steps * chosen.synapses
    assert 0.8 * expected < chosen.energy.m0 < 1.02 * expected  # less where cut at 1
    alike = result_of(en.RandomSubset(0.1), untied(), hidden=30)
    larger = chosen.energy.m1 / chosen.energy.m0
    assert larger > 1.2 * alike.energy.m1 / alike.energy.m0
    with pytest.raises(en.ConfigError, match=r"fraction must be in \(0, 1\], got 0.0"):
        Probabilistic(0)
