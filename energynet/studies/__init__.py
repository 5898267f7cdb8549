"""Our study of fourteen statements: stages, statements, figures, report.

"The poster" that makes the statements is one of the group that published these rules.
"""
