"""The compiled core: one training run's steps, selections, updates and energies."""
