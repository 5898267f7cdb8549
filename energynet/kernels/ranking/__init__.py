"""Selection of the largest updates: ranked layers, threshold, ties.

Everything runs from the largest value down; no part of it can find the smallest ones.
"""
