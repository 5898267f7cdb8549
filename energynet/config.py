"""What decides the outcome of one training run."""

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import partial
from itertools import islice
from typing import Any, NamedTuple, cast

from energynet.errors import ConfigError
from energynet.rules.base import Rule
from energynet.rules.built_in import AllSynapses
from energynet.rules.names import is_rule, rule_from_dict, rule_to_dict
from energynet.support import checks
from energynet.support.checks import quoted
from energynet.support.contents import content
from energynet.support.html import html_table

SAMPLE_ORDERS = ("uniform", "permutation")
DTYPES = ("float32", "float64")
ACTIVATIONS = ("leaky_relu", "relu", "tanh", "sigmoid")
OUTPUTS = ("linear", "softmax")
NETWORK, TRAINING, OUTPUT = "network", "training", "output"  # groups of flags
_MOST_ALPHAS = 100
# Fields that every identity has ever held. One added later counts only if it is not at its default,
# so that ids, hashes and checkpoints stay valid.
_FIRST_FIELDS = frozenset(
    [
        *("hidden", "rule", "seed", "activation", "output", "learning_rate", "init_std"),
        *("center", "sample_order", "target_accuracy", "test_every", "max_steps", "dtype"),
        "alpha",
    ]
)
_MOST = 2**31 - 2  # unit numbers are kept as int32
_LARGEST_FLOAT32 = 2.0**128 - 2.0**104


class Setting(NamedTuple):
    """What a field of `TrainingConfig` declares besides its type and default.

    check(name, value) returns the value in its declared type, or raises ConfigError. The rest is
    for the flag of the command line: its group in `--help`, the placeholder of its value, and its
    explanation. A field without a group has no flag.
    """

    check: Callable[[str, Any], Any]
    group: str = ""
    metavar: str = ""
    told: str = ""


def _setting(
    check: Callable[[str, Any], Any], group: str = "", metavar: str = "", told: str = ""
) -> dict[str, Setting]:
    """The metadata of a field."""
    return {"setting": Setting(check, group, metavar, told)}


def _integer(lowest: int, highest: int) -> Callable[[str, Any], int]:
    return partial(checks.integer, lowest=lowest, highest=highest)


def _choice(allowed: Sequence[str]) -> Callable[[str, Any], str]:
    return partial(checks.choice, allowed=allowed)


def _not_negative(name: str, value: Any) -> float:
    return checks.number(name, value, "a finite number, 0 or above", above=-math.ulp(0.0))


def _learning_rate(name: str, value: Any) -> float | str:
    if isinstance(value, str) and value == "auto":
        return value
    return checks.number(name, value, "a finite number above 0 or 'auto'", above=0.0)


def _margin(name: str, value: Any) -> float | None:
    if value is None or (isinstance(value, str) and value == "none"):
        return None
    allowed = "a finite number, 0 or above, or 'none'"
    return checks.number(name, value, allowed, above=-math.ulp(0.0))


def _alphas(name: str, value: Any) -> tuple[float, ...]:
    value = checks.unwrap(value)
    several = isinstance(value, Iterable) and not isinstance(value, str | bytes)
    given = list(islice(checks.entries(value), _MOST_ALPHAS + 1)) if several else [value]
    exponents = [checks.fraction(name, alpha) for alpha in given]
    if len(given) > _MOST_ALPHAS:
        raise ConfigError(f"{name} must be at most {_MOST_ALPHAS} numbers, got more")
    return tuple(sorted(set(exponents)))


def _rule(name: str, value: Any) -> Rule:
    if not is_rule(value):
        hint = "; rule_from_name makes one of a name" if isinstance(value, str) else ""
        hint = "; call the class" if isinstance(value, type) else hint
        raise ConfigError(
            f"{name} must be a plasticity rule such as AllSynapses(), got {quoted(value)}{hint}"
        )
    return cast(Rule, value)


@checks.arguments
@dataclass(frozen=True, kw_only=True, repr=False)
class TrainingConfig:
    """Everything that decides the outcome of one training run, apart from the data set.

    Defaults are those of the published program of van Rossum & Pache, PLoS Comput Biol 2024, but
    for three things. There `init_std` is 0.03 by default (0.01 and 0.02 in its last sweeps), one of
    the hidden units serves as the bias, and pixels are 0 to 0.98 before their mean is subtracted.

    Parameters
    ----------
    hidden : int
        Number of hidden units, nh.
    rule : Rule
        Which synapses change in a step: a class of `energynet.rules.built_in`, or a custom rule,
        a `PlasticityRule`.
    seed : int
        One integer >= 0 from which all randomness follows.
    activation : {"leaky_relu", "relu", "tanh", "sigmoid"}
        Activation function of the hidden units; the leaky ReLU has slope 0.1 below zero.
    output : {"linear", "softmax"}
        Linear outputs with squared error 1/2 |target - o|^2, or softmax with cross-entropy.
    learning_rate : float or "auto"
        eta, the same in both layers. "auto": half of eta_max, but at most 0.01. eta_max is the
        learning rate up to which the network at its start is linearly stable
        (`energynet.training.stability`).
    init_std : float
        Standard deviation of the initial weights of both layers.
    center : bool
        Subtract the mean pixel of the training set from the input.
    sample_order : {"uniform", "permutation"}
        Images drawn with replacement, or a fresh permutation each epoch.
    margin : float or None
        A step is learnt only if its image is classified wrong, or if the output of the right class
        is above all others by less than `margin`. With 0 only errors are learnt. None, or "none":
        every step is learnt.
    target_accuracy : float
        The criterion: share of the test set to be classified right, in (0, 1].
    hold : int
        The criterion is applied to the mean of the last `hold` tests; `max_steps` must allow as
        many.
    test_every : int
        Steps between two tests of the network on the test set.
    max_steps : int
        Largest number of steps.
    dtype : {"float32", "float64"}
        Type of weights and activities; energies are always float64 and int64.
    alpha : float or list of float
        Exponents in (0, 1] for which M_alpha is recorded besides M0 and M1.
    start : str
        16 digits of the network that training starts from: SHA-256 of its weights in `dtype`. Set
        by `train(config, dataset, start=NETWORK)`; a config that has it does not train without
        that network.

    Raises
    ------
    ConfigError
        A value that is not allowed.
    """

    hidden: int = field(
        metadata=_setting(_integer(1, _MOST), NETWORK, "N", "number of hidden units, 1 or more")
    )
    rule: Rule = field(default_factory=AllSynapses, metadata=_setting(_rule))
    seed: int = field(
        default=0,
        metadata=_setting(
            _integer(0, 2**63 - 1), TRAINING, "N", "decides all that is random; 0 or more"
        ),
    )
    activation: str = field(
        default="leaky_relu",
        metadata=_setting(
            _choice(ACTIVATIONS), NETWORK, "NAME", f"of the hidden units: {', '.join(ACTIVATIONS)}"
        ),
    )
    output: str = field(
        default="linear",
        metadata=_setting(
            _choice(OUTPUTS),
            NETWORK,
            "|".join(OUTPUTS),
            "linear outputs with squared error, or softmax with cross-entropy",
        ),
    )
    learning_rate: float | str = field(
        default=0.01,
        metadata=_setting(
            _learning_rate,
            TRAINING,
            "ETA|auto",
            "above 0, the same in both layers; 'auto': 0.01, or less if the network would be"
            " unstable",
        ),
    )
    init_std: float = field(
        default=0.01,
        metadata=_setting(
            _not_negative, NETWORK, "S", "standard deviation of the initial weights, 0 or above"
        ),
    )
    center: bool = field(
        default=True,
        metadata=_setting(
            checks.flag,
            NETWORK,
            told="do not subtract the mean pixel of the training set from the input",
        ),
    )
    sample_order: str = field(
        default="uniform",
        metadata=_setting(
            _choice(SAMPLE_ORDERS),
            TRAINING,
            "|".join(SAMPLE_ORDERS),
            "images drawn with replacement, or a fresh permutation in each epoch",
        ),
    )
    margin: float | None = field(
        default=None,
        metadata=_setting(
            _margin,
            TRAINING,
            "M|none",
            "learn only from images that are classified wrong, or right with a lead below M; 0:"
            " only from errors; 'none': from every image",
        ),
    )
    target_accuracy: float = field(
        default=0.95,
        metadata=_setting(
            checks.fraction,
            TRAINING,
            "A",
            "the criterion: share of the test set to be classified right, in (0, 1]",
        ),
    )
    hold: int = field(
        default=1,
        metadata=_setting(
            _integer(1, 2**62),
            TRAINING,
            "N",
            "the criterion is applied to the mean of the last N tests",
        ),
    )
    test_every: int = field(
        default=2000,
        metadata=_setting(
            _integer(1, 2**62), TRAINING, "STEPS", "steps between two tests of the criterion"
        ),
    )
    max_steps: int = field(
        default=300_000,
        metadata=_setting(_integer(1, 2**62), TRAINING, "STEPS", "maximum number of steps"),
    )
    dtype: str = field(
        default="float32",
        metadata=_setting(
            _choice(DTYPES), NETWORK, "|".join(DTYPES), "type of weights and activities"
        ),
    )
    alpha: tuple[float, ...] = field(
        default=(),
        metadata=_setting(
            _alphas, OUTPUT, "ALPHA", "also report M_alpha for these exponents in (0, 1]"
        ),
    )

    start: str = field(default="", metadata=_setting(content))

    def __post_init__(self) -> None:
        for name, setting in SETTINGS.items():
            object.__setattr__(self, name, setting.check(name, getattr(self, name)))
        if self.dtype == "float32" and self.margin is not None and self.margin > _LARGEST_FLOAT32:
            raise ConfigError(f"margin must be a finite number in float32, got {self.margin}")
        tests = -(-self.max_steps // self.test_every)
        if self.hold > tests:
            raise ConfigError(
                f"hold must be at most {tests}, the number of tests in {self.max_steps} steps, got"
                f" {self.hold}"
            )
        if self.start and self.learning_rate == "auto":
            raise ConfigError(
                "learning_rate must be a number for a run with start: 'auto' is for initial weights"
            )

    def __repr__(self) -> str:
        """`hidden`, the rule, and what differs from its default."""
        given = [f"{name}={value!r}" for name, value in self._told()]
        return f"TrainingConfig({', '.join(given)})"

    def _repr_html_(self) -> str:
        rows = [(item.name, str(getattr(self, item.name))) for item in fields(self)]
        return html_table("TrainingConfig", rows)

    def _told(self) -> Iterator[tuple[str, Any]]:
        for item in fields(self):
            value = getattr(self, item.name)
            if item.name in ("hidden", "rule") or value != item.default:
                yield item.name, value

    def to_dict(self) -> dict[str, Any]:
        """The config as plain values that JSON can hold."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return values | {"rule": rule_to_dict(self.rule), "alpha": list(self.alpha)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "TrainingConfig":
        """The inverse of `to_dict`; raises ConfigError for unknown names and bad values."""
        if not isinstance(values, Mapping):
            raise ConfigError(f"values must be a table of parameters, got {quoted(values)}")
        known = [item.name for item in fields(cls)]
        for name in values:
            if name not in known:
                hint = checks.suggestion(name, known)
                raise ConfigError(
                    f"unknown parameter {quoted(name)}; known are {', '.join(known)}{hint}"
                )
        if "hidden" not in values:
            raise ConfigError("hidden must be given: the number of hidden units")
        rule = {"rule": rule_from_dict(values["rule"])} if "rule" in values else {}
        return cls(**{**values, **rule})

    def identity(self) -> dict[str, Any]:
        """`to_dict` without fields that were added later and are at their default."""
        values = self.to_dict()
        for item in fields(self):
            if item.name not in _FIRST_FIELDS and getattr(self, item.name) == item.default:
                del values[item.name]
        return values

    @property
    def hash(self) -> str:
        """First 16 hexadecimal digits of SHA-256 over the canonical JSON of `identity`."""
        canonical = json.dumps(self.identity(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]


SETTINGS: dict[str, Setting] = {
    item.name: item.metadata["setting"] for item in fields(TrainingConfig)
}
