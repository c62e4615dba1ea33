"""Owns what an experiment is, who takes part, and in which arm. Must never look at who somebody is: an arm follows from
a number that the platform holds for the browser session, or from a draw.

Nothing of an assignment is kept. Whoever takes part is counted in the table `experiments`, by arm.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from redirect.domain.decision import DEFAULT_VARIANT, Action

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from redirect.domain.subject import Subject

SEATS: Final = 10_000
"""Arms are given out by seats; a `bucket` is the number of one."""
FIRST_SHOWING, FIRST_REPEAT = "0", "1"
"""Labels of `attempt`: whom a message is compared on, and who did not stop."""


class Assign(StrEnum):
    """How an arm is found. BUCKET keeps a person's arm for the browser session, so that repeats can be laid to it;
    RANDOM draws for each first showing, and can say nothing of who stopped."""

    BUCKET = "bucket"
    RANDOM = "random"


class Outcome(StrEnum):
    """What arms are compared on. STOPPED: the share of first showings that no repeat followed."""

    STOPPED = "stopped"
    HELP_OPENED = "help_opened"


class Guardrail(StrEnum):
    """What ends an experiment where an arm has more of it; the names are those of steps."""

    WRONG_MATCH = "wrong_match"
    CRISIS_OPENED = "crisis_opened"


@dataclass(frozen=True, slots=True)
class Arm:
    """One wording: a variant of the experiment's message, and its share of the seats in percent."""

    variant: str
    weight: int


@dataclass(frozen=True)
class Experiment:
    """One table of `experiments.toml`, proven by `ensure_sound` (`experiment_rules.py`).

    `arms` begin with the default. `first` and `last` are days since 1970-01-01 UTC, both included. `countries` empty
    means everywhere. `smallest` is the smallest difference worth knowing, as a share (0.02 are two points): sample
    sizes follow from it.
    """

    name: str
    question: str
    message: str
    arms: tuple[Arm, ...]
    assign: Assign
    platforms: tuple[str, ...]
    surfaces: frozenset[str]
    countries: frozenset[str]
    first: int
    last: int
    primary: Outcome
    guardrails: tuple[Guardrail, ...]
    smallest: float
    seats: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "seats", _seats(self.name, self.arms))

    @property
    def default(self) -> Arm:
        """The arm that everyone returns to."""
        return self.arms[0]

    @property
    def challengers(self) -> tuple[Arm, ...]:
        """The arms that are compared with the default."""
        return self.arms[1:]

    @property
    def weights(self) -> Mapping[str, float]:
        """Shares of the seats by arm."""
        return {arm.variant: arm.weight / 100 for arm in self.arms}

    def runs_on(self, day: int) -> bool:
        """Whether this is one of its days."""
        return self.first <= day <= self.last

    def arm(self, subject: Subject, message: str, repeat: str, action: Action, draw: Callable[[], int]) -> str | None:
        """The arm of a showing, None where it takes no part.

        `message` is what the person is about to see, `repeat` what they would see a second time; `draw` gives a number
        below SEATS. Of first showings only full pages take part: a compact card is seen, and not counted, before
        anybody opens its page. One whose number the platform does not know takes no part either.
        """
        # `_value_`, because the hash of an enum costs as much as all the rest.
        if subject.surface._value_ not in self.surfaces or not self._in_country(subject.country):
            return None
        bucket, attempt = subject.bucket, subject.attempt_label
        if attempt == FIRST_SHOWING:
            if message != self.message or action is not Action.BLOCK:
                return None
            if self.assign is Assign.RANDOM:
                return self.seats[draw()]
        elif attempt == "unknown" or message != repeat or self.assign is Assign.RANDOM:
            return None
        return None if bucket is None else self.seats[bucket]

    def _in_country(self, country: str | None) -> bool:
        return not self.countries or (country or "").upper() in self.countries


NOBODY: Final[Mapping[str, Experiment]] = {}
"""No experiment runs on any platform."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Why an experiment has ended before its last day: `why` is a `Guardrail`, or BY_HAND with what somebody said.
    `day` counts since 1970-01-01."""

    why: str
    day: int
    arm: str = ""
    said: str = ""

    @property
    def sentence(self) -> str:
        """For people: what happened, and what follows."""
        default = "everyone sees the default message again"
        if self.why == Guardrail.WRONG_MATCH:
            return f"arm {self.arm} had more wrong matches than the default; {default}"
        if self.why == Guardrail.CRISIS_OPENED:
            return f"arm {self.arm} had more readers who went to the crisis line than the default; {default}"
        return f"stopped by hand ({self.said}); {default}"


BY_HAND: Final = "by_hand"


def _seats(name: str, arms: tuple[Arm, ...]) -> tuple[str, ...]:
    """The arm of each seat. Seats are put into an order of the experiment's own and dealt out by weight, so that each
    arm has exactly its share, and two experiments share no order."""

    def place(seat: int) -> bytes:
        return blake2b(f"{name}\x1f{seat}".encode(), digest_size=16, person=b"redirect-arm").digest()

    dealt = [arm.variant for arm in arms for _ in range(arm.weight * SEATS // 100)]
    seats = [DEFAULT_VARIANT] * SEATS
    for seat, variant in zip(sorted(range(SEATS), key=place), dealt, strict=False):
        seats[seat] = variant
    return tuple(seats)
