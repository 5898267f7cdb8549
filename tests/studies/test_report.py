"""The report: whole, honest, the same twice, and alive in a real browser."""

import base64
import json
import re
import shlex
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from custom_rules import AllKinds
from made_up_study import study_history, study_table
from tables import complete

import energynet as en
from energynet.analysis.sensitivity import floor, smallest_fraction
from energynet.analysis.study import Study
from energynet.cli import main as cli
from energynet.cli import train as cli_train
from energynet.cli.main import main
from energynet.data.mnist import MNIST_SHA256
from energynet.studies.figures import (
    DRAWINGS,
    costs_against_fraction,
    save,
    saving_against_rate,
    schematic,
)
from energynet.studies.figures.save import to_svg
from energynet.studies.report import forest, render, tables, write_report
from energynet.studies.report.inline import inline_svg
from energynet.studies.statements.claims import claims
from energynet.studies.statements.plain import HEADINGS, PLAIN
from energynet.studies.statements.text import tallied
from energynet.support.format import percent, typeset

LONGER = 14  # the figure that needs runs beyond the criterion, which this table lacks
EACH = ("quantity", "cell", "claimed")  # words beside an estimate
NUMBER = r"-?\d+(?:\.\d+)?(?:e-?\d+)?"


@pytest.fixture(scope="module")
def table():
    return study_table(hidden=(100,), fractions=(0.002, 0.01, 0.05, 0.2, 1.0), small=(10, 20))


@pytest.fixture(scope="module")
def report(table, tmp_path_factory):
    file = tmp_path_factory.mktemp("r") / "report.html"
    return write_report(table, study_history(table), file, statements=True)


class Links(HTMLParser):
    """Every address in a page, and every id."""

    def __init__(self, text):
        super().__init__()
        self.loaded, self.followed, self.ids = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name == "id":
                self.ids.append(value)
            if name in ("src", "href"):
                (self.followed if tag in ("a", "use") else self.loaded).append(value)


def test_page_needs_nothing_else(report):
    links = Links(report.read_text())
    assert links.loaded == ["data:,"]
    assert len(links.ids) == len(set(links.ids))
    inside = [link.removeprefix("#") for link in links.followed if link.startswith("#")]
    assert set() < set(inside) <= set(links.ids)
    outside = [link for link in links.followed if not link.startswith(("#", "data:text/csv"))]
    assert {link.rpartition("10.")[0] for link in outside} == {"https://doi.org/"}


def test_page_holds_every_verdict_figure_and_energy(table, report):
    text = report.read_text()
    results = Study.of(table, study_history(table))
    for claim in claims(table, history=study_history(table)):
        assert f"<p>{claim.statement.replace('&', '&amp;').replace('<', '&lt;')}".split(":")[
            0
        ] in text.replace("&gt;", ">")
    for drawing in DRAWINGS:
        if drawing.number == LONGER:
            assert f"<li>{drawing.title} (figure {drawing.number}): it needs" in text
        else:
            assert f'id="{drawing.name}"' in text
            assert f"<b>{drawing.title}</b> (figure {drawing.number})." in text
    ours = sum(
        d.ours for d in DRAWINGS if d.number != LONGER
    )  # none of verdicts, as none is judged
    assert text.count("Ours: the poster has no such figure") == ours
    assert text.count("figure.)</span>\n") == ours  # a space before the caption
    assert "What the savings in M₀ depend on" in text
    [first, *_] = tables.hinges(results)  # of the largest updates of the network
    least = smallest_fraction(results, tables.ADMITTED).query("energy == 'm0' & rule == 'largest'")
    known = least["ratio"].where(least["low"].notna(), least["explored"])
    assert [ratio for ratio, _ in first["admitted"]] == list(known)
    assert all(low <= ratio <= high for ratio, (low, high) in first["admitted"] if low == low)
    assert f'data-value="{first["priced"][0][0]}"' in text
    bound = floor(results).set_index(["hidden", "rule"])["share"]
    assert f'data-value="{bound[100, "largest"]}"' in text
    optimum = results.optimal.set_index(["hidden", "rule", "energy"]).loc[(100, "largest", "m0")]
    assert f'data-value="{optimum["confirmed"]}"' in text


def test_numbers_of_figures_can_be_taken_from_the_page(report):
    text = report.read_text()
    _, _, rest = text.partition(
        'download="figure-6-maximum-saving.csv" href="data:text/csv;base64,'
    )
    assert base64.b64decode(rest.partition('"')[0]).startswith(b"hidden,quantity,rule,fraction")


def test_page_is_the_same_twice(table, report, tmp_path):
    file = tmp_path / "again.html"
    again = write_report(table.iloc[::-1], study_history(table), file, statements=True)
    assert again.read_bytes() == report.read_bytes()


def test_the_cell_of_an_estimate_is_told_in_words(report):
    text = " ".join(report.read_text().split())
    assert (
        "ratio of energies: M0 under a fixed mask over that under the largest updates, at" in text
    )
    assert "<small>ratio of energies: E(" not in text


def test_words_of_claims_are_text_not_markup(table, monkeypatch):
    monkeypatch.setattr(save, "DRAWINGS", ())
    evil = "<script>alert(1)</script>"
    part = {
        "number": 1,
        "statement": evil,
        "plain": evil,
        "verdict": "undecided",
        "estimate": None,
        "interval": [None, 2.0],
        "sizes": [],
        "words": evil,
        "parts": [],
        "version": 1,
        "reading": "hidden",
        "quantity": "",
        "cell": "",
        "lacking": False,
        "told": [("", {"estimate": None, "interval": [None, 2.0], **dict.fromkeys(EACH, evil)})],
    }
    text = render(Study.of(table), [[{**part, "parts": [{**part, "parts": [part]}]}]])
    assert evil not in text
    assert text.count("&lt;script&gt;") == 10
    assert "at most 2.00" in text


@pytest.mark.parametrize(
    ("numbers", "words"), [((0, 1, 2), "0 to 2"), ((0, 1), "0 and 1"), ((2,), "2"), ((), "–")]
)
def test_the_page_names_the_seeds_that_were_run(table, numbers, words):
    own = table[table["seed"].ge(100) | table["seed"].isin(numbers)]
    assert tables.seeds(Study.of(own), "exploration") == words


def test_figures_that_lack_runs_say_so(table, tmp_path):
    unmodified = table[table["rule"] == "all"]
    text = write_report(unmodified, None, tmp_path / "r.html", statements=True).read_text()
    assert text.count(": it needs") == len(DRAWINGS) - 1
    assert (
        "<summary>What these runs cannot judge: 19 of 19 wordings of statements</summary>" in text
    )
    assert "What is saved" not in text


def test_the_report_opens_with_how_many_statements_have_each_verdict(tmp_path):
    page = write_report(*complete(), tmp_path / "r.html", statements=True).read_text()
    assert "with P of the network 14 hold." in " ".join(page.split("<nav")[0].split())
    counts = {"holds": 1, "fails": 2, "mixed": 1, "undecided": 0}
    assert tallied(counts) == "1 holds, 2 fail, 1 is mixed"
    assert (
        tallied({"fails": 1, "mixed": 2, "undecided": 3}) == "1 fails, 2 are mixed, 3 are undecided"
    )


def test_a_report_speaks_of_the_poster_only_if_asked_to(table, report, tmp_path):
    text = write_report(table, study_history(table), tmp_path / "own.html").read_text()
    for words in ("poster", "statement", "energynet reproduce", "verdict"):
        assert words in report.read_text()
        assert words not in text.split("<main>")[1], words
    places = [text.index(f'id="{name}"') for name in ("savings", "figures", "energies", "limits")]
    assert places == sorted(places)
    opening = text[text.index("<main>") : text.index('id="figures"')]
    assert 'id="figure-4-costs-against-fraction"' in opening  # one size: no figure 6 to open with
    assert "1,000" not in opening
    assert "<td>largest updates of the network</td>" in opening
    assert "MNIST" in text or "custom (" in text or "unknown" in text


def test_command_writes_the_page(table, tmp_path, capsys):
    unmodified = table[table["rule"] == "all"]
    unmodified.to_csv(tmp_path / "runs.csv", index=False)
    file = tmp_path / "report.html"
    assert main(["report", str(tmp_path / "runs.csv"), "--out", str(file)]) == 0
    assert capsys.readouterr().out.strip() == str(file)
    assert file.read_text().endswith("</html>")
    assert "the energy of the unmodified network divided by" in file.read_text()
    assert "statements" not in file.read_text()
    assert main(["report", str(tmp_path / "runs.csv"), "--out", str(file), "--statements"]) == 0
    assert "What these runs cannot judge: 19 of 19 wordings" in file.read_text()
    capsys.readouterr()
    command = ["report", str(tmp_path / "runs.csv"), "--out", str(file), "--against"]
    assert main([*command, "larges"]) == 2
    assert "against must be one of all, got 'larges'" in capsys.readouterr().err
    missing = tmp_path / "no" / "report.html"
    assert main(["report", str(tmp_path / "runs.csv"), "--out", str(missing)]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_inline_svg_is_unique_and_takes_the_page_colours(table):
    svg = to_svg(schematic(Study.of(table)), transparent=True)
    text = inline_svg(svg, "f2", "Rules & rest")
    root = ElementTree.fromstring(text)
    assert root.get("aria-label") == "Rules & rest"
    assert "currentColor" in text
    for foreign in ("#1b1d20", "#ffffff", "<metadata", "<style", "xlink"):
        assert foreign not in text
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert {name[:3] for name in ids} == {"f2-"}


def test_inline_svg_is_the_same_to_the_eye(table):
    svg = to_svg(costs_against_fraction(Study.of(table)), transparent=True)
    text = inline_svg(svg, "f4", "Costs")
    root, original = ElementTree.fromstring(text), ElementTree.fromstring(svg)
    ids = {element.get("id") for element in root.iter()} - {None}
    referred = set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', text))
    assert ids == {first or second for first, second in referred}
    for tag in ("path", "use", "text"):
        shown, full = (
            list(tree.iter(f"{{http://www.w3.org/2000/svg}}{tag}")) for tree in (root, original)
        )
        assert len(shown) == len(full) > 0
        for one, other in zip(shown, full, strict=True):
            assert one.text == other.text
            for key in ("d", "x", "y"):
                near, exact = (each.get(key, "") for each in (one, other))
                assert re.sub(NUMBER, "", near).split() == re.sub(NUMBER, "", exact).split()
                np.testing.assert_allclose(
                    [float(value) for value in re.findall(NUMBER, near)],
                    [float(value) for value in re.findall(NUMBER, exact)],
                    atol=0.0051,
                )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (float("nan"), "–"),
        (0.0, "0"),
        (0.001234, "0.00123"),
        (9.999, "10.0"),
        (1234.0, "1,230"),
        (12_345_678, "1.23·10⁷"),
        (-0.5, "−0.500"),
        (float("inf"), "∞"),
    ],
)
def test_amounts(value, text):
    assert typeset(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.5, "50.0 %"), (0.99712, "99.71 %"), (0.99998, "99.9980 %"), (1.0, "100.0 %"),
     (-0.211, "−21.1 %"), (None, "–"), (-float("inf"), "–")],
)  # fmt: skip
def test_percentages(value, text):
    assert percent(value) == text


def test_energies_are_compared_with_any_rule(table):
    study, label = Study.of(table), "largest-per-neuron"
    rows = {(row["rule"], row["energy"]): row for row in tables.optima(study, "largest")}
    expected = en.savings(table, against="largest").set_index(["rule", "energy"])
    assert rows[label, "m0"]["ratio"] == expected.loc[(label, "m0"), "ratio"]
    assert rows["all", "m1"]["ratio"] < 1


def test_a_failed_confirmation_run_leaves_a_bound(table):
    hit = (table["rule"] == "largest") & (table["seed"] == 100)
    failed = table.assign(outcome=table["outcome"].where(~hit, "exhausted"))
    rows = [row for row in tables.optima(Study.of(failed)) if row["rule"] == "largest"]
    assert [row["energy"] for row in rows] == ["m0", "m1"]
    for row in rows:
        assert row["ratio_text"] == f"≤ {typeset(row['ratio'])}"
        assert row["ratio_ends"] == (None, row["ratio_high"])
        assert "87.5 % of the confirmation runs reached the criterion" in row["note"]
        assert pd.isna([row["low"], row["high"]]).all()  # it is that of the successes
        assert "the ratio is an upper bound" in row["note"]


def test_an_output_layer_that_never_reached_is_told_so(table):
    bare = table[table["rule"] == "all"].assign(
        rule="readout", fraction=np.nan, outcome="exhausted", id=lambda t: "f" + t["id"].str[1:]
    )
    rows = tables.optima(Study.of(pd.concat([table, bare], ignore_index=True)))
    notes = {row["note"] for row in rows if row["rule"] == "readout"}
    assert notes == {"no run reached the criterion"}


def test_runs_without_a_result_are_told(table):
    hit = (table["rule"] == "largest") & (table["fraction"] == 0.002)
    outcome, reason = table["outcome"].mask(hit, "skipped"), "too small a fraction"
    known = dict(tables.facts(Study.of(table)))
    assert "runs without a result" not in known
    changed = table.assign(outcome=outcome, reason=pd.Series(reason, table.index).where(hit))
    told = dict(tables.facts(Study.of(changed)))["runs without a result"]
    assert told == f"{hit.sum()} ({hit.sum()} skipped); {reason}"


def test_figures_of_runs_in_other_settings_are_named_by_their_numbers(table, monkeypatch):
    other = table.assign(learning_rate=0.003, id=table["id"] + "x")
    both = pd.concat([table.assign(learning_rate=0.01), other], ignore_index=True)
    renumbered = replace(saving_against_rate, number=77)
    monkeypatch.setattr(tables, "saving_against_rate", renumbered)
    told = dict(tables.facts(Study.of(both)))["runs in other settings"]
    assert told == f"{len(other):,}, in figure 77 alone"


def test_example_command_is_one_of_the_runs(table):
    results = Study.of(table.assign(target_accuracy=0.9, test_every=500))
    assert tables.example(results) == (
        "energynet train --hidden 100 --rule fixed-synapses --fraction 0.2 --seed 100"
        " --target-accuracy 0.9 --test-every 500"
    )


def test_example_command_asks_for_what_the_run_was_asked_for(table):
    """Balanced and auto: the numbers that they came to are results."""
    all_synapses = table["rule"] == "all"
    balanced = table[all_synapses | table["output_balanced"]]
    results = Study.of(balanced.assign(learning_rate=0.004, learning_rate_auto=True))
    command = tables.example(results)
    assert command == (
        "energynet train --hidden 100 --rule fixed-synapses --fraction 0.05"
        " --output-fraction balanced --seed 100 --learning-rate auto"
    )
    told = dict(tables.facts(results))["settings other than the defaults"]
    assert told == "learning_rate auto"


def test_example_command_is_one_of_the_runs_of_a_rule_of_ones_own(table):
    rule = AllKinds(whole=3, number=0.25, flag=False, word="two words")
    own = table.assign(
        rule=table["rule"].where(table["rule"] == "all", rule.name),
        rule_version=1,
        parameters=json.dumps(rule.parameters),
        data_sha256="0" * 64,
    )
    own.loc[own["rule"] == "all", "parameters"] = None
    command = tables.example(Study.of(own.drop_duplicates(["hidden", "rule", "seed"])))
    assert command.endswith(" --seed 100 --data FOLDER")
    options = cli._parser()[0].parse_args(shlex.split(command)[1:])
    assert cli_train._config(options).rule == rule
    of_mnist = own.assign(data_sha256=MNIST_SHA256)
    assert "--data" not in tables.example(Study.of(of_mnist))


@pytest.mark.parametrize(("rule", "words"), [("readout", ""), ("fixed-given", " --mask FILE.npz")])
def test_example_command_of_a_rule_without_fraction(table, rule, words):
    own = table[table["rule"].isin(["all", "largest"])]
    own = own.assign(rule=own["rule"].replace("largest", rule), fraction=np.nan, mask=None)
    own.loc[own["rule"] == "fixed-given", "mask"] = "0123456789abcdef"
    own = own.drop_duplicates(["hidden", "rule", "seed"])
    command = tables.example(Study.of(own))
    assert command == f"energynet train --hidden 100 --rule {rule}{words} --seed 100"


SCREENS = {
    "light": {"viewport": {"width": 1200, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1200, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 360, "height": 740}, "color_scheme": "light"},
}


@pytest.fixture(params=SCREENS)
def opened(request, chromium, report):
    """The report on a screen; whatever it complains of or asks for fails the test."""
    context = chromium.new_context(**SCREENS[request.param])
    opened, complaints, requests = context.new_page(), [], []
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("request", lambda asked: requests.append(asked.url))
    opened.goto(report.as_uri())
    yield opened
    assert complaints == []
    assert [url for url in requests if not url.startswith("data:")] == [report.as_uri()]
    context.close()


def luminance(color):
    parts = color.removeprefix("rgb(").removesuffix(")").split(",")
    return sum(map(int, parts)) / 3


def test_every_figure_is_seen(opened):
    figures = opened.locator("figure svg")
    assert figures.count() == len(DRAWINGS) - 1  # without LONGER, and none of verdicts
    width = opened.viewport_size["width"]
    for i in range(figures.count()):
        figures.nth(i).scroll_into_view_if_needed()
        box = figures.nth(i).bounding_box()
        assert box["width"] > 300
        assert box["height"] > 200
        assert 0 <= box["x"] <= box["x"] + box["width"] <= width
        assert figures.nth(i).locator("text").first.is_visible()


def test_page_fits_and_ink_stands_out(opened):
    assert opened.evaluate("document.documentElement.scrollWidth <= innerWidth")
    style = "getComputedStyle(document.querySelector('{}')).{}"
    paper = luminance(opened.evaluate(style.format("body", "backgroundColor")))
    for ink in (style.format("body", "color"), style.format("figure svg text", "fill")):
        assert abs(luminance(opened.evaluate(ink)) - paper) > 150
    opened.emulate_media(media="print")
    assert luminance(opened.evaluate(style.format("body", "backgroundColor"))) == 255
    assert luminance(opened.evaluate(style.format("figure svg text", "fill"))) == 0


def test_table_sorts(opened):
    column = (
        "[...document.querySelectorAll('table.sortable tbody')[0].rows].map(r => r.cells[{}]{})"
    )

    def energies():
        return opened.evaluate(column.format(4, ".dataset.value"))

    before = energies()
    button = opened.get_by_role("button", name="Exploration")
    button.click()
    up = [float(value) for value in energies() if value]
    assert up == sorted(up)
    assert before != energies()
    button.click()
    assert [float(value) for value in energies() if value] == up[::-1]
    assert [value for value in energies() if not value] == energies()[len(up) :]
    head = opened.locator("th[aria-sort]")
    assert head.count() == 1
    assert head.get_attribute("aria-sort") == "descending"
    opened.get_by_role("button", name="Rule").first.click()
    names = opened.evaluate(column.format(1, ".dataset.value"))
    assert names == sorted(names)


def test_parts_unfold(opened):
    details = opened.locator("details").first
    assert not details.locator("tbody tr").first.is_visible()
    details.locator("> summary").click()
    assert details.locator("tbody tr").first.is_visible()
    opened.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert opened.locator("details:not([open])").count() == 0


def test_the_forest_shows_each_deciding_ratio_once_with_what_is_claimed():
    judged, history = complete()
    found = forest.numbers(claims(judged, history=history))
    six = found[found["statement"] == "6"]
    assert len(six) == 3  # one row for each kind of fixed mask
    assert set(six["claimed_low"]) == {5.0}
    inside = found["relative_value"] > 1
    claimed = found["value"].between(found["claimed_low"], found["claimed_high"])
    assert (inside == claimed)[found["value"].notna()].all()
    assert inside.any()
    ends = found[["relative_low", "relative_value", "relative_high"]].dropna()
    assert (ends.diff(axis=1).iloc[:, 1:] >= 0).all(axis=None)
    [seven, *_] = found[(found["claimed_high"] == 2) & found["value"].notna()].to_dict("records")
    if seven["value"] > 1:  # the upper of two limits is the nearer one
        assert seven["relative_value"] == 2 / seven["value"]
    assert not found["part"].str.contains("beside").any()
    assert {"2, reworded", "12"} <= set(found["statement"])
    figure = forest.draw(found)
    labels = [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    assert labels[0] == "1 network, F uniform"
    assert {"2* (a) network", "2* (b) network"} <= {label.split(",")[0] for label in labels}
    assert len(labels) == len(found)
    told = [text.get_text() for text in figure.axes[0].texts if text.get_fontweight() == "bold"]
    drawn = sorted({int(row.split(",")[0]) for row in found["statement"]})
    assert told == [f"{number}  {HEADINGS[number]}" for number in drawn]
    assert set(HEADINGS) == {number for number, _ in PLAIN}
    lines = set(figure.axes[0].get_yticks())
    heads = [text.get_position()[1] for text in figure.axes[0].texts if text.get_text() in told]
    assert len(set(heads)) == len(heads)
    assert lines.isdisjoint(heads)  # a heading has a line of its own, above its rows
    beside = [text for text in figure.axes[0].texts if text.get_text() not in told]
    assert [text.xy[1] for text in beside[::2]] == list(figure.axes[0].get_yticks())
    assert [text.get_text() for text in beside[::2]] == list(found["verdict"])
    assert {place + 1 for place in heads} <= lines


def test_verdicts_fit_a_phone(tmp_path, chromium):
    judged, history = complete()
    file = write_report(judged, history, tmp_path / "report.html", statements=True)
    page = chromium.new_page(**SCREENS["phone"])
    page.goto(file.as_uri())
    assert page.locator(".claims tr").count() > 19
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.close()
