"""Our study of the poster's statements: stages, statements, figures, report."""
