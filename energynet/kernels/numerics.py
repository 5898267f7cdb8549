"""The version of the bits: raised by every change that alters the bits of a result."""

# Part of the identity of stored runs, and of the name of the cache of compiled kernels.
NUMERICS_VERSION = 2
