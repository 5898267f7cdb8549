"""The entry point: one parser for all commands, and what each kind of error becomes."""

import argparse
import logging
import re
import sys
import warnings
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NoReturn

from energynet.cli.common import add_command
from energynet.cli.process import prepared_process
from energynet.cli.report import add_report_commands
from energynet.cli.reproduce import add_reproduce
from energynet.cli.store import add_store_commands
from energynet.cli.sweep import add_sweep
from energynet.cli.train import add_train
from energynet.errors import EnergynetError, FileError
from energynet.support.checks import suggestion
from energynet.support.files import resolved
from energynet.support.signals import interrupting

BAD_INPUT, INTERRUPTED, PIPE_CLOSED = 2, 130, 141
_AFTER_COMMAND = "; flags of a command stand after its name"
_LONGEST = 500  # characters of a message by argparse, which repeats what it was given


class _Parser(argparse.ArgumentParser):
    """A parser whose errors have the form of all others: one sentence, exit status 2."""

    _given: Sequence[str] = ()

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse as argparse does; the arguments are kept for the sentences of errors."""
        self._given = sys.argv[1:] if args is None else [*args]
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        wrong = re.search("invalid choice: '([^']+)'", message)
        choices = [str(name) for action in self._actions for name in action.choices or ()]
        hint = suggestion(wrong[1], choices) if wrong else ""
        flag, hint_for_flag = self.unknown_flag()
        if flag:  # its value may stand in the place of something else, so it is told first
            message, hint = f"unrecognized arguments: {flag}", hint_for_flag
        self.refuse(message, hint)

    def refuse(self, message: str, hint: str) -> NoReturn:
        """Exit with a sentence; the hint at its end is never cut off."""
        if len(message) > _LONGEST:
            message = f"{message[:_LONGEST]}..."
        self.exit(BAD_INPUT, f"{_sentence(message + hint)}\n")

    def unknown_flag(self) -> tuple[str, str]:
        """The first flag that the parser does not know, and a hint; both empty if it knows all."""
        known = [flag for action in self._actions for flag in action.option_strings]
        for text in self._given:
            name = text.partition("=")[0]
            if name == "--" or (self._subparsers and not name.startswith("-")):
                break
            if name.startswith("-") and name not in known:
                hint = suggestion(name, known)
                if hint or name.startswith("--"):  # what starts with one dash may be a number
                    return name, hint or (_AFTER_COMMAND if self._subparsers else "")
        return "", ""


def _sentence(message: object) -> str:
    """A message on one line, whatever the names of files in it."""
    return f"energynet: {message}".replace("\n", " ").replace("\r", " ")


@interrupting()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    options = argparse.Namespace()
    with prepared_process():
        logging.basicConfig(format="energynet: %(message)s")
        warnings.formatwarning = lambda message, *_, **__: f"{_sentence(message)}\n"
        try:
            return _run(arguments, options)
        except BrokenPipeError:
            return PIPE_CLOSED
        except EnergynetError as error:
            print(_sentence(error), file=sys.stderr)
            return BAD_INPUT
        except MemoryError:
            print("energynet: there is not enough memory for this", file=sys.stderr)
            return BAD_INPUT
        except KeyboardInterrupt:
            print(f"energynet: interrupted{_how_to_resume(options)}", file=sys.stderr)
            return INTERRUPTED


def _run(arguments: Sequence[str] | None, options: argparse.Namespace) -> int:
    """Parse the arguments into `options`, and do what they say."""
    parser, commands = _parser()
    try:
        _, unknown = parser.parse_known_args(arguments, options)
        if unknown:
            hint = parser.unknown_flag()[1] or commands.choices[options.name].unknown_flag()[1]
            parser.refuse(f"unrecognized arguments: {' '.join(unknown)}", hint)
    except SystemExit:  # help was printed
        sys.stdout.flush()
        raise
    if options.name != "info":
        resolved(Path())  # there is a current folder, in which relative paths start
    status: int = options.command(options)
    sys.stdout.flush()
    return status


def _how_to_resume(options: argparse.Namespace) -> str:
    if getattr(options, "name", "") in ("sweep", "reproduce"):
        return "; the same command does the rest"
    stored = getattr(options, "checkpoint", None) is not None
    return "; the same command resumes from the checkpoint" if stored else ""


def _parser() -> tuple[_Parser, Any]:
    """The parser, and its commands."""
    parser = _Parser(
        prog="energynet",
        description="What learning costs: train networks online and account for the energy of every"
        " synaptic change.",
        epilog="New here? 'energynet reproduce' trains about 120 networks, says what each rule"
        " saves and writes a report, in a few minutes. 'energynet COMMAND --help' tells more about"
        " a command, with examples.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=version("energynet"))
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", required=True, dest="name"
    )
    add_train(commands)
    add_reproduce(commands)
    add_sweep(commands)
    add_store_commands(commands)
    add_report_commands(commands)
    info = add_command(
        commands,
        "info",
        "show versions, processor, threads, cache and data",
    )
    info.add_argument(
        "--warm",
        action="store_true",
        help="compile all code for training now, for all later processes (but not that of train"
        " --count-updates)",
    )
    info.set_defaults(command=_info)
    return parser, commands


def _info(options: argparse.Namespace) -> int:
    from energynet.cli.info import installation

    if options.warm:
        _warm()
    for name, value in installation().items():
        print(f"{name:<12}  {value}")
    return 0


def _warm() -> None:
    from energynet.kernels.jit import CACHE
    from energynet.training.warm import warm

    if CACHE is None:
        raise FileError("no folder is writable to keep compiled kernels: set ENERGYNET_CACHE")
    total = 0.0
    for what, seconds in warm():
        total += seconds
        print(f"energynet: {what}: {seconds:.1f} s", file=sys.stderr)
    print(f"energynet: all kernels are compiled ({total:.0f} s)", file=sys.stderr)
