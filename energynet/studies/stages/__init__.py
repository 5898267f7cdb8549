"""Our study as a staged plan: presets say what, the stored results say what is next."""
