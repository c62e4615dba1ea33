"""Owns the lines that Squid and its helpers speak to each other. Must never leave a line without an answer: Squid waits
for it for ever.

Squid asks, with the settings that integrations/squid has, and a channel number where `concurrency` is set:

    3 http://search.example/search?q=weather method=GET languages=es-AR,es;q=0.9      url_rewrite
    3 http://search.example/search?q=weather GET es-AR,es;q=0.9 -                     external_acl

and is answered on the same channel: `ERR` lets a request pass, `OK` stops it, `BH` says that this was no question.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote_to_bytes

from redirect.proxies.question import Question, whole_address

if TYPE_CHECKING:
    from redirect.proxies.asking import Verdict


LINE_LIMIT = 1 << 18
"""Bytes: more than Squid takes as an address and a header, with every byte of them escaped."""


class Way(StrEnum):
    """Which of Squid's two protocols is spoken."""

    REWRITE = "rewrite"
    ACL = "acl"


class Lines:
    """Bytes as they come, in lines. Of a line that is too long its beginning is left: its channel and its host."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Lines that are whole now, without their ends."""
        *whole, rest = (self._rest + data).split(b"\n")
        self._rest = rest[:LINE_LIMIT]
        return [line[:LINE_LIMIT] for line in whole]


class Asked(NamedTuple):
    """A line as it was read. `channel` is empty where Squid numbers none; no question, no sense in the line."""

    channel: bytes
    question: Question | None


def read_line(way: Way, line: bytes) -> Asked:
    """What Squid asks. Never fails: a line that makes no sense is answered, too."""
    words = line.split()
    channel = words.pop(0) if words and words[0].isdigit() else b""
    return Asked(channel, _rewrite(b" ".join(words)) if way is Way.REWRITE else _acl(words))


def _rewrite(rest: bytes) -> Question | None:
    """The address as it was sent: with `uri_whitespace allow` it may have spaces, so what follows it has names."""
    address, named, extras = rest.rpartition(b" method=")
    if not named:
        return _question(rest.partition(b" ")[0], b"", b"")
    method, _, languages = extras.partition(b" languages=")
    return _question(address, method, languages)


def _acl(words: list[bytes]) -> Question | None:
    """Squid has escaped each word, and no address twice."""
    address, method, languages, *_ = [*words, b"", b"", b""]
    return _question(address, method, languages)


def _question(address: bytes, method: bytes, languages: bytes) -> Question | None:
    if address in {b"", b"-"}:
        return None
    name = "" if method == b"-" else method.decode("ascii", "replace")
    spoken = "" if languages == b"-" else unquote_to_bytes(languages).decode("latin-1")
    return Question(whole_address(name, address, b""), name, spoken)


def write_line(way: Way, asked: Asked, verdict: Verdict) -> bytes:
    """The answer. The note `redirect` says what became of the question, so that squid.conf can tell a request that
    passes from one that could not be decided."""
    if asked.question is None:
        answer = b"BH message=no-question"
    elif verdict.page:
        answer = _stop(way, asked.question.method, verdict.page)
    else:
        answer = b"ERR redirect=decided" if verdict.decided else b"ERR redirect=undecided"
    return (asked.channel + b" " + answer if asked.channel else answer) + b"\n"


def _stop(way: Way, method: str, page: str) -> bytes:
    """An access list gives the end of the address alone; squid.conf has what stands before it."""
    if way is Way.ACL:
        return b"OK message=%b redirect=stopped" % page.rpartition("/")[2].encode()
    status = 302 if method in {"GET", "HEAD", ""} else 303
    return b'OK status=%d url="%b" redirect=stopped' % (status, page.encode())
