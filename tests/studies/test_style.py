"""Colours, markers and words of the figures."""

import itertools

import numpy as np
import pytest

from energynet.studies.figures import style
from energynet.support.format import tick

# Colour-vision deficiencies, in full: Machado, Oliveira and Fernandes 2009, on linear RGB.
DEFICIENCIES = {
    "none": np.eye(3),
    "protan": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "deutan": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "tritan": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(color):
    value = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    x, y, z = np.cbrt(XYZ @ np.clip(rgb, 0.009, 1) / np.array([0.9505, 1, 1.089]))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("matrix", DEFICIENCIES.values(), ids=DEFICIENCIES)
def test_colors_differ_for_every_reader(matrix):
    colors = [look.color for look in style.LOOKS.values()]
    seen = [lab(np.array(matrix) @ linear(color)) for color in colors]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 15


@pytest.mark.parametrize("background", ["#ffffff", "#15181c"])
def test_colors_stand_out_on_light_and_dark(background):
    def contrast(color):
        pair = [XYZ[1] @ linear(c) + 0.05 for c in (color, background)]
        return max(pair) / min(pair)

    looks = [look for label, look in style.LOOKS.items() if label != "all"]
    assert min(contrast(look.color) for look in looks) > 2.95


def test_markers_differ_and_variants_look_like_their_rule():
    assert len({look.marker for look in style.LOOKS.values()}) == len(style.LOOKS)
    plastic = {style.look(f"largest-per-layer output {share}") for share in (0.1, 0.5, 1)}
    assert len(plastic) == 3
    variant, rule = style.look("largest output 1"), style.look("largest")
    assert (variant.color, variant.marker) == (rule.color, rule.marker)
    assert variant.line != rule.line
    assert style.ordered(["random", "largest within 0.1", "largest", "all"]) == [
        "all",
        "largest",
        "largest within 0.1",
        "random",
    ]


@pytest.mark.parametrize(
    ("value", "powers", "text"),
    [
        (0.001, False, "0.001"),
        (1, True, "1"),
        (1.5, False, "1.5"),
        (10_000, False, "10,000"),
        (10_000, True, "10⁴"),
        (3e5, True, "3·10⁵"),
        (1e-4, False, "10⁻⁴"),
        (0.01, True, "10⁻²"),
        (0.9, True, "9·10⁻¹"),
        (9, True, "9"),
    ],
)
def test_numbers_on_axes(value, powers, text):
    assert tick(value, powers) == text


def test_settings_of_the_user_come_back():
    import matplotlib as mpl

    mpl.rcParams["font.size"] = 13
    with style.settings():
        assert mpl.rcParams["font.size"] == 7
    assert mpl.rcParams["font.size"] == 13
    mpl.rcdefaults()


def test_panels_are_lettered_beyond_z():
    assert [style.letter(number) for number in (0, 12, 25, 26, 27, 702)] == [
        *("a", "m", "z", "aa", "ab", "aaa"),
    ]


def test_custom_rules_do_not_look_like_the_unmodified_network():
    looks = {style.look(f"module:Class{number}").color for number in range(200)}
    assert len(looks) == len(style.LOOKS) - 1
    assert style.LOOKS["all"].color not in looks
