"""Studies made with the library: stages, statements, figures, report."""
