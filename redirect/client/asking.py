"""Owns the clients themselves. Must never raise once made, whatever becomes of the service, nor wait past the time
limit: the platform's own answer to a person hangs on it."""

from __future__ import annotations

import asyncio
import os
import ssl
import time
from typing import TYPE_CHECKING, Final, Self, TypedDict, Unpack, get_args

from redirect.client.answer import Reason
from redirect.client.awaiting import AsyncConnections
from redirect.client.blocking import Connections
from redirect.client.care import Care
from redirect.client.question import ACTIONS, OnError, Undecided, batches, one, understood
from redirect.client.subject import Mode, Subject, Surface, Text
from redirect.client.wire import NoHttp, Response, Service

if TYPE_CHECKING:
    from collections.abc import Iterable

    from redirect.client.answer import Answer
    from redirect.client.question import Question

TIMEOUT: Final = 0.05


class Situation(TypedDict, total=False):
    """What a platform may say besides the query or address; see Subject."""

    languages: str
    country: str | None
    surface: Surface
    attempt: int | str | None
    bucket: int | None
    mode: Mode


class Options(TypedDict, total=False):
    """What can be set about a client.

    `on_error` is what an answer says when the service gives none: `open` allows, `closed` blocks, `warn` warns.
    `timeout` are seconds for everything together. `connections` are at most open at once, and kept. After `failures`
    outages in a row nobody waits for `pause` seconds. `retries` is the share of questions that may be asked once
    more, always within the time-out. `tls` replaces the machine's own trust in authorities.
    """

    on_error: OnError
    timeout: float
    connections: int
    failures: int
    pause: float
    retries: float
    tls: ssl.SSLContext | None


class _Asker:
    """What both clients have in common: everything but waiting."""

    def __init__(self, service: str, key: str, **options: Unpack[Options]) -> None:
        self._service = Service(service, key)
        self._on_error: OnError = options.get("on_error", "open")
        if self._on_error not in get_args(OnError):
            raise ValueError("on_error: open, closed or warn is needed")
        self._timeout = options.get("timeout", TIMEOUT)
        self._care = Care(
            options.get("failures", 5), options.get("pause", 1.0), options.get("retries", 0.1), self._on_error
        )
        tls = options.get("tls") or (ssl.create_default_context() if self._service.is_tls else None)
        self._place = (self._service.host, self._service.port, tls, options.get("connections", 32))

    def __repr__(self) -> str:
        """Without the key."""
        return f"{type(self).__name__}({self._service.shown!r}, on_error={self._on_error!r})"

    @property
    def trouble(self) -> str:
        """What keeps the service from deciding, for your health checks: empty while it is well."""
        return self._care.trouble

    @property
    def undecided(self) -> dict[str, int]:
        """How many subjects the service did not decide since the start, by reason, for your metrics."""
        return self._care.undecided

    def _deadline(self, timeout: float | None) -> float:
        return time.monotonic() + (self._timeout if timeout is None else timeout)

    def _request(self, question: Question) -> bytes:
        return self._service.request(question.path, question.body)

    def _read(self, question: Question, response: Response) -> list[Answer]:
        answers = understood(question, response)
        self._care.heard()
        return answers

    def _instead(self, question: Question, error: Exception) -> list[Answer]:
        """What is answered where the service gave no answer."""
        reason, refusal = _why(error)
        self._care.missed(reason, len(question.subjects), refusal)
        return question.instead(reason, ACTIONS[self._on_error])

    def _unasked(self, question: Question, deadline: float) -> list[Answer]:
        """What is answered where nobody is asked; nothing where there is time to ask, and the service may be well."""
        late = time.monotonic() >= deadline
        if not late and self._care.asks():
            return []
        reason = Reason.TIMEOUT if late else Reason.PAUSED
        self._care.unasked(reason, len(question.subjects))
        return question.instead(reason, ACTIONS[self._on_error])


class Client(_Asker):
    """Asks, and waits for the answer at most `timeout` seconds. Make one for your whole program; any thread may use
    it, also after a fork. Options are those of `Options`. Raises ValueError where an argument cannot be used."""

    def __init__(self, service: str, key: str, **options: Unpack[Options]) -> None:
        super().__init__(service, key, **options)
        self._process, self._connections = os.getpid(), Connections(*self._place)

    def check(self, query: Text | None = None, *, url: Text | None = None, **situation: Unpack[Situation]) -> Answer:
        """What to do about one query or address. Raises ValueError only where Subject does."""
        return self._decide(one(Subject(query=query, url=url, **situation)), self._deadline(None))[0]

    def check_batch(self, subjects: Iterable[Subject], *, timeout: float | None = None) -> list[Answer]:
        """What to do about each subject, in order, within the same time-out or another one."""
        deadline = self._deadline(timeout)
        return [answer for question in batches(subjects) for answer in self._decide(question, deadline)]

    def close(self) -> None:
        """Give the connections back."""
        self._connections.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _decide(self, question: Question, deadline: float) -> list[Answer]:
        if unasked := self._unasked(question, deadline):
            return unasked
        try:
            response = self._here().ask(self._request(question), deadline, self._care.asks_again)
            return self._read(question, response)
        except Exception as error:  # noqa: BLE001 (no failure of ours may become one of the platform)
            return self._instead(question, error)

    def _here(self) -> Connections:
        """Connections of this process: a child that used its parent's would take the other's answers."""
        if self._process != os.getpid():
            self._process, self._connections = os.getpid(), Connections(*self._place)
        return self._connections


class AsyncClient(_Asker):
    """As Client, for asyncio: await what it does, and make one for each event loop."""

    def __init__(self, service: str, key: str, **options: Unpack[Options]) -> None:
        super().__init__(service, key, **options)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._connections: AsyncConnections | None = None

    async def check(
        self, query: Text | None = None, *, url: Text | None = None, **situation: Unpack[Situation]
    ) -> Answer:
        """What to do about one query or address. Raises ValueError only where Subject does."""
        return (await self._decide(one(Subject(query=query, url=url, **situation)), self._deadline(None)))[0]

    async def check_batch(
        self,
        subjects: Iterable[Subject],
        *,
        timeout: float | None = None,  # noqa: ASYNC109 (it cancels nothing of the caller's)
    ) -> list[Answer]:
        """What to do about each subject, in order, within the same time-out or another one."""
        deadline = self._deadline(timeout)
        return [answer for question in batches(subjects) for answer in await self._decide(question, deadline)]

    async def aclose(self) -> None:
        """Give the connections back."""
        if self._connections is not None:
            self._connections.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _decide(self, question: Question, deadline: float) -> list[Answer]:
        if unasked := self._unasked(question, deadline):
            return unasked
        try:
            response = await self._here().ask(self._request(question), deadline, self._care.asks_again)
            return self._read(question, response)
        except Exception as error:  # noqa: BLE001 (no failure of ours may become one of the platform)
            return self._instead(question, error)

    def _here(self) -> AsyncConnections:
        """Connections of this event loop."""
        loop = asyncio.get_running_loop()
        if self._connections is None or self._loop is not loop:
            self._loop, self._connections = loop, AsyncConnections(*self._place)
        return self._connections


def _why(error: Exception) -> tuple[Reason, str]:
    match error:
        case Undecided():
            return error.reason, error.refusal
        case TimeoutError():
            return Reason.TIMEOUT, ""
        case NoHttp():
            return Reason.UNREADABLE, ""
        case _:
            return Reason.UNREACHABLE, ""
