"""The report: one HTML file with verdicts, figures and tables, from a table of results alone."""

from energynet.studies.report.page import render, write_report

__all__ = ["render", "write_report"]
