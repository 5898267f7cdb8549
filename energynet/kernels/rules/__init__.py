"""The update of each plasticity rule, and the loops over steps. The rules are in `rules/`."""
