"""Owns questions as they go to the service, and what their answers mean. Must never let a status of the service decide
more than it says: what is refused was not decided, and no outage either."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import msgspec

from redirect.client.answer import Action, Answer, Reason, Unreadable, read_answers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from redirect.client.subject import Subject
    from redirect.client.wire import Response

OnError = Literal["open", "closed", "warn"]

ACTIONS: Final[dict[str, Action]] = {"open": Action.ALLOW, "closed": Action.BLOCK, "warn": Action.WARN}
ONE: Final = "/v1/check"
BATCH: Final = "/v1/check/batch"
BATCH_SUBJECTS: Final = 1000
BATCH_BYTES: Final = 1 << 22

_PROBLEM: Final = re.compile(rb'"type":\s?"urn:redirect:problem:([a-z-]{1,40})"')


class Question(NamedTuple):
    """One request: its path below the address of the service, its body, and the subjects in it."""

    path: str
    body: bytes
    subjects: list[Subject]

    def instead(self, reason: Reason, action: Action) -> list[Answer]:
        """Answers where the service gave none. Whoever only looks on is never affected by that."""
        return [
            Answer(
                action=Action.ALLOW if subject.mode == "shadow" else action,
                degraded=True,
                degraded_reason=reason.value,
            )
            for subject in self.subjects
        ]


class Undecided(Exception):  # noqa: N818 (never leaves this package)
    """The service gave no answer; `refusal` is its status and the kind of problem."""

    def __init__(self, reason: Reason, refusal: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.refusal = refusal


def one(subject: Subject) -> Question:
    """A question about one subject."""
    return Question(ONE, msgspec.json.encode(subject), [subject])


def batches(subjects: Iterable[Subject]) -> Iterator[Question]:
    """As few questions as the limits of the service allow, each of them the quickest that will do."""
    taken: list[Subject] = []
    bodies: list[bytes] = []
    size = 0
    for subject in subjects:
        body = msgspec.json.encode(subject)
        if taken and (len(taken) == BATCH_SUBJECTS or size + len(body) + 32 > BATCH_BYTES):
            yield _batch(taken, bodies)
            taken, bodies, size = [], [], 0
        taken.append(subject)
        bodies.append(body)
        size += len(body) + 1
    if taken:
        yield _batch(taken, bodies)


def _batch(subjects: list[Subject], bodies: list[bytes]) -> Question:
    if len(subjects) == 1:
        return Question(ONE, bodies[0], subjects)
    return Question(BATCH, b'{"subjects":[' + b",".join(bodies) + b"]}", subjects)


def understood(question: Question, response: Response) -> list[Answer]:
    """The answers in a response. Raises Undecided."""
    if 400 <= response.status < 500:
        problem = _PROBLEM.search(response.content[:2048])
        kind = problem[1].decode() if problem else "of another program"
        raise Undecided(Reason.REFUSED, f"{response.status} {kind}")
    if response.status >= 500:
        raise Undecided(Reason.ERROR)
    if response.status != 200:
        raise Undecided(Reason.UNREADABLE)
    try:
        return read_answers(response.content, len(question.subjects), batch=question.path == BATCH)
    except Unreadable:
        raise Undecided(Reason.UNREADABLE) from None
