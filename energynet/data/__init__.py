"""Data sets: the embedded MNIST, folders of IDX files, arrays."""
