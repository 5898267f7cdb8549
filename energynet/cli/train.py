"""The command `train`."""

import argparse
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext, redirect_stdout
from dataclasses import MISSING, fields
from pathlib import Path
from textwrap import TextWrapper
from typing import Any

import numpy as np

from energynet.cli.common import (
    WIDTH,
    add_command,
    add_data,
    look_here,
    path_argument,
    value_argument,
)
from energynet.config import NETWORK, OUTPUT, SETTINGS, TRAINING, TrainingConfig
from energynet.data.named import load_named
from energynet.errors import ConfigError, FileError
from energynet.rules.importing import custom_parameter
from energynet.rules.names import PARAMETERS, RULES, check_rule_name, rule_from_name
from energynet.support.checks import quoted
from energynet.support.files import check_writable, resolved, written_whole
from energynet.training.network import Network
from energynet.training.result import TrainingResult

EXIT = {"reached": 0, "exhausted": 3, "diverged": 4}


def _rules() -> str:
    """A line for each rule: its name, what changes, and its flags besides --fraction."""
    wrapper = TextWrapper(
        WIDTH, initial_indent="  ", subsequent_indent=" " * 22, break_on_hyphens=False
    )
    lines = []
    for name, (_, named) in RULES.items():
        flags = ["--" + taken.replace("_", "-") for taken in named.takes if taken != "fraction"]
        more = f" [{', '.join(flags)}]" if flags else ""
        more = more if "fraction" in named.takes else " (takes no --fraction)"
        lines.append(wrapper.fill(f"{name:<19} {named.changing}{more}"))
    return "\n".join(lines)


_TRAIN_EXAMPLES = f"""\
examples:
  energynet train --hidden 100
      plain back-propagation with 100 hidden units, until 95 % of the test set
      is right
  energynet train --hidden 1000 --rule largest --fraction 0.01 --json > run.json
      only the largest 1 % of all updates; result as JSON

rules:
{_rules()}
  (in brackets: flags that a rule takes besides --fraction)

exit status: 0 criterion reached, 3 no steps left, 4 diverged, 2 bad usage or
input, 130 interrupted
"""


def add_train(commands: Any) -> None:
    """Add `energynet train`."""
    parser = add_command(
        commands,
        "train",
        "train one network and report its energies",
        "Train one network online, one image per step, until it classifies the wanted share of the"
        " test set right. Then print steps, accuracy and energies: M0 counts updates of synapses,"
        " M1 sums |dw| (in units of the weights), M_alpha sums |dw|^alpha.",
        _TRAIN_EXAMPLES,
    )
    parser.set_defaults(command=_train)
    groups = {
        name: parser.add_argument_group(name)
        for name in (NETWORK, "plasticity rule", TRAINING, OUTPUT)
    }
    _add_settings(groups)
    _add_rule(groups["plasticity rule"])
    add_data(
        groups[TRAINING],
        "the embedded MNIST, a folder with four IDX files (plain, .gz or .xz), or a file with the"
        " arrays x_train, y_train, x_test and y_test (default: mnist)",
    )
    groups[TRAINING].add_argument(
        "--threads",
        metavar="N",
        help="threads that work on the network; they do not change the results"
        " (default: depends on the size of the network)",
    )
    groups[TRAINING].add_argument(
        "--start",
        type=path_argument,
        metavar="FILE.npz",
        help="start from this network, as --save wrote it, in the place of initial weights; it must"
        " have the same shape and activation",
    )
    _add_output(groups[OUTPUT])


def _add_settings(groups: Mapping[str, Any]) -> None:
    """The flags of the fields of a config, as these declare them."""
    for item in fields(TrainingConfig):
        setting, flag = SETTINGS[item.name], item.name.replace("_", "-")
        if not setting.group:
            continue
        add = groups[setting.group].add_argument
        if item.default is True:
            add(f"--no-{flag}", dest=item.name, action="store_false", help=setting.told)
        elif item.default is MISSING:
            add(f"--{flag}", required=True, metavar=setting.metavar, help=setting.told)
        elif item.default == ():
            add(f"--{flag}", nargs="+", default=(), metavar=setting.metavar, help=setting.told)
        else:
            told = f"{setting.told} (default: {'none' if item.default is None else item.default})"
            add(f"--{flag}", default=item.default, metavar=setting.metavar, help=told)


def _add_rule(group: Any) -> None:
    """The flags that make the rule."""
    group.add_argument(
        "--rule",
        default="all",
        metavar="NAME",
        help=f"one of {', '.join(RULES)} (default: all), or MODULE:CLASS for a custom rule,"
        " which may be defined in a file in the current folder",
    )
    group.add_argument(
        "--param",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a parameter of a custom rule; repeat it for further parameters",
    )
    group.add_argument(
        "--fraction",
        metavar="P",
        help="share of the synapses (fixed-units: of the hidden units) that may change in a step,"
        " in (0, 1]",
    )
    group.add_argument(
        "--output-fraction",
        metavar="Q|balanced",
        help="share of the output layer that may change in a step; --fraction is then a share of"
        " the hidden layer alone. 1: the whole output layer is plastic (fixed-units takes no"
        " other); 'balanced': as many synapses as in the hidden layer",
    )
    group.add_argument(
        "--mask",
        type=path_argument,
        metavar="FILE.npz",
        help="for the rule fixed-given: the synapses that change, as bool arrays hidden"
        " (n_in + 1, nh) and output (nh + 1, n_out); the last rows are those of the biases",
    )
    group.add_argument(
        "--within-units",
        metavar="Q",
        help="for the rules whose names begin with largest: rank only the synapses of this fixed"
        " share of the hidden units, in (0, 1]; --fraction is then a share of those",
    )


def _add_output(group: Any) -> None:
    """The flags of what is written."""
    group.add_argument(
        "--save",
        type=path_argument,
        metavar="FILE.npz",
        help="write the trained network to this file",
    )
    group.add_argument(
        "--count-updates",
        type=path_argument,
        metavar="FILE.npz",
        help="count how often each synapse changes, and write the counts to this file: arrays"
        " 'hidden' and 'output', in the shapes of the network's w1 and w2",
    )
    group.add_argument(
        "--checkpoint",
        type=path_argument,
        metavar="FILE",
        help="keep the state of the run in this file; if it exists, resume from it, also with a"
        " larger --max-steps",
    )
    group.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    group.add_argument(
        "--quiet",
        action="store_true",
        help="no progress and no remarks on stderr; warnings about data remain",
    )


def _train(options: argparse.Namespace) -> int:
    from energynet.training.loop import train
    from energynet.training.progress import reporter

    config = _config(options)
    for name in ("save", "count_updates"):
        if (path := getattr(options, name)) is not None:
            check_writable(path, name)
    _check_different_files(options)
    start = None if options.start is None else Network.load(options.start)
    dataset = load_named(options.data)
    report = reporter(options.quiet)
    with (
        _warnings_hidden() if options.quiet else nullcontext(),
        redirect_stdout(sys.stderr) if options.json else nullcontext(),  # a custom rule may print
    ):
        try:
            result = train(
                config,
                dataset,
                threads=value_argument(options.threads),
                checkpoint=options.checkpoint,
                start=start,
                progress=report,
                count_updates=options.count_updates is not None,
            )
        finally:
            if report is not None:
                report.close()
    with ExitStack() as last:  # a disk that is full by now must not cost the result
        last.callback(print, result.to_json() if options.json else _table(result))
        if options.count_updates is not None and result.update_counts is not None:
            last.callback(_save_counts, options.count_updates, *result.update_counts)
        if options.save is not None:
            last.callback(result.network.save, options.save)
    return EXIT[result.outcome]


def _save_counts(path: Path, hidden: np.ndarray, output: np.ndarray) -> None:
    with written_whole(path) as file:
        np.savez(file, hidden=hidden, output=output)


def _check_different_files(options: argparse.Namespace) -> None:
    """Raise FileError if what is written would replace what is read or written elsewhere."""
    names = ("data", "start", "mask", "checkpoint", "save", "count_updates")
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    seen: dict[Path, str] = {}
    for name, path in given.items():
        place = resolved(Path(path))
        if place in seen:
            raise FileError(
                f"'{name}' and '{seen[place]}' must be different files, got {path} for both"
            )
        seen[place] = name


@contextmanager
def _warnings_hidden() -> Iterator[None]:
    """A block in which the package logs errors only."""
    log = logging.getLogger("energynet")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)


def _config(options: argparse.Namespace) -> TrainingConfig:
    look_here()
    rule = rule_from_name(options.rule, **_parameters(options))
    given = {name: getattr(options, name) for name, setting in SETTINGS.items() if setting.group}
    return TrainingConfig(rule=rule, **{name: _plain(value) for name, value in given.items()})


def _plain(value: Any) -> Any:
    """A text, or a list of them, as `value_argument` reads it."""
    return [*map(value_argument, value)] if isinstance(value, list) else value_argument(value)


def _parameters(options: argparse.Namespace) -> dict[str, Any]:
    """Parameters of the rule."""
    given = {name: value_argument(getattr(options, name)) for name in PARAMETERS}
    built_in = check_rule_name(options.rule) in RULES
    for text in options.param:
        name, equals, value = text.partition("=")
        if not (equals and name.isidentifier()):
            raise ConfigError(f"--param must be NAME=VALUE, got {quoted(text)}")
        if given.get(name) is not None:
            raise ConfigError(f"--param must give each parameter once, got {name} again")
        given[name] = (
            value_argument(value) if built_in else custom_parameter(options.rule, name, value)
        )
    return given


def _table(result: TrainingResult) -> str:
    rows = result.summary()
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in rows)
