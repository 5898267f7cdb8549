"""Selection of the largest updates: ranked ranked, threshold, ties."""
