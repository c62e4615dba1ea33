"""Owns `POST /v1/check`, `/v1/check/batch` and `/v1/explain`. Must never put anything of the input into an answer."""

from __future__ import annotations

import asyncio
import json
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Protocol, TypeVar

import msgspec

from redirect.domain.access import Scope
from redirect.domain.content import Platform
from redirect.domain.errors import BadRequest
from redirect.domain.subject import Subject
from redirect.journeys.check import Answer
from redirect.web.http import read_body, send_json, whole_json
from redirect.web.security import KnownKeys, admit, charge, known

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import Receive, Send
    from starlette.types import Scope as Request

    from redirect.domain.access import Access
    from redirect.journeys.check import Checker
    from redirect.web.http import Whole
    from redirect.web.native import Native
    from redirect.web.turn import Line

CHECK_LIMIT = 1 << 16
"""Bytes of a body: a text of 4 kB with every character escaped, and room for the rest."""
BATCH_LIMIT = 1 << 22
BATCH_SUBJECTS = 1000
MOST_BATCHES = 16
"""Batches that a worker takes in at a time; they are decided one after the other, so that none holds up a check."""
YIELD_AFTER = 0.002
"""Seconds of work on one batch before others get their turn."""

Wanted = TypeVar("Wanted")


class Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Up to BATCH_SUBJECTS subjects."""

    subjects: Annotated[list[Subject], msgspec.Meta(max_length=BATCH_SUBJECTS)]


class Answers(msgspec.Struct, frozen=True):
    """One answer for each subject, in order."""

    answers: list[Answer]


class Count(Protocol):
    """Adds to a number of `/metrics`."""

    def __call__(self, count: int = 1) -> None: ...


class Limited(Exception):  # noqa: N818 (no mistake of anybody's)
    """A call that counts against a limit, whose answer needs headers of its own."""


class Caller:
    """Knows which platform a request comes from. Platforms that the operator did not describe get defaults."""

    def __init__(self, keys: KnownKeys, platforms: Mapping[str, Platform]) -> None:
        self._keys = keys
        self._platforms = dict(platforms)

    def platform(self, request: Request, scope: Scope = Scope.CHECK) -> Platform:
        """Raises BadRequest where no key allows this, or not so often."""
        return self._of(admit(request, self._keys, scope))

    def platform_of_many(self, request: Request) -> Callable[[int], Platform]:
        """The same for a request that is counted as several, as soon as it is known how many."""
        access = admit(request, self._keys, Scope.CHECK)

        def counted(calls: int) -> Platform:
            charge(request, self._keys, access, Scope.CHECK, calls - 1, owed=True)
            return self._of(access)

        return counted

    def platform_without_limit(self, request: Request) -> Platform:
        """The same, for a key that has none. Raises Limited for any other."""
        access = known(request, self._keys, Scope.CHECK)
        if access.limit is not None:
            raise Limited
        return self._of(access)

    def _of(self, access: Access) -> Platform:
        name = access.platform
        platform = self._platforms.get(name)
        if platform is None:
            platform = self._platforms[name] = Platform(name)  # as many as the operator made keys for
        return platform


class CheckEndpoint:
    """One subject. Written against ASGI itself: this is the path that a platform waits for."""

    def __init__(self, checker: Checker, caller: Caller, native: Native, count: Count) -> None:
        self._checker = checker
        self._caller = caller
        self._native = native
        self._count = count
        self._decoder = msgspec.json.Decoder(Subject)
        self._encoder = msgspec.json.Encoder()

    async def __call__(self, request: Request, receive: Receive, send: Send) -> None:
        """Answer one request."""
        platform = self._caller.platform(request)
        await send_json(send, self._answer(platform, await read_body(receive, CHECK_LIMIT)))

    def at_once(self, request: Request, body: bytes) -> Whole:
        """The whole answer; only the headers of `request` are looked at. Raises BadRequest or Limited, and nothing is
        counted then."""
        return whole_json(self._answer(self._caller.platform_without_limit(request), body))

    def _answer(self, platform: Platform, body: bytes) -> bytes:
        subject = decode(self._decoder, body)
        answer = self._checker.check(subject, platform)
        if subject.face is not None:
            answer = self._native.added(answer, subject.face)
        self._count()
        return self._encoder.encode(answer)


class ExplainEndpoint:
    """`POST /v1/explain`, for whoever builds lists."""

    def __init__(self, checker: Checker, caller: Caller) -> None:
        self._checker = checker
        self._caller = caller
        self._decoder = msgspec.json.Decoder(Subject)

    async def __call__(self, request: Request, receive: Receive, send: Send) -> None:
        """Answer one request; store and count nothing."""
        platform = self._caller.platform(request, Scope.LISTS)
        subject = decode(self._decoder, await read_body(receive, CHECK_LIMIT))
        await send_json(send, msgspec.json.encode(self._checker.explain(subject, platform)))


class BatchEndpoint:
    """Many subjects in one request."""

    def __init__(self, checker: Checker, caller: Caller, count: Count, line: Line) -> None:
        self._checker = checker
        self._caller = caller
        self._count = count
        self._line = line
        self._decoder = msgspec.json.Decoder(Batch)

    async def __call__(self, request: Request, receive: Receive, send: Send) -> None:
        """Answer one request; either all subjects are answered or none."""
        with self._line.place():
            counted = self._caller.platform_of_many(request)
            body = await read_body(receive, BATCH_LIMIT)
            async with self._line.turn:
                answer = msgspec.json.encode(await self._answers(body, counted))
        await send_json(send, answer)

    async def _answers(self, body: bytes, counted: Callable[[int], Platform]) -> Answers:
        subjects = decode(self._decoder, body).subjects
        platform = counted(len(subjects))
        for subject in subjects:
            subject.ensure_valid()
            if subject.face is not None:
                raise BadRequest("invalid-request")
        answers, since = [], perf_counter()
        for subject in subjects:
            answers.append(self._checker.check(subject, platform))
            if perf_counter() - since > YIELD_AFTER:
                await asyncio.sleep(0)  # others wait for single answers meanwhile
                since = perf_counter()
        self._count(len(answers))
        return Answers(answers)


def decode(decoder: msgspec.json.Decoder[Wanted], body: bytes) -> Wanted:
    """The typed body. Raises BadRequest; a decoder's own message names input, so it is dropped."""
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _decode_again(decoder, body)


def _decode_again(decoder: msgspec.json.Decoder[Wanted], body: bytes) -> Wanted:
    """Lone surrogates and broken bytes must be no way around a list: they are replaced, then decided. And `1.0` is as
    whole as 1: some languages know no other numbers."""
    try:
        # The standard library's parser accepts lone surrogates; a turn through UTF-16 makes them U+FFFD.
        loose = json.loads(body.decode("utf-8", errors="replace"), parse_constant=_refuse, parse_float=_number)
        text = json.dumps(loose, ensure_ascii=False)
        return decoder.decode(text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))
    except msgspec.ValidationError:
        raise BadRequest("invalid-request") from None
    except (ValueError, RecursionError):
        raise BadRequest("malformed-json") from None


def _number(text: str) -> int | float:
    number = float(text)
    return int(number) if number.is_integer() else number


def _refuse(_constant: str) -> None:
    raise ValueError
