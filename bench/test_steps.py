"""Time of training steps by rule and size: pytest bench/test_steps.py"""

import pytest

from bench.runs import WHOLE, WITH_FRACTION, advance, trained_run

STEPS = {100: 2000, 1000: 500, 10_000: 50}  # hidden units: steps a round
FRACTIONS = {rule: [0.01, 0.1] for rule in WITH_FRACTION} | {rule: [None] for rule in WHOLE}
FRACTIONS["random"] = [0.01]


@pytest.mark.parametrize("hidden", STEPS)
@pytest.mark.parametrize(("rule", "fraction"), [(r, p) for r in FRACTIONS for p in FRACTIONS[r]])
def test_steps(benchmark, hidden, rule, fraction):
    steps = STEPS[hidden]
    benchmark.group = f"{steps} steps, nh = {hidden}, one thread"
    run = trained_run(hidden, rule, fraction, 1, quick=False)
    before = run.step
    benchmark.pedantic(advance, args=(run, steps), rounds=7, warmup_rounds=1)
    assert run.step == before + 8 * steps
