"""Plasticity rules: which synapses may change in a step."""
