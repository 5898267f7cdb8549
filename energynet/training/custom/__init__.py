"""Custom rules at work: their choices are checked and carried out, their state and costs kept."""
