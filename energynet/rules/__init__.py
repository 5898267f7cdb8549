"""Plasticity rules: names, parameters and exact counts. Their updates are in `kernels/rules/`."""
