"""Many runs: grids, local workers, executors."""
