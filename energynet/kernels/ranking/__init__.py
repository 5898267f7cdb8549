"""Selection of the largest updates: ranked factors, threshold, ties."""
