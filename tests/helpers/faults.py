"""Kill sweeps at random moments, workers and drivers: python tests/helpers/faults.py [KILLS].

As `test_interrupts.test_kills_at_random_moments`, but longer; every kill is told.
"""

import os
import random
import signal
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from support import digits
from sweeps import children, driver, slow_grid, timeless

import energynet as en


def main() -> None:
    """Kill so often, then finish the sweep and compare it with an undisturbed one."""
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    chance, kills, sweeps = random.Random(0), 0, 0
    while kills < wanted:
        with tempfile.TemporaryDirectory() as folder:
            store = Path(folder) / "runs"
            kills += disturb(store, chance, wanted - kills)
            table = en.sweep(slow_grid(), store, data=digits(), progress=False)
            whole = en.sweep(slow_grid(), Path(folder) / "whole", data=digits(), progress=False)
            assert timeless(table).equals(timeless(whole)), "the tables differ"
        sweeps += 1
    print(f"{kills} kills in {sweeps} sweeps of {len(slow_grid())} runs: all tables are equal")


def disturb(store: Path, chance: random.Random, most: int) -> int:
    """Start the sweep again and again; returns the number of kills."""
    kills = 0
    for _ in range(8):
        process = driver(store)
        time.sleep(chance.uniform(0.3, 2.5))
        workers = children(process.pid)
        victims = chance.choice([[process.pid], workers[:1], [process.pid, *workers]])
        for victim in victims:
            if kills < most and process.poll() is None:
                with suppress(ProcessLookupError):
                    os.kill(victim, signal.SIGKILL)
                    kills += 1
        done = len(list(store.glob("*/*/result.json")))
        print(f"killed {len(victims)}, {done} runs stored", flush=True)
        if process.pid not in victims:
            time.sleep(0.5)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    return kills


if __name__ == "__main__":
    main()
