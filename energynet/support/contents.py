"""Arrays that are named by what they hold: in configs, ids, tables and stores."""

import hashlib
import re
from collections.abc import Iterable
from typing import Any

import numpy as np

from energynet.errors import ConfigError
from energynet.support.checks import quoted

_DIGITS = re.compile("[0-9a-f]{16}")


def content_of(arrays: Iterable[np.ndarray]) -> str:
    """16 digits: SHA-256 over shape, dtype and bytes of each array, in their order."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f" {array.shape} {array.dtype.str} ".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()[:16]


def content(name: str, value: Any) -> str:
    """The digits of arrays, or an empty text for none; raises ConfigError."""
    if value is None or (isinstance(value, str) and not value):
        return ""
    if not isinstance(value, str) or not _DIGITS.fullmatch(value):
        raise ConfigError(
            f"{name} must be the 16 hexadecimal digits that `content_of` gives, got {quoted(value)}"
        )
    return str(value)
