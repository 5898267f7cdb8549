"""What commands print, and where: progress, JSON, streams that are missing or full."""

import io
import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest
from commands import ENERGYNET, LONG, run

import energynet as en


def test_a_reader_that_has_seen_enough():
    """As `head` has in `energynet info | head -1`."""
    reader, writer = os.pipe()
    os.close(reader)
    shown = subprocess.run(
        [*ENERGYNET, "info"], stdout=writer, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writer)
    assert (shown.returncode, shown.stderr) == (141, "")


def test_lines_of_progress_off_a_terminal(monkeypatch, capsys):
    from energynet.training.loop import Progress
    from energynet.training.progress import Reporter

    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)  # Dask may have loaded it
    lines = Reporter(sys.stderr)
    for step, now in ((0, 0.0), (100, 4.0), (200, 11.0), (300, 15.0), (400, 22.0)):  # noqa: B007
        lines(Progress(step, 1000, 0.9 if step > 250 else None, 12345, 6.5))
    lines.close()
    assert capsys.readouterr().err.splitlines() == [
        "200 of at most 1,000 steps, not tested yet, M0 12,345, M1 6.50, at most 44 s left",
        "400 of at most 1,000 steps, accuracy 90.00 %, M0 12,345, M1 6.50, at most 33 s left",
    ]


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="this system has no pseudo-terminals")
@pytest.mark.parametrize("size", [(24, 120), (0, 0)])
def test_bar_on_a_terminal(size):
    """Also on one that does not know its size, as of `docker run -t` and `script`."""
    import fcntl
    import struct
    import termios

    leader, follower = os.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
    command = [*ENERGYNET, *LONG.split(), "--max-steps", "4000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=follower) as process:
        os.close(follower)
        shown = b""
        while True:
            try:
                block = os.read(leader, 4096)
            except OSError:
                break
            if not block:
                break
            shown += block
        out = process.stdout.read()
    os.close(leader)
    assert json.loads(out)["steps"] == 4000
    assert b"4,000/4,000 steps" in shown
    assert b" %, M0 " in shown


SHORT = "train --hidden 10 --max-steps 20 --test-every 10"


def in_shell(arguments, redirected, at, **environment):
    """A command whose streams a shell sets up."""
    line = f"{shlex.join(ENERGYNET)} {arguments} {redirected}"
    return subprocess.run(
        ["sh", "-c", line],
        capture_output=True,
        text=True,
        check=False,
        cwd=at,
        env=os.environ | environment,
    )


needs_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell of POSIX")
@pytest.mark.parametrize(
    ("streams", "printed"), [(">&-", False), ("2>&-", True), ("<&- >&- 2>&-", False)]
)
def test_streams_that_are_missing(streams, printed, tmp_path):
    done = in_shell(f"{SHORT} --save saved.npz", streams, tmp_path)
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert ("outcome" in done.stdout) == printed
    assert (tmp_path / "saved.npz").exists()


@needs_full
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", [f"{SHORT} --save saved.npz", "train --help"])
def test_a_result_that_cannot_be_printed(arguments, unbuffered, tmp_path):
    done = in_shell(arguments, ">/dev/full", tmp_path, PYTHONUNBUFFERED=unbuffered)
    assert done.returncode == 2
    *_, last = done.stderr.splitlines()  # after a notice, if the kernels were compiled
    assert last == "energynet: stdout cannot be written: No space left on device"
    assert "Traceback" not in done.stderr
    assert (tmp_path / "saved.npz").exists() == ("saved" in arguments)


@needs_full
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_progress_that_cannot_be_written(unbuffered, tmp_path):
    (tmp_path / "grid.toml").write_text("[[block]]\nhidden = [5, 6]\nmax_steps = 20\n")
    sweep = "sweep grid.toml --store runs --workers 1"
    done = in_shell(sweep, "2>/dev/full", tmp_path, PYTHONUNBUFFERED=unbuffered)
    assert (done.returncode, done.stdout) == (0, "2 exhausted\n")
    done = in_shell("train", "2>/dev/full", tmp_path, PYTHONUNBUFFERED=unbuffered)
    assert (done.returncode, done.stdout) == (2, "")


class Broken:
    """A stream that can do nothing."""

    def write(self, text):
        raise RuntimeError("no")


def closed():
    stream = io.StringIO()
    stream.close()
    return stream


@pytest.mark.parametrize("stream", [None, closed(), Broken(), object()])
def test_progress_never_ends_the_work(stream, monkeypatch):
    from energynet.support.ticker import Ticker
    from energynet.sweeps.progress import SweepProgress
    from energynet.training.loop import Progress
    from energynet.training.progress import Reporter, reporter

    monkeypatch.setattr("energynet.training.progress._EVERY", 0.0)
    monkeypatch.setattr(sys, "stderr", stream)
    lines = reporter(quiet=False)
    if stream is None:
        assert lines is None
    else:
        assert isinstance(lines, Reporter)
        for step in (1, 2):
            lines(Progress(step, 3, None, 0, 0.0))
        lines.close()
        ticker = Ticker(stream, 0.0, total=3)
        monkeypatch.setattr(ticker.stream, "isatty", lambda: True)
        ticker.show(1, "words", "line")
        ticker.tell("more")
        ticker.close()
    shown = SweepProgress({"one": en.TrainingConfig(hidden=3)}, 0, 1, stream)
    shown.start()
    shown.tick(1)
    shown.close()


def test_figures_need_no_screen_and_no_backend_of_a_notebook(tmp_path):
    """A kernel hands its MPLBACKEND to the commands of its cells."""
    en.sweep(
        [en.TrainingConfig(hidden=5, max_steps=20, seed=seed) for seed in (0, 1)],
        tmp_path / "runs",
        workers=1,
        progress=False,
    )
    for command in ("figures runs --out figures", "report runs --out report.html"):
        done = in_shell(command, "", tmp_path, MPLBACKEND="does_not_exist")
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "report.html").exists()


def test_json_is_alone_on_stdout_also_if_a_rule_prints(tmp_path):
    rule = "import energynet as en\n\n\nclass Prints(en.PlasticityRule):\n"
    rule += "    def select(self, step):\n        print('hello')\n        return True, True\n"
    (tmp_path / "talks.py").write_text(rule)
    short = "--hidden 3 --max-steps 2 --test-every 1 --json --rule talks:Prints"
    done = run("train", *short.split(), cwd=tmp_path)
    assert json.loads(done.stdout)["steps"] == 2
    assert done.stderr.count("hello") == 2
