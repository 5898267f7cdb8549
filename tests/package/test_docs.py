"""README and documentation: their code runs and prints what they show; they agree with the code."""

import ast
import base64
import re
import subprocess
import sys
from copy import deepcopy
from dataclasses import fields
from html.parser import HTMLParser
from importlib.util import find_spec

import blocks
import made
import matplotlib
import numpy as np
import published
import pytest
import rooms
import written
from markdown_it import MarkdownIt
from support import PYTHON

import energynet as en
from energynet.cli import main as cli
from energynet.cli import train as cli_train
from energynet.data.mnist import MNIST_SHA256
from energynet.rules.names import RULES
from energynet.store.folder import run_id

PAGES = {page.name: page for page in blocks.pages()}
TEXTS = {name: page.read_text() for name, page in PAGES.items()}
PARSER, COMMANDS = cli._parser()


def with_code(name):
    found = blocks.blocks(PAGES[name])
    return any(block.language == "python" for block in found)


@pytest.fixture
def slurm(monkeypatch, tmp_path):
    """Workers in this process in the place of SLURM jobs, and a small grid."""
    distributed = pytest.importorskip("distributed", reason="needs Dask (extra 'cluster')")
    pytest.importorskip("dask_jobqueue", reason="needs dask-jobqueue (extra 'cluster')")
    clusters = []

    class Here(distributed.LocalCluster):
        def __init__(self, cores, processes, memory, walltime):
            assert cores == processes
            super().__init__(1, threads_per_worker=1, processes=False, dashboard_address=None)
            clusters.append(self)

        def adapt(self, maximum_jobs):
            assert maximum_jobs > 0

    monkeypatch.setattr("dask_jobqueue.SLURMCluster", Here)
    (tmp_path / "grid.toml").write_text("[[block]]\nhidden = [5, 6]\nmax_steps = 100\n")
    yield
    distributed.default_client().close()
    for cluster in clusters:
        cluster.close()


@pytest.mark.parametrize("name", [name for name in PAGES if with_code(name)])
def test_the_code_of_a_page_runs_and_prints_what_it_shows(name, tmp_path, request):
    if name == "cluster.md":
        request.getfixturevalue("slurm")
    pictures = made.run(PAGES[name], tmp_path)
    for picture in made.DRAWN_BY.get(name, ()):
        assert_drawn(picture, pictures[picture])


def assert_drawn(name, picture):
    """A committed picture is what is drawn now; another Matplotlib draws it another way."""
    committed = (made.PICTURES / name).read_text()
    if f"Matplotlib v{matplotlib.__version__}," in committed:
        assert picture == committed, "run docs/scripts/made.py --pictures"


def test_pictures_of_the_scripts_are_current():
    assert rooms.draw() == (made.PICTURES / "rooms.svg").read_text()
    assert_drawn("rank_one.svg", made.rank_one.draw())


@pytest.mark.parametrize("name", [name for name in PAGES if made.MADE.search(TEXTS[name])])
def test_what_is_made_in_a_page_is_current(name):
    """But for line breaks: another Python breaks the lines of `--help` elsewhere."""
    assert made.anew(TEXTS[name]).split() == TEXTS[name].split(), "run docs/scripts/made.py"


@pytest.mark.parametrize("name", PAGES)
def test_pages_read_well_without_sphinx(name):
    """No directives, placeholders or pictures that a forge does not show; links lead to files."""
    text = re.sub(r"(?s)<!--.*?-->", "", TEXTS[name])
    tokens = MarkdownIt().parse(text)
    assert not [token.info for token in tokens if "{" in token.info]
    prose = "\n".join(token.content for token in tokens if token.type == "inline")
    assert not re.search(r"\{\{|\}\}|\{[a-z-]+\}`|:file:|\*Not measured", prose)
    for target in re.findall(r"\]\((?!https?://|#)([^)#\s]+)", prose):
        assert (PAGES[name].parent / target).exists(), target
    for formula in re.findall(r"\$[^$]+\$", prose):  # what a forge takes for an escape
        assert not re.search(r"\\[,;:!#{}]", formula), formula


def test_a_page_that_shows_something_else_fails(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("```python\nprint(1)\n```\n```text\n2\n```\n")
    with pytest.raises(AssertionError, match=r"page.md, line 1: the page shows\n2"):
        blocks.run_page(page, tmp_path)


@pytest.mark.parametrize("name", PAGES)
def test_grids_of_a_page_are_grids(name, tmp_path, monkeypatch):
    saved = [block for block in blocks.blocks(PAGES[name]) if block.file.endswith(".py")]
    for block in saved:
        (tmp_path / block.file).write_text(block.text)
    monkeypatch.syspath_prepend(tmp_path)
    network = en.Network(np.ones((2, 20)), np.ones((21, 1)), mean=0.0)
    network.save(tmp_path / "first.npz")  # which a grid may name
    for block in blocks.blocks(PAGES[name]):
        if block.language == "toml" and "[[block]]" in block.text:
            path = tmp_path / "grid.toml"
            path.write_text(block.text)
            assert len(en.Grid.from_toml(path)) > 0
    for block in saved:
        sys.modules.pop(block.file.removesuffix(".py"), None)


def whole_commands():
    """Commands in blocks, as they would be typed."""
    for name, page in PAGES.items():
        for block in blocks.blocks(page):
            if block.language in ("sh", "bash", ""):
                for arguments in blocks.commands(block.text):
                    yield pytest.param(arguments, id=f"{name}:{block.line} {' '.join(arguments)}")


@pytest.mark.parametrize("arguments", list(whole_commands()))
def test_commands_are_understood(arguments):
    _, unknown = PARSER.parse_known_args(arguments)
    assert unknown == []


@pytest.mark.parametrize("name", [*PAGES, "CONTRIBUTING.md", "CHANGELOG.md"])
def test_commands_within_sentences_exist(name):
    text = TEXTS.get(name) or (blocks.ROOT / name).read_text()
    for span in re.findall(r"`(energynet [^`]+)`", text):
        words = span.split()
        for command in words[1].split("|"):
            assert command in COMMANDS.choices, span
            known = COMMANDS.choices[command]._option_string_actions
            for flag in re.findall(r"--[a-z][a-z-]*", span):
                assert flag in known, span
    every = {flag for each in COMMANDS.choices.values() for flag in each._option_string_actions}
    every |= {"--signal"}  # of SLURM
    for flag in re.findall(r"`(--[a-z][a-z-]*)", text):
        assert flag in every, flag


def tables(text):
    """Rows of the tables of a page as lists of cells; \\| is no border."""
    for line in text.splitlines():
        if line.startswith("| ") and not line.startswith("| ---"):
            yield [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def test_readme_names_every_rule_with_its_class(tmp_path):
    mask = en.GivenMask(np.ones((6, 3), bool), np.ones((4, 2), bool))
    values = {"P": 0.2, "Q": 0.5, "hidden": mask.hidden, "output": mask.output}
    mask.save(tmp_path / "mask.npz")
    seen = set()
    table = TEXTS["README.md"].split("## Plasticity rules")[1]
    for name, code, *_ in tables(table):
        if not name.startswith("`") or ":" in name:
            continue
        command, python = name.strip("`").split(), code.strip("`")
        if "..." in python:
            continue  # stands for several
        rule = eval(python, {"__builtins__": {}, **vars(en), **values})
        fractions = {"fraction": 0.2} if "(P" in python else {}
        if "--output-fraction" in command:
            fractions["output_fraction"] = float({"Q": 0.5}.get(command[-1], command[-1]))
        if "--mask" in command:
            fractions["mask"] = tmp_path / "mask.npz"
        assert en.rule_from_name(command[0], **fractions) == rule
        seen.add(command[0])
    assert seen == set(RULES)


def test_every_rule_stands_in_the_help_and_on_the_science_page():
    shown = cli_train._TRAIN_EXAMPLES.split("rules:")[1].split("(in brackets")[0]
    assert re.findall(r"^  ([a-z]\S*)", shown, re.MULTILINE) == list(RULES)
    cells = {cell for row in tables(TEXTS["science.md"]) for cell in row[:1]}
    assert {f"`{name}`" for name in RULES} <= cells


def test_energies_of_the_published_program_stand_beside_ours():
    rows = list(published.rows())
    assert len(rows) == 17
    apart = {(row[0], row[1][:2], row[2].rstrip("\\*")) for row in rows if row[-1] > 2}
    assert {(nh, rule.strip(","), p) for nh, rule, p in apart} == published.APART
    assert all(first and second for first, second in published.cells().values())
    runs = published.read(published.OURS)
    assert len(runs) == sum(row[4][0] for row in rows)
    assert {run["seed"] for run in runs} == set("01234")
    config = en.TrainingConfig(
        hidden=100,
        seed=0,
        init_std=0.03,
        rule=en.LargestUpdates(0.01, scope="layer", output_fraction=1),
    )
    assert run_id(config, MNIST_SHA256) in {run["id"] for run in runs}


def test_every_public_name_is_in_the_reference():
    listed = re.findall(r":: energynet\.(\w+)$", TEXTS["reference.md"], re.MULTILINE)
    assert sorted(listed) == sorted(en.__all__)


def test_parameters_of_a_config_are_documented():
    for item in fields(en.TrainingConfig):
        assert f"\n    {item.name} : " in en.TrainingConfig.__doc__


def test_numbers_on_the_page_about_performance_were_measured():
    """They come from results.json. Only numbers that define something are typed."""
    times, sizes = r"us|µs|ms|s|seconds?|min|minutes?|microseconds?", r"bytes?|[kKMG]i?B"
    counts = r"times|x|percent|images|steps|hidden units|synapses|cores|threads"
    typed = rf"\d[\d.,]*\s*(?:%|(?:{times}|{sizes}|{counts})\b)"
    assert set(re.findall(typed, made.bare(TEXTS["performance.md"]))) == {
        *("1,000 hidden units", "800,000 synapses", "1 %"),  # the example of the beginning
        *("256 bytes", "64 bytes", "64 MB"),  # packed rows, vectors, what is kept of frozen units
        "8,000 hidden units",  # where more threads begin
    }
    for measured in ("3.1 ms", "2 times", "12 bytes", "97 percent", "30 hidden units", "5x", "4 %"):
        assert re.fullmatch(typed, measured)
    shown = written.measured("rules")
    for row in written.json.loads(written.BENCHMARKS.read_text())["rules"]["rows"]:
        assert f"| {row['name']} | {written._number(row, 'median')} |" in shown
    assert "Not measured" in written.measured("nothing")


def test_the_statements_of_the_page_are_those_that_are_judged():
    from energynet.studies.statements.statements import STATEMENTS

    shown = written.statements()
    for statement in STATEMENTS:
        text = statement.text.replace("*", r"\*")
        assert f"- **{statement.number}** {text}" in shown


def test_the_picture_of_the_folders():
    """Every room with what it says of itself; from each, all others that it imports are reached."""
    graph = {room: others for room, others in rooms.arrows().items() if room != "__main__"}
    picture = Texts(rooms.draw())
    for room in graph:
        name = room.replace(".", "/")
        assert {f"{name}/", f"{name}.py"} & set(picture.words)
    drawn = {room: {o for a, o in rooms.needed(graph) if a == room} for room in graph}
    assert picture.arrows == sum(map(len, drawn.values()))
    for room, others in graph.items():
        reached = rooms.reached(drawn, room)
        assert others <= reached
        assert not any(
            o in rooms.reached(drawn, between) for o in drawn[room] for between in others
        )


class Page(HTMLParser):
    """A page of the site: its ids, where its links lead, and what it loads."""

    def __init__(self, path):
        super().__init__()
        self.ids, self.links, self.loaded = set(), [], []
        self.feed(path.read_text())

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.ids.add(attrs.get("id"))
        target = attrs.get("href") or attrs.get("src")
        if target and not target.startswith("data:"):
            (self.links if tag == "a" else self.loaded).append(target)
        if tag == "img":
            assert attrs["alt"], attrs["src"]


class Texts(HTMLParser):
    """Words and arrows of a picture."""

    def __init__(self, text):
        super().__init__()
        self.words, self.arrows = [], 0
        self.feed(text)

    def handle_starttag(self, _tag, attrs):
        self.arrows += ("marker-end", "url(#head)") in attrs

    def handle_data(self, data):
        self.words.append(data)


def test_modules_and_names_on_the_page_about_architecture_exist():
    text = TEXTS["architecture.md"]
    package, root = blocks.ROOT / "energynet", blocks.ROOT
    for path in re.findall(r"`([a-z_]+(?:/[a-z_]+)*(?:\.py|/))`", text):
        assert any((at / path).exists() for at in (package, root, package / "analysis")), path
    source = "\n".join(path.read_text() for path in package.rglob("*.py"))
    defined = {
        name
        for node in ast.walk(ast.parse(source.replace("from __future__", "# ")))
        for name in (getattr(node, "name", None), getattr(node, "id", None))
        if name
    } | {"energynet"}
    for name in re.findall(r"`([A-Za-z_]+)`", text):
        assert name in defined, name


def test_the_site_builds_without_warnings(tmp_path):
    for module in ("sphinx", "furo", "myst_parser", "sphinx_copybutton"):
        pytest.importorskip(module, reason="needs Sphinx (extra 'docs')")
    command = [*PYTHON, "-m", "sphinx", "-q", "-W", "--keep-going"]
    done = subprocess.run(
        [*command, "-d", tmp_path / "trees", blocks.DOCS, tmp_path / "site"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for name in PAGES:
        if name != "README.md":
            assert (tmp_path / "site" / name).with_suffix(".html").exists()
    site = {path.name: Page(path) for path in (tmp_path / "site").glob("*.html")}
    for name, page in site.items():
        for target in page.loaded:  # nothing comes from another host
            assert (tmp_path / "site" / target.split("?")[0].split("#")[0]).exists(), target
        for target in page.links:
            if not target.startswith("https://"):
                file, _, anchor = target.partition("#")
                assert not anchor or anchor in site[file or name].ids, f"{name}: {target}"
                assert not file or (tmp_path / "site" / file).exists(), f"{name}: {target}"


def outputs(book):
    """What the cells of a notebook show: texts in words, pictures by how they begin."""
    for cell in book.cells:
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":
                continue
            data = output.get("data", {})
            picture = base64.b64decode(data.get("image/png", ""))[:4]
            yield cell.id, output.get("text", data.get("text/plain", "")).split(), picture


def test_the_notebook_runs_and_shows_what_it_shows(tmp_path):
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
    if find_spec("ipykernel") is None:  # not imported: this process would count as a notebook
        pytest.skip("ipykernel is not installed")
    path = blocks.ROOT / "examples" / "first_steps.ipynb"
    committed = nbformat.read(path, 4)
    text = "\n".join(cell.source for cell in committed.cells if cell.cell_type == "markdown")
    for target in re.findall(r"\]\((?!https://)([^)#]+)\)", text):
        assert (path.parent / target).exists(), target
    made_now = deepcopy(committed)
    resources = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(made_now, timeout=300, resources=resources).execute()
    assert list(outputs(made_now)) == list(outputs(committed))
    assert [picture for *_, picture in outputs(committed) if picture] == [b"\x89PNG"]


@pytest.mark.parametrize("name", ["README.md", "tutorial.md", "CONTRIBUTING.md"])
def test_what_is_installed_works_in_the_checkout(name):
    """Else Python, started there, finds sources without their compiled part."""
    text = TEXTS.get(name) or (blocks.ROOT / name).read_text()
    lines = [line for line in text.splitlines() if re.search(r"pip install .*[ '\"]\.", line)]
    assert lines
    assert not [line for line in lines if " -e " not in line]
