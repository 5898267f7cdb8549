"""A study that is killed again and again ends as one that is left alone."""

import random
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest
from support import HELPERS, PYTHON, digits, environment, shapes
from tables import frame, model, run, small
from tiny_study import PRESET

import energynet as en
from energynet.cli.main import main
from energynet.store.exchange import read_table
from energynet.studies.figures import save
from energynet.studies.stages.outlook import outlook
from energynet.studies.stages.outputs import write_tables
from energynet.studies.stages.plan import next_stage
from energynet.studies.stages.preset import preset_from_dict
from energynet.studies.stages.run import reproduce
from energynet.studies.stages.stages import run_stages, with_skipped
from energynet.studies.stages.stored import StoredRuns
from energynet.support.format import duration
from energynet.sweeps.estimates import expected_seconds

SCRIPT = HELPERS / "tiny_study.py"
COMPARED = ("tiny.csv", "verdicts.json", "verdicts.md", "tiny_history.csv.xz")
KILLS = 5


def start(out):
    return subprocess.Popen(
        [*PYTHON, str(SCRIPT), str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(),
        text=True,
    )


def runs_of(process):
    """Ids of runs that the process tells of, to its end."""
    with process:
        names = [line.strip() for line in process.stdout]
    assert process.returncode == 0
    return names


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    out = tmp_path_factory.mktemp("undisturbed")
    return out, runs_of(start(out))


def test_killed_five_times_it_ends_the_same(undisturbed, tmp_path):
    expected, names = undisturbed
    chance = random.Random(1)
    told = []
    for _ in range(KILLS):
        with start(tmp_path) as process:
            for _ in range(chance.randint(1, len(names) // KILLS - 1)):
                told.append(process.stdout.readline().strip())
            process.send_signal(signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL
    told += runs_of(start(tmp_path))
    assert set(told) <= set(names)
    for name in COMPARED:
        assert (tmp_path / name).read_bytes() == (expected / name).read_bytes()


def test_figures_and_report_come_from_the_tables_alone(undisturbed):
    out, _ = undisturbed
    assert (out / "report.html").stat().st_size > 10_000
    assert len(list((out / "figures").glob("*.svg"))) >= 6


def test_claims_on_the_command_line(undisturbed, tmp_path, capsys):
    table = undisturbed[0] / "tiny.csv"
    assert main(["claims", str(table), "--json"]) == 0
    assert capsys.readouterr().out == (undisturbed[0] / "verdicts.json").read_text()
    assert main(["claims", str(table), "--out", str(tmp_path / "verdicts.md")]) == 0
    told = capsys.readouterr().out
    assert told.startswith("These runs cannot judge any of the 14 statements")
    assert told.count("\n") < 4
    same = (tmp_path / "verdicts.md").read_text()
    assert same == (undisturbed[0] / "verdicts.md").read_text()


@pytest.mark.parametrize("content", [None, "", "a,b\n1,2\n", "\0\0\0"])
def test_a_table_that_is_none_is_bad_input(content, tmp_path, capsys):
    path = tmp_path / "table.csv"
    if content is not None:
        path.write_text(content)
    assert main(["claims", str(path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("energynet: ")
    assert error.count("\n") == 1


@pytest.mark.parametrize("flags", [["--data", "nowhere"], ["--workers", "0"]])
def test_bad_usage_leaves_no_folder(flags, tmp_path):
    assert main(["reproduce", *flags, "--out", str(tmp_path / "study")]) == 2
    assert not list(tmp_path.iterdir())


def test_a_stage_that_leaves_runs_undone_is_an_error():
    preset = preset_from_dict("tiny", PRESET)
    with pytest.raises(
        en.EnergynetError, match="the stage 'exploration' ended, but 24 runs of it have no result"
    ):
        run_stages(preset, pd.DataFrame(), shapes(40, 4), lambda _stage, _configs: pd.DataFrame())


class Made:
    """Runs that a model makes."""

    def __init__(self):
        self.rows, self.told = [], []

    def tell(self, words):
        self.told.append(words)

    def run(self, _stage, configs):
        own = [{"id": config.hash, "init_std": config.init_std} for config in configs]
        self.rows += [model(0.1)(config) | row for config, row in zip(configs, own, strict=True)]

    def table(self):
        return pd.DataFrame(self.rows)

    def history(self):
        return pd.DataFrame(columns=["id", "step", "accuracy", "m0", "m1"])


def test_each_variant_of_a_preset_is_judged_by_itself(tmp_path, monkeypatch):
    monkeypatch.setattr(save, "DRAWINGS", ())
    runs = Made()
    made = reproduce(small(vary={"init_std": [0.01, 0.03]}), runs, tmp_path, shapes())
    assert [dict(claim.group) for claim in made.claims[::19]] == [
        {"init_std": 0.01},
        {"init_std": 0.03},
    ]
    assert "(init_std = 0.03)" in (tmp_path / "verdicts.md").read_text()
    assert runs.told == ["all runs are done; now tables, figures and the report are written"]
    text = made.report.read_text()
    assert "(init_std = 0.03)" in text
    assert len(runs.rows) == 38
    assert "<dt>runs in other settings</dt><dd>19, in no table or figure</dd>" in text


def test_a_study_that_judges_nothing_shows_each_setting(tmp_path):
    blocks = [
        {"rule": rule, "hidden": [100], "seeds": [0, 1, 2], "init_std": std} | share
        for std in (0.01, 0.03)
        for rule, share in (("all", {}), ("largest", {"fraction": [0.1]}))
    ]
    reproduce(small(verdicts=False, runs=blocks, method=[]), Made(), tmp_path, shapes())
    assert not (tmp_path / "report.html").exists()
    found = pd.read_csv(tmp_path / "sensitivity" / "other-settings.csv")
    found = found[(found["rule"] == "largest") & (found["energy"] == "m0")]
    assert list(found["init_std"]) == [0.01, 0.03]
    assert (found["ratio"] > 1).all()


def test_the_table_of_a_reading_leaves_out_runs_of_other_presets(tmp_path):
    kinds = (("largest-per-layer", 1.0), ("largest", None), ("all", None))
    others = ({}, {"target_accuracy": 1.0}, {"init_std": 0.03}, {"alpha": None})
    rows = [
        run(100, rule, 0.1, 0, 1, 1) | {"output_fraction": share, "alpha": "0.5"} | other
        for rule, share in kinds
        for other in others
    ]
    table = frame(rows)
    history = pd.DataFrame({"id": table["id"], "step": 1, "accuracy": 0.9, "m0": 1, "m1": 1.0})
    write_tables(
        table, history, tmp_path, preset_from_dict("hidden", {"settings": {"alpha": [0.5]}})
    )
    written = read_table(tmp_path / "hidden.csv")
    assert written.groupby("rule").size().to_dict() == {"all": 2, "largest-per-layer": 2}
    assert 0.03 not in set(written.get("init_std", ()))
    assert set(read_table(tmp_path / "hidden_history.csv.xz")["id"]) == set(written["id"])


def test_what_the_end_needs_is_imported_before_the_work(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "energynet.studies.report.page", None)
    runs = Made()
    with pytest.raises(ImportError):
        reproduce(small(), runs, tmp_path, shapes())
    assert runs.rows == []


def test_a_script_reproduces_with_data_of_its_own(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(save, "DRAWINGS", ())
    data = digits(train=200, test=100)
    methods = [
        {"rule": "all", "hidden": [5]},
        {"rule": "largest", "hidden": [5], "fraction": [0.3]},
    ]
    preset = preset_from_dict("mine", PRESET | {"method": methods, "extend": {}, "long": {}})
    with ThreadPoolExecutor(1) as executor:
        for _ in range(2):
            runs = StoredRuns(tmp_path / "runs", executor, data=data, progress=False)
            made = reproduce(preset, runs, tmp_path, shapes(data.n_in, data.classes))
    assert len(made.claims) == 19
    assert set(runs.table()["data_sha256"]) == {data.sha256}
    assert set(runs.history()["id"]) == set(runs.table()["id"])
    assert capsys.readouterr().err == ""


def test_the_outlook_is_the_next_stage_of_the_first_preset_that_is_not_complete():
    runs = Made()
    longer = small(seeds={"exploration": [0, 1, 2], "confirmation": [100, 101, 102]})
    presets = [small(), longer]
    stages = (("exploration", (3, 12)), ("confirmation", (2, 2)), ("confirmation", (1, 1)))
    for stage, counts in stages:
        first, *lines, _, stored = outlook(presets, runs.table(), shapes()).split("\n")
        assert first.startswith(f"small: next is the stage '{stage}', {sum(counts)} runs, about ")
        assert [tuple(line.split()[:2]) for line in lines] == [("100", "all"), ("100", "largest")]
        assert [line.split()[-3] for line in lines] == [str(count) for count in counts]
        assert stored == f"{len(runs.rows)} runs stored so far"
        plans = [next_stage(each, runs.table(), shapes()) for each in presets]
        runs.run(stage, next(plan for plan in plans if plan is not None).configs)
    assert outlook(presets, runs.table(), shapes()).startswith("complete: ")


def test_the_outlook_of_a_preset_that_goes_size_by_size_tells_of_all_sizes():
    methods = [
        {"rule": "all", "hidden": [10, 100]},
        {"rule": "largest", "hidden": [10, 100], "fraction": [0.1, 0.3]},
    ]
    preset = small(method=methods, one_size_at_a_time=True)
    runs = Made()
    first, *_, total, later, stored = outlook([preset], runs.table(), shapes()).split("\n")
    assert first.startswith("small: next is the stage 'exploration', 9 runs, about ")
    seeds = preset.seeds["exploration"]
    words = "exploration of all sizes: {} runs, {} of one core if each took 60,000 steps; at"
    times = [
        expected_seconds(en.TrainingConfig(hidden=hidden, rule=rule, seed=seed, **preset.settings))
        for hidden in (10, 100)
        for rule in (en.AllSynapses(), en.LargestUpdates(0.1), en.LargestUpdates(0.3))
        for seed in seeds
    ]
    assert total.startswith(words.format(3 * 2 * len(seeds), duration(sum(times))))
    assert later == "later stages follow from these results"
    runs.run("exploration", next_stage(preset, runs.table(), shapes()).configs)
    *_, total, _, stored = outlook([preset], runs.table(), shapes()).split("\n")
    half = len(times) // 2
    assert total.startswith(words.format(half, duration(sum(times[half:]))))
    assert stored == "9 runs stored so far"


def test_a_dry_run_starts_nothing(idx_folder, capsys):
    out = idx_folder / "out"
    command = ["reproduce", "--data", str(idx_folder), "--out", str(out), "--dry-run"]
    assert main(command) == 0
    assert capsys.readouterr().out.startswith("quick: next is the stage 'exploration', 60 runs")
    assert not out.exists()


@pytest.mark.parametrize("place", ["run", "history"])
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGHUP])
def test_signals_end_a_study_inside_and_between_stages(
    idx_folder,
    monkeypatch,
    capsys,
    place,
    sent,
):
    """As Ctrl-C does, and the same command ends as if nothing had been."""
    values = PRESET | {"method": [{"rule": "all", "hidden": [5]}], "extend": {}, "long": {}}
    preset = preset_from_dict("mine", values)
    monkeypatch.setattr("energynet.cli.reproduce.load_presets", lambda _: [preset])
    monkeypatch.setattr(save, "DRAWINGS", ())
    calls = []

    def ended(self, *arguments):
        calls.append(arguments)
        if len(calls) == 1:
            signal.raise_signal(sent)
        return before(self, *arguments)

    before = getattr(StoredRuns, place)
    monkeypatch.setattr(StoredRuns, place, ended)
    out = idx_folder / "out"
    command = ["reproduce", "--data", str(idx_folder), "--out", str(out), "--workers", "1"]
    assert main([*command, "--quiet"]) == 130
    told = "energynet: interrupted; the same command does the rest\n"
    assert capsys.readouterr() == ("", told)
    assert main([*command, "--quiet"]) == 0
    assert (out / "report.html").exists()


def test_runs_left_out_are_rows_with_a_reason():
    preset = preset_from_dict("tiny", PRESET | {"skip": {"from": 100, "points": 2.0}})
    settings = PRESET["settings"]
    rows = [run(100, "largest", 0.02, 0, 1, 1, "exhausted", 600, **settings) | {"accuracy": 0.8}]
    made = frame(rows).assign(data_sha256="0" * 64)
    table = with_skipped(preset, made, shapes(40, 4))
    pd.testing.assert_frame_equal(with_skipped(preset, table, shapes(40, 4)), table)
    last = table.iloc[-1]
    assert len(table) == 2
    assert (last["seed"], last["outcome"]) == (1, "skipped")
    assert last["reason"] == "the first seed ended 2 points or more below the criterion"
    assert en.cells(table)["missing"].sum() == 2
