"""Our study of fourteen statements: stages, statements, figures, report.

"The poster" that makes the statements is one on these rules; its text is all that we have.
"""
