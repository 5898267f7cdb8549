"""From the tidy table of runs to optimal energies and savings: pure functions."""
