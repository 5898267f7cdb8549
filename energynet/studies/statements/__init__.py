"""Statements of the study and their verdicts."""
