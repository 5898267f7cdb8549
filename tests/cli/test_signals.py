"""Commands that are killed, interrupted or left alone by their terminal."""

import json
import random
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from commands import ENERGYNET, LONG, run, started
from support import PYTHON

from energynet.cli.main import main
from energynet.support.signals import ENDING


def wait_for(path, changes, process):
    """Until the file was written that many times, or its writer has ended."""
    seen = set()
    while len(seen) < changes and process.poll() is None:
        if path.exists():
            seen.add(path.stat().st_mtime_ns)
        time.sleep(0.01)


def test_killed_runs_go_on_to_the_same_json(tmp_path):
    """Killed at random moments, by signals that save and by one that cannot."""
    command = f"{LONG} --max-steps 150000"
    whole = run(*command.split())
    path, chance = tmp_path / "run.npz", random.Random(3)
    for sent in (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL):
        process = started(f"{command} --checkpoint {path}")
        wait_for(path, 2, process)
        time.sleep(chance.uniform(0, 0.2))
        process.send_signal(sent)
        process.communicate(timeout=60)
        ended = -sent if sent == signal.SIGKILL else 130
        assert process.returncode in (ended, 3)  # 3: it was quicker
    last = run(*command.split(), "--checkpoint", path)
    assert last.returncode == whole.returncode == 3
    parts, undisturbed = (json.loads(done.stdout) for done in (last, whole))
    assert parts.pop("seconds") != undisturbed.pop("seconds")
    assert parts == undisturbed


ENDLESS = f"{LONG} --max-steps 100000000"
TALKATIVE = """
from energynet.training import progress
progress._EVERY = 0.0
from energynet.cli.main import main
raise SystemExit(main())
"""


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_that_ask_for_the_end_save(tmp_path, sent):
    """Between two tests, so that the state is new; and twice, as of a terminal that closes."""
    path = tmp_path / "run.npz"
    command = f"{ENDLESS} --test-every 100000000 --checkpoint {path}"
    process = started(command, [*PYTHON, "-c", TALKATIVE])
    while " steps, not tested yet" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(sent)
    if sent != signal.SIGINT:
        process.send_signal(sent)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == ""
    assert err.endswith("energynet: interrupted; the same command resumes from the checkpoint\n")
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == [path]
    with np.load(path) as stored:
        assert stored["clock"][0] > 0


def test_what_nohup_started_outlives_its_terminal(tmp_path):
    path = tmp_path / "run.npz"
    process = started(f"{ENDLESS} --checkpoint {path}", ["nohup", *ENERGYNET])
    wait_for(path, 2, process)
    process.send_signal(signal.SIGHUP)
    wait_for(path, 3, process)
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 130


def test_handlers_are_put_back(monkeypatch, capsys):
    def ended(_):
        signal.raise_signal(signal.SIGTERM)

    before = [signal.getsignal(number) for number in ENDING]
    monkeypatch.setattr("energynet.cli.main._info", ended)
    assert main(["info"]) == 130
    assert capsys.readouterr().err == "energynet: interrupted\n"
    assert [signal.getsignal(number) for number in ENDING] == before


def test_other_threads_handle_no_signals():
    with ThreadPoolExecutor(1) as executor:
        assert executor.submit(main, ["info"]).result() == 0
