"""Files of figures, and the command that writes them."""

import json
from xml.etree import ElementTree

import pandas as pd
import pytest
from made_up_study import study_history
from odd_studies import only_unmodified

from energynet.analysis.study import Study
from energynet.cli.main import main
from energynet.studies import figures
from energynet.studies.figures import DRAWINGS, save, save_figures
from energynet.studies.figures.save import to_csv, to_svg
from energynet.studies.report import write_report


def test_no_figure_of_rates_where_none_was_varied(small, varied, tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(save, "DRAWINGS", ())
    one = varied[varied["learning_rate"] == 0.01]
    for table in (small, one, one.assign(learning_rate_auto=True)):
        assert figures.saving_against_rate.numbers(Study.of(table)).empty
    paths = save_figures(small, None, tmp_path / "one")
    assert not [path for path in paths if "figure-10" in path.name]
    assert "figure 10" not in caplog.text
    paths = save_figures(varied, None, tmp_path / "varied")
    assert len([path for path in paths if "figure-10" in path.name]) == 3


def of_custom_rule(table, word):
    """The table with a custom rule in the place of `largest`."""
    custom = table["rule"] == "largest"
    parameters = [
        json.dumps({"fraction": fraction, "word": word}) for fraction in table["fraction"]
    ]
    return table.assign(
        rule=table["rule"].mask(custom, "my_rules:_Mine"),
        rule_version=1,
        parameters=pd.Series(parameters, table.index).where(custom),
    )


WORDS = (r"$\bad{$", "a$b$c", "\N{HIRAGANA LETTER A}", "_x", "a\x00\nb")


def test_texts_of_users_are_drawn_as_they_are(small, tmp_path, monkeypatch, caplog, recwarn):
    monkeypatch.setattr(save, "DRAWINGS", (figures.m1_against_fraction, figures.maximum_saving))
    monkeypatch.setattr(save, "to_png", lambda figure: save._saved(figure, "png", False, dpi=50))
    custom = [of_custom_rule(small[small["rule"] == "largest"], word) for word in WORDS]
    table = pd.concat([small[small["rule"] != "largest"], *custom], ignore_index=True)
    table["id"] = [f"{number:016x}" for number in table.index]
    paths = save_figures(table, None, tmp_path / "figures")
    told = [
        f"my_rules:_Mine word={word.replace(chr(0) + chr(10), chr(0xFFFD) * 2)}" for word in WORDS
    ]
    drawn = [path for path in paths if path.suffix == ".svg"]
    assert len(drawn) == 2
    for path in drawn:
        text = "".join("".join(ElementTree.parse(path).getroot().itertext()).split())
        assert [label for label in told if "".join(label.split()) not in text] == []
    assert not [warning for warning in recwarn if "Glyph" in str(warning.message)]
    boxes = [record.getMessage() for record in caplog.records if "boxes in PNG" in record.message]
    assert len(boxes) == 1  # one letter is in none of the fonts
    report = write_report(table, None, tmp_path / "report.html").read_text()
    assert [label for label in told if label not in report] == []
    assert len([r for r in caplog.records if "boxes in PNG" in r.message]) == 1


def test_files_are_the_same_twice(small, tmp_path):
    history = study_history(small)
    first = save_figures(small, history, tmp_path / "a")
    drawn = [drawing for drawing in DRAWINGS if drawing.number != 14]  # it needs longer runs
    assert len(first) == 3 * len(drawn) + 1
    captions = first.pop().read_text()
    again = Study.of(small.sample(frac=1, random_state=0), history.iloc[::-1])
    for drawing, csv, svg in zip(drawn, first[::3], first[1::3], strict=True):
        found = drawing.numbers(again)
        assert csv.read_bytes() == to_csv(found), csv.name
        assert f"**{drawing.title}** ({csv.stem})." in captions
        assert drawing.caption(found) in captions
        if drawing.number in (4, 9, 12):
            assert svg.read_bytes() == to_svg(drawing.of(found)), svg.name
    for path in first[1::3]:
        text = path.read_text()
        root = ElementTree.fromstring(text)
        assert float(root.get("width").removesuffix("pt")) == pytest.approx(8.5 / 2.54 * 72, 0.01)
        assert "<dc:date>" not in text
        assert "fill: #ffffff" in text.partition('id="axes_1"')[0]  # readable on dark pages


def test_command_writes_figures_of_an_exported_table(table, tmp_path, capsys, caplog):
    only_unmodified(table).to_csv(tmp_path / "runs.csv", index=False)
    assert main(["figures", str(tmp_path / "runs.csv"), "--out", str(tmp_path / "out")]) == 0
    written = capsys.readouterr().out.split()
    assert sorted(written) == sorted(str(path) for path in (tmp_path / "out").iterdir())
    assert len(written) == 3 + 1
    assert "no figure 3" in caplog.text
    assert "no figure 9" in caplog.text
    assert "beside an exported table they are NAME_history" in caplog.text


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("none.csv", None, "neither a folder of runs nor a table"),
        ("empty.csv", "", "is not a table of results"),
        ("head.csv", "hidden,rule\n", "holds no runs"),
        ("other.csv", "a,b\n1,2\n", "lacks the columns hidden"),
    ],
)
def test_command_refuses_what_is_no_table(name, content, message, tmp_path, capsys):
    if content is not None:
        (tmp_path / name).write_text(content)
    for command in (["figures", "--out", "out"], ["report", "--out", "out.html"]):
        arguments = [command[0], str(tmp_path / name), command[1], str(tmp_path / command[2])]
        assert main(arguments) == 2
        assert message in capsys.readouterr().err
        assert not (tmp_path / command[2]).exists()


def test_a_folder_of_runs_brings_its_history(table, tmp_path, monkeypatch):
    from energynet.store import read

    monkeypatch.setattr(read.table, "load_results", lambda _path: table)
    monkeypatch.setattr(read.table, "load_history", lambda _path, _ids: "history")
    found, history = read.read_results(tmp_path)
    assert found is table
    assert history == "history"


@pytest.mark.parametrize("ending", [".csv", ".csv.xz"])
def test_a_table_brings_the_history_of_its_own_name(table, tmp_path, ending):
    from energynet.store.read import read_results

    history = study_history(table)
    table.to_csv(tmp_path / f"study.v2{ending}", index=False)
    history.to_csv(tmp_path / "study_history.csv", index=False)
    assert read_results(tmp_path / f"study.v2{ending}")[1] is None
    history.to_csv(tmp_path / "study.v2_history.csv.xz", index=False)
    assert len(read_results(tmp_path / f"study.v2{ending}")[1]) == len(history)
