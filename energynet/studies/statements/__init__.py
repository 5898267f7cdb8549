"""Statements of the poster and their verdicts."""
