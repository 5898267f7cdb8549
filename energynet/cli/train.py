"""The command `train`."""

import argparse
import logging
from dataclasses import fields
from typing import Any

from energynet.cli.common import (
    add_command,
    add_data,
    look_here,
    number_argument,
    path_argument,
)
from energynet.config import ACTIVATIONS, DTYPES, OUTPUTS, SAMPLE_ORDERS, TrainingConfig
from energynet.data.dataset import load_named
from energynet.errors import ConfigError, FileError
from energynet.rules.importing import custom_parameter
from energynet.rules.names import PARAMETERS, RULES, check_rule_name, rule_from_name
from energynet.support.checks import quoted
from energynet.support.files import check_writable
from energynet.training.result import TrainingResult

EXIT = {"reached": 0, "exhausted": 3, "diverged": 4}


def _rules() -> str:
    """A line for each rule: its name, what changes, and its flags besides --fraction."""
    lines = []
    for name, (_, named) in RULES.items():
        flags = ["--" + taken.replace("_", "-") for taken in named.takes if taken != "fraction"]
        more = f" [{', '.join(flags)}]" if flags else ""
        more = more if "fraction" in named.takes else " (takes no --fraction)"
        lines.append(f"  {name:<19} {named.changing}{more}")
    return "\n".join(lines)


_TRAIN_EXAMPLES = f"""\
examples:
  energynet train --hidden 100
      plain back-propagation with 100 hidden units, until 95 % of the test set is right
  energynet train --hidden 1000 --rule largest --fraction 0.01 --alpha 0.5 --json > run.json
      only the largest 1 % of all updates; result as JSON

rules:
{_rules()}
  (in brackets: flags that a rule takes besides --fraction)

exit status: 0 criterion reached, 3 steps exhausted, 4 diverged, 2 bad usage or input,
130 interrupted
"""


def add_train(commands: Any) -> None:
    """`energynet train`."""
    parser = add_command(
        commands,
        "train",
        "train one network and report its energies",
        "Train one network online, one image a step, until it classifies the wanted"
        " share of the test set; report steps, accuracy and energies: M0 counts updates of"
        " synapses, M1 sums |dw| (in units of the weights), M_alpha sums |dw|^alpha.",
        _TRAIN_EXAMPLES,
    )
    parser.set_defaults(command=_train)
    default = {item.name: item.default for item in fields(TrainingConfig)}

    model = parser.add_argument_group("network and data")
    model.add_argument(
        "--hidden", required=True, metavar="N", help="number of hidden units, 1 or more"
    )
    add_data(
        model,
        "the embedded MNIST, a folder with four IDX files (plain, .gz or .xz), or a file with the"
        " arrays x_train, y_train, x_test and y_test (default: mnist)",
    )
    model.add_argument(
        "--activation",
        default=default["activation"],
        metavar="NAME",
        help=f"of the hidden units: {', '.join(ACTIVATIONS)} (default: %(default)s)",
    )
    model.add_argument(
        "--output",
        default=default["output"],
        metavar="|".join(OUTPUTS),
        help="linear outputs with squared error, or softmax with cross-entropy"
        " (default: %(default)s)",
    )
    model.add_argument(
        "--no-center",
        action="store_true",
        help="do not subtract the mean pixel of the training set from the input",
    )
    model.add_argument(
        "--init-std",
        default=default["init_std"],
        metavar="S",
        help="standard deviation of the initial weights, 0 or above (default: %(default)s)",
    )
    model.add_argument(
        "--dtype",
        default=default["dtype"],
        metavar="|".join(DTYPES),
        help="type of weights and activities (default: %(default)s)",
    )

    rule = parser.add_argument_group("plasticity rule")
    rule.add_argument(
        "--rule",
        default="all",
        metavar="NAME",
        help=f"one of {', '.join(RULES)} (default: all), or MODULE:CLASS for a custom rule,"
        " looked for in this folder, too",
    )
    rule.add_argument(
        "--param",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a parameter of a custom rule; once for each",
    )
    rule.add_argument(
        "--fraction",
        metavar="P",
        help="share of the synapses (fixed-units: of the hidden units) that may change in a step,"
        " in (0, 1]",
    )
    rule.add_argument(
        "--output-fraction",
        metavar="Q|balanced",
        help="share in the output layer, for rules that choose in each layer; 'balanced': as many"
        " as in the hidden layer (default: as --fraction, or one choice for both layers)",
    )

    rule.add_argument(
        "--within-units",
        metavar="Q",
        help="for the rules largest...: rank only the synapses of a fixed share of the hidden"
        " units, in (0, 1]; --fraction then counts on those",
    )

    training = parser.add_argument_group("training")
    training.add_argument(
        "--seed", default=default["seed"], metavar="N", help="0 or more (default: %(default)s)"
    )
    training.add_argument(
        "--learning-rate",
        default=default["learning_rate"],
        metavar="ETA|auto",
        help="above 0, the same in both layers; 'auto': 0.01, or less where the network would be"
        " unstable (default: %(default)s)",
    )
    training.add_argument(
        "--sample-order",
        default=default["sample_order"],
        metavar="|".join(SAMPLE_ORDERS),
        help="images drawn with replacement, or a fresh permutation each epoch"
        " (default: %(default)s)",
    )
    training.add_argument(
        "--target-accuracy",
        default=default["target_accuracy"],
        metavar="A",
        help="the criterion: share of the test set that is right, in (0, 1] (default: %(default)s)",
    )
    training.add_argument(
        "--test-every",
        default=default["test_every"],
        metavar="STEPS",
        help="steps between two tests of the criterion (default: %(default)s)",
    )
    training.add_argument(
        "--max-steps",
        default=default["max_steps"],
        metavar="STEPS",
        help="steps at most (default: %(default)s)",
    )
    training.add_argument(
        "--threads",
        metavar="N",
        help="threads that work on the network; results never depend on it"
        " (default: by the size of the network)",
    )

    output = parser.add_argument_group("output")
    output.add_argument(
        "--alpha",
        nargs="+",
        default=(),
        metavar="ALPHA",
        help="also report M_alpha for these exponents in (0, 1]",
    )
    output.add_argument(
        "--save",
        type=path_argument,
        metavar="FILE.npz",
        help="write the trained network to this file",
    )
    output.add_argument(
        "--checkpoint",
        type=path_argument,
        metavar="FILE",
        help="keep the state of the run in this file; if it exists, resume from it, also with a"
        " larger --max-steps",
    )
    output.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    output.add_argument("--quiet", action="store_true", help="no progress on stderr")


def _train(options: argparse.Namespace) -> int:
    from energynet.training.loop import train
    from energynet.training.progress import reporter

    config = _config(options)
    threads = None if options.threads is None else _integer(options.threads)
    if options.save is not None:
        check_writable(options.save, "save")
        if (
            options.checkpoint is not None
            and options.checkpoint.resolve() == options.save.resolve()
        ):
            raise FileError(f"save must be another file than checkpoint, got {options.save}")
    dataset = load_named(options.data)
    if options.quiet:
        logging.getLogger("energynet").setLevel(logging.ERROR)
    report = reporter(options.quiet)
    try:
        result = train(
            config, dataset, threads=threads, checkpoint=options.checkpoint, progress=report
        )
    finally:
        if report is not None:
            report.close()
    try:
        if options.save is not None:
            result.network.save(options.save)
    finally:  # a disk that is full by now must not cost the result
        print(result.to_json() if options.json else _table(result))
    return EXIT[result.outcome]


def _config(options: argparse.Namespace) -> TrainingConfig:
    look_here()
    rule = rule_from_name(options.rule, **_parameters(options))
    return TrainingConfig(
        hidden=_integer(options.hidden),
        rule=rule,
        seed=_integer(options.seed),
        activation=options.activation,
        output=options.output,
        learning_rate=number_argument(options.learning_rate),
        init_std=number_argument(options.init_std),
        center=not options.no_center,
        sample_order=options.sample_order,
        target_accuracy=number_argument(options.target_accuracy),
        test_every=_integer(options.test_every),
        max_steps=_integer(options.max_steps),
        dtype=options.dtype,
        alpha=tuple(number_argument(alpha) for alpha in options.alpha),
    )


def _parameters(options: argparse.Namespace) -> dict[str, Any]:
    """Parameters of the rule."""
    given = {name: number_argument(getattr(options, name)) for name in PARAMETERS}
    built_in = check_rule_name(options.rule) in RULES
    for text in options.param:
        name, equals, value = text.partition("=")
        if not (equals and name.isidentifier()):
            raise ConfigError(f"--param must be NAME=VALUE, got {quoted(text)}")
        if given.get(name) is not None:
            raise ConfigError(f"--param must give each parameter once, got {name} again")
        given[name] = (
            number_argument(value) if built_in else custom_parameter(options.rule, name, value)
        )
    return given


def _integer(text: Any) -> Any:
    """An int where the text is one; else the text, for the config to refuse in its own words."""
    try:
        return int(text)
    except ValueError:
        return number_argument(text)


def _table(result: TrainingResult) -> str:
    rows = result.summary()
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in rows)
