"""Figures of our study, regenerated from its tables alone.

    study = Study.of(table, history)
    optimal_energies(study)              # a matplotlib Figure
    optimal_energies.numbers(study)    # what is plotted in it, a DataFrame
    optimal_energies.caption(optimal_energies.numbers(study))

`save_figures(table, history, folder)` writes all of them.

To add a figure: a module here, its line in `DRAWINGS` of `save.py`, and its name below.
"""

from energynet.studies.figures.accuracy import accuracy_against_energy
from energynet.studies.figures.capacity import capacity
from energynet.studies.figures.counts import m0_against_count
from energynet.studies.figures.drawing import Drawing
from energynet.studies.figures.fractions import costs_against_fraction, m1_against_fraction
from energynet.studies.figures.goals import higher_goals
from energynet.studies.figures.hinges import hinges
from energynet.studies.figures.learning_rates import saving_against_rate
from energynet.studies.figures.save import DRAWINGS, save_figures
from energynet.studies.figures.schematic import schematic
from energynet.studies.figures.sizes import maximum_saving, optimal_energies
from energynet.studies.figures.updates import updates

__all__ = [
    "DRAWINGS",
    "Drawing",
    "accuracy_against_energy",
    "capacity",
    "costs_against_fraction",
    "higher_goals",
    "hinges",
    "m0_against_count",
    "m1_against_fraction",
    "maximum_saving",
    "optimal_energies",
    "save_figures",
    "saving_against_rate",
    "schematic",
    "updates",
]
