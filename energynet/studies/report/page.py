"""The report as one HTML page: its content is computed from a table of results."""

import base64
import warnings
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from energynet.analysis.methods import ALL, display_name, output_plastic
from energynet.analysis.savings import check_against
from energynet.analysis.study import CONFIRMATION, EXPLORATION, Study
from energynet.studies.figures.save import drawings_of, to_csv, to_svg
from energynet.studies.report import forest, tables
from energynet.studies.report.answer import answers
from energynet.studies.report.inline import inline_svg
from energynet.studies.statements.claims import Claim, claims
from energynet.studies.statements.plain import PLAIN, cell_in_words
from energynet.studies.statements.text import (
    VERDICTS,
    claimed,
    estimates,
    named,
    own_words,
    quantity,
    side_by_side,
    tallied,
    tally,
)
from energynet.support import checks
from energynet.support.files import check_writable, written_whole
from energynet.support.format import percent, typeset
from energynet.support.picture import MISSING_GLYPH

KEYS = (6, 4, 3)  # figures that may open the page; the first needs several sizes


def write_report(
    table: pd.DataFrame,
    history: pd.DataFrame | None,
    file: str | Path,
    against: str = ALL,
    statements: bool = False,
) -> Path:
    """Write the report on a table of results as one HTML file that needs nothing else.

    Parameters
    ----------
    table : pandas.DataFrame
        Tidy, one row per run.
    history : pandas.DataFrame or None
        Columns id, step, accuracy, m0, m1: one row per test of each run.
    file : str or Path
    against : str
        The rule that the table of optimal energies compares all others with.
    statements : bool
        Whether fourteen statements are judged, too; see `energynet.claims`.

    The same table gives the same bytes. Returns the path. Raises FileError, DataError, ConfigError.
    """
    file = checks.path("file", file)
    check_writable(file, "report")
    study = Study.of(table, history)
    check_against(against, [study])
    return write_page(study, claims(table, history=history) if statements else (), file, against)


def write_page(study: Study, found: Sequence[Claim], file: Path, against: str = ALL) -> Path:
    """`write_report` of results and verdicts that are computed."""
    page = render(study, _told(found), _forest(found), against)
    with written_whole(file) as stream:
        stream.write(page.encode())
    return file


def _told(found: Sequence[Claim]) -> list[list[dict[str, Any]]]:
    """For each statement its claims by reading of P, and what the page says of them."""
    return [
        [
            _in_own_words(claim)
            | {"statement": named(claim), "plain": PLAIN[claim.number, claim.version]}
            | {"lacking": claim.lacking}
            | {
                "told": [
                    (
                        label,
                        each.to_dict()
                        | {
                            "quantity": quantity(each),
                            "cell": cell_in_words(each.cell),
                            "claimed": claimed(each),
                        },
                    )
                    for label, each in estimates(claim)
                ]
            }
            for claim in row.values()
        ]
        for row in side_by_side(found)
    ]


def _in_own_words(claim: Claim) -> dict[str, Any]:
    """A claim with its parts, each with the words that are not those of its own parts."""
    parts = [_in_own_words(part) for part in claim.parts]
    return claim.to_dict() | {"words": own_words(claim), "parts": parts}


def _forest(found: Sequence[Claim]) -> str:
    """The figure of the verdicts, if there is one."""
    table = forest.numbers(found)
    if table.empty:
        return ""
    return inline_svg(to_svg(forest.draw(table), transparent=True), "f11", "Verdicts")


def render(
    study: Study,
    verdicts: Sequence[Sequence[Mapping[str, Any]]],
    picture: str = "",
    against: str = ALL,
) -> str:
    """The page of those results and verdicts.

    verdicts : for each statement, its claims in each reading of P, as `Claim.to_dict` gives them,
        each with `lacking`.
    picture : the figure of the verdicts, an SVG element.
    """
    figures = {
        name: [figure_of(drawing, part, name, bool(verdicts)) for drawing in drawings_of(part)]
        for name, part in study.by_reading().items()
    }
    found = [
        {
            "key": _taken(figures[answer.reading], study),
            "title": answer.title.removeprefix(answer.plastic),
            "plastic": answer.plastic.strip(),
            "sentences": answer.sentences,
            "lines": answer.lines,
            "note": answer.note,
        }
        for answer in answers(study)
    ]
    lacking = [row for row in verdicts if all(claim["lacking"] for claim in row)]
    judged = [row for row in verdicts if row not in lacking]
    page: str = (
        environment()
        .get_template("page.html")
        .render(
            version=version("energynet"),
            answers=found,
            data=tables.data_words(study),
            verdicts=judged,
            lacking=lacking,
            picture=picture,
            picture_caption=forest.CAPTION.split("). ", 1)[1],
            tally=tally(claim for row in verdicts for claim in row),
            kinds=VERDICTS,
            facts=tables.facts(study),
            criterion=f"{100 * study.criterion:g} %",
            figures=figures,
            optima=tables.optima(study, against),
            output_plastic=output_plastic(study.own["rule"]),
            chose=tables.seeds(study, EXPLORATION),
            estimated=tables.seeds(study, CONFIRMATION),
            against="the unmodified network" if against == ALL else display_name(against),
            between=tables.between(study),
            hinges=tables.hinges(study),
            admitted=tables.ADMITTED,
            prices=tables.PRICES,
            example=tables.example(study),
        )
    )
    return page


def _taken(figures: list[dict[str, Any]], study: Study) -> dict[str, Any] | None:
    """The key figure, taken out of the list: the first of `KEYS` that is drawn."""
    for number in KEYS if len(study.constrained_sizes) > 1 else KEYS[1:]:
        for figure in figures:
            if figure["number"] == number and figure["svg"]:
                figures.remove(figure)
                return figure
    return None


def environment() -> Any:
    """The templates of this folder, and how they write numbers."""
    import jinja2

    found = jinja2.Environment(
        loader=jinja2.PackageLoader("energynet.studies.report", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {
        "amount": typeset,
        "span": tables.span,
        "sizes": tables.sizes,
        "percent": percent,
        "fraction": tables.fraction,
        "tallied": tallied,
    }
    return found


def figure_of(drawing: Any, study: Study, reading: str, statements: bool = False) -> dict[str, Any]:
    """What a template shows of a figure; with `statements` also whether the poster lacks it."""
    numbers = drawing.numbers(study)
    about = {
        "number": drawing.number,
        "name": f"{reading}-{drawing.name}" if reading else drawing.name,
        "title": drawing.title,
        "ours": drawing.ours and statements,
    }
    if numbers.empty:
        return {**about, "svg": "", "needs": drawing.needs}
    with warnings.catch_warnings():  # a browser has the glyphs that matplotlib's font lacks
        warnings.filterwarnings("ignore", MISSING_GLYPH)
        svg = to_svg(drawing.of(numbers), transparent=True)
    return {
        **about,
        "svg": inline_svg(svg, f"f{reading}{drawing.number}", drawing.title),
        "caption": drawing.caption(numbers),
        "csv": base64.b64encode(to_csv(numbers)).decode(),
    }
