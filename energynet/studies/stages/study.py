"""`energynet.study`: methods compared with one another, from training to intervals."""

import inspect
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from energynet.data.dataset import Dataset
from energynet.data.named import MNIST
from energynet.errors import ConfigError
from energynet.rules.base import Rule, Shape
from energynet.support import checks

if TYPE_CHECKING:
    from energynet.studies.stages.outcome import StudyOutcome


@checks.arguments
def study(
    methods: Sequence[str | Rule | type | Mapping[str, Any]],
    hidden: int | Sequence[int],
    data: str | Path | Dataset = MNIST,
    *,
    seeds: Mapping[str, Sequence[int]] | None = None,
    energies: Sequence[str] = ("m0", "m1"),
    extend: int = 0,
    store: str | Path | None = None,
    out: str | Path | None = None,
    executor: Executor | None = None,
    workers: int | None = None,
    progress: bool = True,
    title: str = "A comparison of methods",
    **settings: Any,
) -> "StudyOutcome":
    """Compare methods: explore on some seeds, confirm on others, give ratios with intervals.

    A method is a rule with one parameter that is varied, its axis, or a rule without one. Its runs
    with the exploration seeds choose the value of least energy, for each size and energy. Its runs
    with the confirmation seeds estimate the energy there. Killed at any moment, the same call
    resumes.

    Parameters
    ----------
    methods : list
        Each is a name ("all"), a rule (`LargestUpdates(0.1)`, `Mine(0.5)`), or a table {"rule": a
        name, "MODULE:CLASS" or a class, parameter: value or list}. The parameter with a list is the
        axis: {"rule": "largest", "fraction": [0.01, 0.1]}. Ratios to the unmodified network need
        "all". A table may hold its own "hidden", and "control": true, with which its grid is not
        extended.
    hidden : int or list of int
        Numbers of hidden units.
    data : "mnist", path or Dataset
        As for `sweep`.
    seeds : {"exploration": [...], "confirmation": [...]}
        No seed may be in both. Default: 0 to 2, and 100 to 107.
    energies : list of str
        "m0", "m1", "m_alpha_0.5" with `alpha=0.5`, or "cost_maintenance" if a custom rule among the
        methods reports the cost "maintenance". Each has its own best value. Methods without that
        cost have no ratios in it: `why` says so.
    extend : int
        How often a grid is extended upwards, if its last value is the best: by twice that value. If
        it is above 0, a third of the best value is tried, too, unless so small a value has runs.
    store, out : path
        `store`: the folder of runs. `out`: a folder for tables, figures and a report, as
        `energynet reproduce` writes them; `store` is `out`/runs if it is not given.
    executor, workers, progress
        As for `sweep`.
    title : str
        Title of the report.
    **settings
        Fields of `TrainingConfig` for all runs.

    Returns
    -------
    StudyOutcome

    Raises
    ------
    ConfigError, DataError, FileError
        Before any work starts.
    EnergynetError, KeyboardInterrupt
        As for `sweep`.
    """
    from energynet.analysis.runs import seed_sets
    from energynet.data.named import load_named
    from energynet.studies.stages.preset import preset_of
    from energynet.studies.stages.run import compare_methods
    from energynet.studies.stages.stored import StoredRuns
    from energynet.sweeps.driver import check_executor

    _check_settings(settings)
    checks.flag("progress", progress)
    extend = checks.integer("extend", extend, 0, 100)
    if not isinstance(methods, list | tuple) or not methods:
        raise ConfigError(f"methods must be a list of methods, got {checks.quoted(methods)}")
    check_executor(executor)
    if workers is not None:
        checks.integer("workers", workers, 1, 4096)
    given = [checks.path(name, p) for name, p in (("store", store), ("out", out)) if p is not None]
    if not given:
        raise ConfigError("store or out must be given: the folder of runs, or of all results")
    values = {
        "title": checks.text("title", title),
        "hidden": hidden if hasattr(hidden, "__len__") else [hidden],
        "method": methods,
        "seeds": seed_sets(seeds)._asdict(),
        "energies": energies,
        "extend": {"times": extend} if extend else {},
        "settings": settings,
        "verdicts": False,
    }
    preset = preset_of("study", values)
    dataset = data if isinstance(data, Dataset) else load_named(data)

    def shape(hidden: int) -> Shape:
        return Shape(dataset.n_in, hidden, dataset.classes)

    folder = None if out is None else checks.path("out", out)
    place = given[0] if store is not None else given[0] / "runs"
    runs = StoredRuns(place, executor, data=data, workers=workers, progress=progress)
    return compare_methods(preset, runs, folder, shape)


def _check_settings(names: Iterable[str]) -> None:
    """Raise ConfigError for a keyword that is neither an argument of `study` nor a setting."""
    from energynet.studies.stages.parsing import SHARED

    own = [name for name in inspect.signature(study).parameters if name != "settings"]
    for name in names:
        if name not in SHARED:
            hint = checks.suggestion(name, (*own, *SHARED))
            raise ConfigError(
                f"study takes {', '.join(own)}, and fields of a config ({', '.join(SHARED)}), got"
                f" {checks.quoted(name)}{hint}"
            )
