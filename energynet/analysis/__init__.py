"""From the tidy table of runs to optimal energies, savings and verdicts: pure functions."""
