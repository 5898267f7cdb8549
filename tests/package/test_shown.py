"""What people are shown: reprs, tables in notebooks, learning curves, runs side by side, hints."""

import base64
from dataclasses import replace
from html.parser import HTMLParser
from importlib.util import find_spec

import numpy as np
import pytest
from custom_rules import AllKinds, Answers
from support import HELPERS, digits

import energynet as en
from energynet.cli import main as cli
from energynet.cli.main import main
from energynet.support.format import exact, parameter, significant


class Cells(HTMLParser):
    """Text by cell; fails where tags do not match."""

    def __init__(self, text):
        super().__init__()
        self.open, self.cells = [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if data.strip():
            self.cells.append(data)


def run(**values):
    values = {"hidden": 5, "max_steps": 300, "test_every": 100, "target_accuracy": 1.0} | values
    return en.train(en.TrainingConfig(**values), digits())


def test_a_config_shows_what_is_not_default():
    config = en.TrainingConfig(hidden=7, rule=en.LargestUpdates(0.1), seed=3, alpha=0.5)
    assert repr(config).startswith("TrainingConfig(hidden=7, rule=LargestUpdates(fraction=0.1, ")
    assert repr(config).endswith("seed=3, alpha=(0.5,))")
    names = {name: getattr(en, name) for name in ("TrainingConfig", "LargestUpdates")}
    assert eval(repr(config), names) == config
    cells = Cells(config._repr_html_()).cells
    assert cells[0] == "TrainingConfig"
    assert cells[cells.index("learning_rate") + 1] == "0.01"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *[(0.1, "0.1"), (300_000.0, "300000"), (0.50000001, "0.50000001"), (1e-5, "1e-05")],
        *[("balanced", "balanced"), ("0.5", "0.5"), (np.float64(0.12345678), "0.12345678")],
    ],
)
def test_numbers_in_names_are_exact(value, text):
    assert exact(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.01, "0.01"), (0.01 / 3, "0.003333"), (1e-5, "1e-05"), (12345.0, "12345"), (12345, "12345"),
     (300_000, "300000"), (True, "True"), ("1" * 16, "1" * 16), ((0.5,), "(0.5,)")],
)  # fmt: skip
def test_parameters_are_short(value, text):
    assert parameter(value) == text


def test_one_is_singular():
    assert repr(en.Grid(hidden=3)) == "Grid(1 block, 1 run)"
    assert repr(en.Grid(hidden=3, seeds=2000)) == "Grid(1 block, 2,000 runs)"
    assert "exhausted after 1 step, " in repr(run(max_steps=1))
    tiny = en.Dataset.from_arrays(*[np.zeros((1, 1)), [0]] * 2)
    assert repr(tiny).endswith("1 pixel (float64), 1 class)")
    network = en.Network(np.zeros((2, 3)), np.zeros((4, 1)), 0.0, 0.0)
    assert repr(network) == "Network(1 pixel, 3 hidden, 1 output, float64)"


def test_tables_in_notebooks_are_escaped():
    class Tag(Answers):
        word: str

    config = en.TrainingConfig(hidden=3, rule=Tag(0, "<b>&"))
    assert "&lt;b&gt;&amp;" in config._repr_html_()
    Cells(config._repr_html_())


def test_a_result_in_a_notebook_says_what_the_command_line_says():
    result = run(alpha=0.5)
    cells = Cells(result._repr_html_()).cells
    rows = dict(zip(cells[1::2], cells[2::2], strict=True))
    assert rows["outcome"] == result.outcome
    assert rows["steps"] == "300"
    assert rows["M0, updates"] == significant(result.energy.m0)
    assert rows["M_0.5"] == significant(result.energy.alpha[0.5])
    assert f"M0 {rows['M0, updates']}, M1 {rows['M1, sum of |dw|']})" in repr(result)
    assert f"accuracy {rows['test accuracy']}, " in repr(result)


def test_the_best_accuracy_is_told_where_the_last_is_another():
    fell = run(learning_rate=0.3)
    assert fell.best_accuracy > fell.accuracy
    rows = dict(fell.summary())
    assert rows["test accuracy"] == f"{100 * fell.accuracy:.2f} %"
    assert rows["best test accuracy"] == f"{100 * fell.best_accuracy:.2f} %"
    assert "best_accuracy" not in fell.to_dict()
    assert "best test accuracy" not in dict(run(max_steps=100).summary())


def test_a_grid_in_a_notebook():
    grid = en.Grid(hidden=[3, 4], rule="largest", fraction=[0.1], seeds=20) + en.Grid(hidden=5)
    cells = Cells(grid._repr_html_()).cells
    assert cells[0] == "Grid(2 blocks, 41 runs)"
    assert cells[2] == (
        "hidden = 3, 4; rule = largest; fraction = 0.1; seeds = 0, 1 ... 19 (20 values)"
    )
    assert cells[3:] == ["block 2", "hidden = 5"]


def test_a_learning_curve(tmp_path):
    result = run()
    figure = result.plot()
    accuracy, m0, m1 = figure.axes
    np.testing.assert_array_equal(accuracy.lines[0].get_xdata(), [100, 200, 300])
    np.testing.assert_array_equal(
        accuracy.lines[0].get_ydata(), [row.accuracy for row in result.history]
    )
    assert list(accuracy.lines[1].get_ydata()) == [1.0, 1.0]
    np.testing.assert_array_equal(m0.lines[0].get_ydata(), [row.m0 for row in result.history])
    np.testing.assert_array_equal(m1.lines[0].get_ydata(), [row.m1 for row in result.history])
    figure.savefig(tmp_path / "curve.svg")
    assert (tmp_path / "curve.svg").stat().st_size > 1000
    never_tested = run(learning_rate=1e30)
    assert never_tested.outcome == "diverged"
    assert len(never_tested.plot().axes) == 3
    en.plot([never_tested, result])._repr_png_()


def labels(runs):
    return [text.get_text() for text in en.plot(runs).legends[0].get_texts()]


@pytest.mark.parametrize("n_in", [40, 49])
def test_maps_of_counts(n_in):
    """Pixels in a square are shown as one, others in a row; shares are those of the synapses."""
    config = en.TrainingConfig(hidden=5, rule=en.LargestUpdates(0.1), max_steps=50, test_every=50)
    result = en.train(config, digits(n_in=n_in), count_updates=True)
    figure = result.plot_counts()
    mean, changed, shares = figure.axes[:3]
    hidden, output = result.update_counts
    if n_in == 49:
        drawn = [axis.images[0].get_array().ravel() for axis in (mean, changed)]
    else:
        drawn = [axis.lines[0].get_ydata() for axis in (mean, changed)]
    np.testing.assert_allclose(drawn[0], hidden[:-1].mean(axis=1))
    np.testing.assert_allclose(drawn[1], 100 * (hidden[:-1] > 0).mean(axis=1))
    for line, counts in zip(shares.lines[:2], (hidden, output), strict=True):
        x, y = line.get_xydata()[0]
        assert x == pytest.approx(100 / counts.size)
        assert y == pytest.approx(100 * counts.max() / counts.sum())
        assert list(line.get_xydata()[-1]) == [100, 100]
    assert figure._repr_png_()
    readout = en.train(replace(config, rule=en.Readout()), digits(), count_updates=True)
    texts = readout.plot_counts().axes[-1].get_legend().get_texts()
    assert texts[0].get_text() == "hidden layer: no updates"
    with pytest.raises(en.ConfigError, match="needs a run of train with count_updates=True"):
        run().plot_counts()


def test_learning_curves_over_each_other():
    full, first, second = (
        run(),
        run(rule=en.LargestUpdates(0.1)),
        run(rule=en.LargestUpdates(0.2), seed=1),
    )
    figure = en.plot([full, first, second])
    for axis, name in zip(figure.axes, ("accuracy", "m0", "m1"), strict=True):
        for line, result in zip(axis.lines, (full, first, second), strict=False):
            expected = [getattr(row, name) for row in result.history]
            np.testing.assert_array_equal(line.get_ydata(), expected)
    assert [axis.get_yscale() for axis in figure.axes] == ["linear", "log", "log"]
    assert labels([full, first, second]) == [
        *("all, seed 0", "largest, fraction 0.1, seed 0", "largest, fraction 0.2, seed 1"),
    ]
    assert labels([run(hidden=3), run(hidden=4)]) == ["hidden 3", "hidden 4"]
    assert labels([full, full]) == ["run 1", "run 2"]
    looks = {
        (line.get_color(), line.get_linestyle()) for line in en.plot([full] * 12).axes[1].lines
    }
    assert len(looks) == 12
    assert en.plot([first])._suptitle.get_text() == first.plot()._suptitle.get_text()
    with pytest.raises(
        en.ConfigError, match=r"runs must be TrainingResults, at least one, got \[\]"
    ):
        en.plot([])


def test_text_of_the_user_is_no_mathematics_in_curves():
    runs = [run(rule=AllKinds(1, word=word)) for word in (r"$\bad{$", "_a$b$c")]
    figure = en.plot(runs)
    assert figure._repr_png_().startswith(b"\x89PNG")
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts == [r"word $\bad{$", "word _a$b$c"]


NOTEBOOK = """
import sys
sys.path.insert(0, {tests!r})
import energynet as en
from energynet.studies import figures
from support import digits
run = en.train(en.TrainingConfig(hidden=5, max_steps=100, test_every=50), digits(), threads=1)
"""


def test_figures_are_pictures_in_a_fresh_notebook(tmp_path):
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
    if find_spec("ipykernel") is None:  # not imported: this process would count as a notebook
        pytest.skip("ipykernel is not installed")
    cells = [
        NOTEBOOK.format(tests=str(HELPERS)),
        "run.plot()",
        "en.plot([run, run])",
        "figures.schematic(None)",
        "%matplotlib inline\nrun.plot()",
    ]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    resources = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(book, timeout=120, resources=resources).execute()
    for cell in book.cells[1:]:
        [output] = cell.outputs
        assert base64.b64decode(output["data"]["image/png"]).startswith(b"\x89PNG"), cell.source


def test_runs_side_by_side():
    runs = [run(), run(rule=en.LargestUpdates(0.1)), run(rule=en.LargestUpdates(0.2), seed=1)]
    table = en.compare(runs)
    assert list(table.columns) == [
        *("rule", "fraction", "seed", "outcome", "steps", "accuracy", "m0", "m1"),
        *("m0_ratio", "m1_ratio"),
    ]
    assert list(table["rule"]) == ["all", "largest", "largest"]
    assert list(table["m0"]) == [run.energy.m0 for run in runs]
    assert table["m0_ratio"][0] == 1
    assert table["m1_ratio"][2] == runs[2].energy.m1 / runs[0].energy.m1
    assert len(en.compare(runs[0])) == 1
    for bad in ([], [1], runs[0].config):
        with pytest.raises(en.ConfigError, match="runs must be TrainingResults, at least one"):
            en.compare(bad)


def test_energies_of_close_exponents_are_kept_apart():
    result = run(alpha=[0.5, 0.5000001])
    (row,) = en.compare(result).to_dict("records")
    assert (row["m_alpha_0.5"], row["m_alpha_0.5000001"]) == tuple(result.energy.alpha.values())
    assert {"M_0.5", "M_0.5000001"} <= dict(result.summary()).keys()


def test_tests_are_seen_with_the_network_of_their_time():
    seen = []

    def look(point, network):
        right = np.mean(network.predict(digits().x_test) == digits().y_test)
        seen.append((point, right, network.w1.copy()))
        with pytest.raises(ValueError, match="read-only"):
            network.w1[:] = 0

    config = en.TrainingConfig(hidden=5, max_steps=300, test_every=100, target_accuracy=1.0)
    result = en.train(config, digits(), on_test=look)
    assert [row for row, _, _ in seen] == list(result.history)
    assert [right for _, right, _ in seen] == [row.accuracy for row in result.history]
    np.testing.assert_array_equal(seen[-1][2], result.network.w1)
    assert not np.array_equal(seen[0][2], seen[1][2])
    plain = en.train(config, digits())
    np.testing.assert_array_equal(plain.network.w1, result.network.w1)


HINTS = [
    (["trian"], "did you mean 'train'?"),
    (["train", "--hidden", "3", "--fracton", "1"], "did you mean '--fraction'?"),
    (["train", "--hidden", "3", "--rule", "larget"], "did you mean 'largest'?"),
    (["train", "--hidden", "3", "--dtype", "float23"], "did you mean 'float32'?"),
    (["sweep", "g.toml", "--store", "s", "--worker", "2"], "did you mean '--workers'?"),
    (["reproduce", "--preset", "postr"], "did you mean 'poster'?"),
    # Something is missing or misplaced, too, because of the mistyped flag.
    (["sweep", "--stroe", "runs"], "arguments: --stroe; did you mean '--store'?"),
    (["sweep", "g.toml", "-store", "runs"], "arguments: -store; did you mean '--store'?"),
    (["train", "--hiden=3"], "arguments: --hiden; did you mean '--hidden'?"),
    (["status", "--grd", "g.toml"], "arguments: --grd; did you mean '--grid'?"),
    (["status", "--jsn"], "arguments: --jsn; did you mean '--json'?"),
    (["export", "runs", "--ot", "t.csv"], "arguments: --ot; did you mean '--out'?"),
    (["import", "t.csv", "--stor", "runs"], "arguments: --stor; did you mean '--store'?"),
    (["claims", "--jso"], "arguments: --jso; did you mean '--json'?"),
    (["figures", "runs", "--output", "f"], "arguments: --output; did you mean '--out'?"),
    (["report", "runs", "--aut", "r.html"], "arguments: --aut; did you mean '--out'?"),
    (["--versoin"], "arguments: --versoin; did you mean '--version'?"),
    (["--workers", "2", "sweep"], "arguments: --workers; flags of a command stand after its name"),
    (["--quiet", "train", "--hidden", "3"], "--quiet; flags of a command stand after its name"),
]


@pytest.mark.parametrize(("arguments", "hint"), HINTS)
def test_mistyped_words_are_recognized(arguments, hint, capsys):
    try:
        status = main(arguments)
    except SystemExit as error:
        status = error.code
    assert status == 2
    shown = capsys.readouterr().err
    assert hint in shown
    assert shown.count("\n") == 1


@pytest.mark.parametrize("quote", ["'", ""])
def test_hints_do_not_depend_on_how_python_prints_choices(quote, capsys):
    """Python 3.12.8, 3.13.1 and later print them without quotes."""
    parser, _ = cli._parser()
    parser.add_argument("--colour", choices=["red", "green"])
    mistyped = {"COMMAND": ("trian", ["train", "sweep"]), "--colour": ("gren", ["red", "green"])}
    for name, (word, choices) in mistyped.items():
        listed = ", ".join(f"{quote}{choice}{quote}" for choice in choices)
        with pytest.raises(SystemExit):
            parser.error(f"argument {name}: invalid choice: '{word}' (choose from {listed})")
    shown = capsys.readouterr().err
    assert "did you mean 'train'?\n" in shown
    assert "did you mean 'green'?\n" in shown


def test_mistyped_fields_are_recognized():
    with pytest.raises(en.ConfigError, match="did you mean 'learning_rate'"):
        en.TrainingConfig.from_dict({"hidden": 3, "learning_rat": 1})
    with pytest.raises(en.ConfigError, match="did you mean 'fraction'"):
        en.Grid(hidden=3, fracton=1)
