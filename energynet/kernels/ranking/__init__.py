"""Selection of the largest updates: ranked layers, threshold, ties."""
