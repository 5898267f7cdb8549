"""How numbers are written: in messages and tables, in reports, on axes.

Energies and ratios are `significant` on terminals and in notebooks, `typeset` in reports. Counts
have commas. Values that users type, as fractions and sizes of a config, have none.
"""

import math
from typing import Any

DASH = "–"  # in the place of a number that is missing
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_LARGEST_TICK = 11_000  # from which on a label of an axis is a power of ten


def exact(value: Any) -> str:
    """Few digits, but enough to give the same number back: 0.1, 300, 1e-05; words as they are."""
    try:
        number = float(value)
    except ValueError:
        return str(value)
    text = f"{number:g}"
    return text if float(text) == number else repr(number)


def parameter(value: Any) -> str:
    """A parameter as people type it, in at most four digits: 0.01, 0.003333, 1e-05, 12345, auto."""
    if not isinstance(value, float):
        return str(value)
    return f"{value:.4g}" if abs(value) < 1000 else exact(value)


def steady(value: float) -> float:
    """Ten digits of it: the last bits of a library do not decide how a tie is rounded."""
    return float(f"{value:.10g}")


def significant(value: float) -> str:
    """Three significant digits, in ASCII: 0.00123, 12.3, 1.23e+07, infinity; or more: 1,234.

    "none" means a number that is missing (NaN).
    """
    if math.isnan(value):
        return "none"
    if not math.isfinite(value):
        return "infinity" if value > 0 else "minus infinity"
    if value == 0:
        return "0"
    value = steady(value)
    if not 1e-4 <= abs(value) < 1e6:
        return f"{value:.3g}"
    return _grouped(value)


def typeset(value: Any) -> str:
    """Three significant digits as in print: −0.00123, 12.3, 1,230, 1.23·10⁷, ∞; a dash for none."""
    if not isinstance(value, float | int) or math.isnan(value):
        return DASH
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    value = steady(value)
    mantissa, exponent = f"{value:.2e}".split("e")
    if float(mantissa) == 0:
        return "0"
    short = -4 < int(exponent) < 5
    rounded = float(f"{value:.2e}")
    return _minus(_grouped(rounded) if short else f"{mantissa}·{power_of_ten(int(exponent))}")


def tick(value: float, powers: bool = False) -> str:
    """A label of a logarithmic axis: 0.001, 2, 5,000, 2·10⁵; `powers`: 10⁻², 2, 10¹, 2·10²."""
    if (0.95 if powers else 0.9e-3) < value < (9.5 if powers else _LARGEST_TICK):
        return f"{value:,.0f}" if value >= 100 else f"{value:.4g}"
    exponent = math.floor(math.log10(value) + 1e-9)
    factor = f"{value / 10.0**exponent:.2g}"
    return f"{'' if factor == '1' else f'{factor}·'}{power_of_ten(exponent)}"


def power_of_ten(exponent: int) -> str:
    """10⁻³, 10¹²."""
    return f"10{str(exponent).translate(_SUPERSCRIPTS)}"


def percent(share: float | None, digits: str = "") -> str:
    """95.0 %, more digits above 99 %; a dash for none. `digits` is another format, as ".2f"."""
    if share is None or not math.isfinite(share):
        return DASH
    near_all = sum(limit < share < 1 for limit in (0.99, 0.999, 0.9999))
    return _minus(f"{100 * share:{digits or f'.{1 + near_all}f'}} %")


def duration(seconds: float) -> str:
    """12 s, 45 min, 3.5 h."""
    seconds = max(0.0, seconds)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _grouped(value: float) -> str:
    """Three significant digits or all that stand before the point, without an exponent."""
    exponent = int(f"{value:.2e}".split("e")[1])
    return f"{value:,.{max(0, 2 - exponent)}f}"


def _minus(text: str) -> str:
    return text.replace("-", "−")
