"""What energynet is compared with does the same: pytest bench/test_peers.py"""

import pytest

from bench.peers import disagreement
from bench.sections.peers import RULES, TOLERANCE, all_ways

CASES = [(rule, way) for rule, _ in RULES for way in all_ways(rule)]


@pytest.mark.parametrize(("rule", "way"), CASES)
def test_same_weights_and_energies(rule, way):
    fraction = None if rule == "all" else 0.05
    assert disagreement(rule, fraction, all_ways(rule)[way]) < TOLERANCE
