"""Owns what stands before the application: heads without end, bytes that are no HTTP, who waits too long, requests
that memory alone can answer, and calls for which there is no time. Must never write anything of a request anywhere, nor
answer what the application would answer otherwise."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from redirect.web.connections import Phase
from redirect.web.door import has_gone
from redirect.web.http import GUARDING, header_lines, start_line
from redirect.web.problems import RETRY_AFTER, respond

if TYPE_CHECKING:
    from asyncio import Transport
    from collections.abc import Callable

    from starlette.types import Scope
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

    from redirect.web.connections import Connections
    from redirect.web.http import Whole
    from redirect.web.turn import Turn

    Answer = Callable[[Scope, bytes], Whole]
    AtOnce = Callable[[bytes, bytes], Answer | None]
    IsCall = Callable[[bytes], bool]

CLOSE = b"connection: close\r\n"
HEAD_LIMIT = 1 << 17
"""Bytes after which a head that has not ended ends the connection, or what stands around the parts of a body: chunk
sizes, trailers. Reading on would cost the square of its length."""


class BoundedProtocol(HttpToolsProtocol):
    """One connection. The first five are those of `protocol`."""

    page: ClassVar[bytes]
    at_once: ClassVar[staticmethod[[bytes, bytes], Answer | None]]
    limit: ClassVar[int]
    places: ClassVar[Connections]
    turn: ClassVar[Turn]
    is_call: ClassVar[staticmethod[[bytes], bool]]

    _begun = 0
    _in_head = True
    _in_body = False
    _head = 0
    _answer: Answer | None = None
    _body = b""
    _closing = False
    _is_turned_away = False
    _late_in = -1

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override] # as the library's own
        super().connection_made(transport)
        self.places.take(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.places.forget(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_turned_away:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)
            return
        if self._in_head or self._in_body:
            if self._head > HEAD_LIMIT:
                self.transport.close()
                return
            self._head += len(data)
        super().data_received(data)

    def on_message_begin(self) -> None:
        self._in_head = True
        self._begun += 1
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head, self._in_body, self._head = False, True, 0
        answer = self.at_once(self.parser.get_method(), self.url)
        if answer is not None and self._is_usual():
            self._answer, self._body = answer, b""
        elif self._may_be_refused() and not self.turn.has_room():
            self._answer, self._closing = overloaded, not self._is_usual()
        else:
            self._to_application()
        self.headers = []  # for trailers, which come after what was asked, and change nothing of it

    def on_body(self, body: bytes) -> None:
        self._head = 0
        if self._answer is None:
            super().on_body(body)
            return
        if self._answer is overloaded:
            return
        self._body += body
        if len(self._body) > self.limit:
            self._pass_on()

    def on_message_complete(self) -> None:
        self._in_body = False
        if self._answer is None:
            super().on_message_complete()
            return
        is_late = self._answer is overloaded or not self.turn.has_time()
        if self.turn.is_long and has_gone(self.transport.get_extra_info("socket")):
            self.transport.abort()
            return
        if is_late and self.is_call(self.url):
            self.turn.refused()
            self._answer = overloaded
        try:
            whole = self._answer(
                {"method": self.parser.get_method().decode(), "headers": self.scope["headers"], "client": self.client},
                self._body,
            )
        except Exception:  # noqa: BLE001 (the application meets the same, and knows what to say)
            self._pass_on()
            super().on_message_complete()
            return
        self._answer = None
        self._write(whole)
        if is_late or self.turn.is_long:
            self._end_turn()

    def _end_turn(self) -> None:
        """Whoever comes back within a long turn keeps it from ending, and others from their first word."""
        if self._late_in == self.turn.number and not self.transport.is_closing():
            self.turn.hold(self)
        self._late_in = self.turn.number

    def _write(self, whole: Whole) -> None:
        start, headers, body = whole
        closing = self._closing or self.places.draining
        ours = b"".join([b"%b: %b\r\n" % pair for pair in self.server_state.default_headers])
        self.transport.write(b"".join((start, CLOSE if closing else b"", ours, headers, body)))
        self.on_response_complete()
        if closing:
            self.transport.close()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self._busy():
            self._forget()

    def _forget(self) -> None:
        """Hold nothing of what was asked: a connection may wait for long before it asks again."""
        if self.cycle is not None:
            self.cycle.scope, self.cycle.body = {}, bytearray()  # type: ignore[typeddict-item]
        if not self._in_head:
            self.url, self._body, self.headers, self.scope = b"", b"", [], {}  # type: ignore[typeddict-item]

    def shutdown(self) -> None:
        if self._answer is None:
            super().shutdown()
        else:
            self._closing = True

    @property
    def place(self) -> tuple[int, Phase]:
        """How many requests have begun, and what is waited for."""
        if self.transport.is_closing():
            return self._begun, Phase.CLOSING
        if self._in_head or self._in_body:
            return self._begun, Phase.HEAD if self._in_head else Phase.BODY
        return self._begun, Phase.ANSWER if self._busy() else Phase.IDLE

    def give_up(self) -> None:
        """Answer 408 where a request has begun and nothing was said yet, else just end it."""
        phase = self.place[1]
        is_asked = (phase is Phase.HEAD and self._head and not self._busy()) or phase is Phase.BODY
        if is_asked and not (self._busy() and self.cycle.response_started):
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)
        else:
            self.transport.abort()

    def cut(self) -> None:
        """End it now."""
        self.transport.abort()

    def turn_away(self) -> None:
        """Refuse whatever it asks; not before it has asked, since an answer to nothing may be lost."""
        self._is_turned_away = True

    def pause(self) -> None:
        """Leave unread what comes."""
        self.transport.pause_reading()

    def resume(self) -> None:
        """Read on, unless what was read still waits for the application."""
        if not self.flow.read_paused:
            self.transport.resume_reading()

    def _may_be_refused(self) -> bool:
        """A call to which nothing was said yet, and that nobody before it on its connection still waits for."""
        return self.is_call(self.url) and not self.expect_100_continue and not self._busy()

    def _is_usual(self) -> bool:
        """Nothing before it still unanswered or unread, and the connection stays open after it."""
        return (
            not self._busy()
            and not self.expect_100_continue
            and not self.flow.write_paused
            and self.parser.get_http_version() == "1.1"
            and self.parser.should_keep_alive()
        )

    def _busy(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # none before the first one; the library's type does not say so
        return cycle is not None and not cycle.response_complete

    def _pass_on(self) -> None:
        """To the application, with what has come of the body so far."""
        self._answer = None
        self._to_application()
        if self._body:
            super().on_body(self._body)

    def _to_application(self) -> None:
        super().on_headers_complete()
        if self.places.draining:
            self.cycle.keep_alive = False

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 (a fixed text of the library)
        self._refuse(HTTPStatus.BAD_REQUEST)

    def _refuse(self, status: HTTPStatus) -> None:
        """With the page that has help, and the end of the connection."""
        later = f"retry-after: {RETRY_AFTER}\r\n" if status is HTTPStatus.SERVICE_UNAVAILABLE else ""
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\n"
            "content-type: text/html; charset=utf-8\r\n"
            f"content-length: {len(self.page)}\r\n"
            f"{later}cache-control: no-store\r\nreferrer-policy: no-referrer\r\nx-content-type-options: nosniff\r\n"
            "connection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + self.page)
        self.transport.close()


def _problem(name: str) -> Whole:
    """An answer that is always the same, as the application gives it."""
    response = respond(name)
    said = dict(response.raw_headers)
    return start_line(response.status_code), header_lines({**GUARDING, **said}.items()), bytes(response.body)


OVERLOADED = _problem("overloaded")


def overloaded(_request: Scope, _body: bytes) -> Whole:
    """What a call is told for which there is no time."""
    return OVERLOADED


def protocol(
    page: bytes, at_once: AtOnce, limit: int, places: Connections, turn: Turn, is_call: IsCall
) -> type[BoundedProtocol]:
    """The server's protocol, bounded, with `page` as the help for what is no request: somebody may be reading.

    `at_once` finds, by method and target, what needs no task of its own, since it waits for nothing: it makes a whole
    answer of a scope (`method`, `headers` and `client` alone are filled) and of a body of at most `limit` bytes. A task
    for each request costs more than a decision. Whatever is unusual about a request, and whatever fails, goes to the
    application as if nothing had been tried. `places` are those of all connections of one listener. A target for which
    `is_call` is true is refused while `turn` has no time or room for it.
    """
    own = {"page": page, "at_once": staticmethod(at_once), "limit": limit, "places": places}
    own |= {"turn": turn, "is_call": staticmethod(is_call)}
    return type("Protocol", (BoundedProtocol,), own)


def nothing_at_once(method: bytes, target: bytes) -> None:
    """For where everything goes to the application."""


def no_call(_target: bytes) -> bool:
    """For where all are persons."""
    return False
