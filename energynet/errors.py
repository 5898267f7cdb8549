"""The errors that energynet raises, each also one of the built-in errors of Python."""


class EnergynetError(Exception):
    """Base of all errors of this package; its text is one sentence for the user."""


class ConfigError(EnergynetError, ValueError):
    """A parameter has a value that is not allowed."""


class DataError(EnergynetError, ValueError):
    """A data set, or a file that should hold one, cannot be used."""


class DataWarning(UserWarning):
    """A data set can be used, but is probably not what was meant."""


class FileError(EnergynetError, OSError):
    """A file cannot be read or written, or its content is not what it should be."""


class RuleError(EnergynetError, ValueError):
    """A custom rule returned an invalid choice of synapses."""


class InstallationError(EnergynetError, ImportError):
    """The installed package lacks a part that it needs."""
