"""What every other part uses: checks of parameters, whole files, provenance."""
