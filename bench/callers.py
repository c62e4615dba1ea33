"""Owns many callers on loopback that ask at a rate of their own, whether they are answered or not, as the world does.
Must never run on without end, nor ask anyone but this machine.

Each caller is one connection with one question at a time, kept and used again; where none is free another is opened.
Who is not answered within `patience` goes away and closes its connection, as platforms do.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from itertools import cycle
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterable

TICK = 0.002
HOMES = 32
"""Loopback addresses they ask from in turn: each has 28,000 ports, and one that was hung up on rests for a minute."""
LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)


@dataclass
class Heard:
    """What came of the questions: seconds by status, and those who never heard anything."""

    seconds: float = 0.0
    took: dict[int, list[float]] = field(default_factory=dict)
    silent: Counter[str] = field(default_factory=Counter)

    @property
    def asked(self) -> int:
        """In all."""
        return sum(map(len, self.took.values())) + self.silent.total()

    def rate(self, status: int = 200) -> float:
        """Answers a second."""
        return len(self.took.get(status, ())) / self.seconds

    def percentile(self, percent: int, status: int = 200) -> float:
        """In milliseconds."""
        took = sorted(self.took.get(status, ())) or [0.0]
        return 1000 * took[min(len(took) - 1, len(took) * percent // 100)]


class Callers:
    """They ask `questions` in turn, whole requests as they go over the wire."""

    def __init__(self, port: int, questions: Iterable[bytes], *, patience: float = 0.25, most: int = 1500) -> None:
        self.port, self.patience, self._most = port, patience, most
        self._questions = cycle(questions)
        self._homes = cycle(f"127.0.1.{number}" for number in range(1, HOMES + 1))
        self._idle: list[_Caller] = []
        self._waiting: deque[tuple[float, _Caller, int]] = deque()
        self._opening: set[asyncio.Task[None]] = set()
        self._rate: float | None = None
        self._until = 0.0
        self.open = 0
        self.heard = Heard()

    async def ask(self, seconds: float, rate: float | None = None) -> Heard:
        """Ask `rate` questions a second; without one, `most` callers ask again as soon as they are answered."""
        self.heard, self._rate = Heard(seconds), rate
        began = time.perf_counter()
        self._until, asked = began + seconds, 0
        while (now := time.perf_counter()) < self._until:
            due = int((now - began) * rate) if rate else self._most
            for _ in range(asked, due):
                self._ask_one()
            asked = max(asked, due)
            self._give_up(now)
            await asyncio.sleep(TICK)
        await self._finish()
        return self.heard

    def answered(self, caller: _Caller, status: int, took: float) -> None:
        """One was; it is free again."""
        self.heard.took.setdefault(status, []).append(took)
        if self._rate is None and time.perf_counter() < self._until:
            self._put(caller)
        else:
            self._idle.append(caller)

    def lost(self, caller: _Caller) -> None:
        """Its connection has ended."""
        self.open -= 1
        if caller.began:
            self.heard.silent["broken"] += 1
        elif caller in self._idle:
            self._idle.remove(caller)

    def _ask_one(self) -> None:
        if self._idle:
            self._put(self._idle.pop())
        elif self.open + len(self._opening) < self._most:
            task = asyncio.create_task(self._open_and_ask())
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)
        else:
            self.heard.silent["no caller free"] += 1

    async def _open_and_ask(self) -> None:
        loop, began = asyncio.get_running_loop(), time.perf_counter()
        home = (next(self._homes), 0)
        try:
            async with asyncio.timeout(self.patience):
                _, caller = await loop.create_connection(lambda: _Caller(self), "127.0.0.1", self.port, local_addr=home)
        except (OSError, TimeoutError):
            self.heard.silent["no connection"] += 1
            return
        self.open += 1
        self._put(caller, began)

    def _put(self, caller: _Caller, began: float = 0.0) -> None:
        caller.put(next(self._questions), began)
        self._waiting.append((caller.began + self.patience, caller, caller.turn))

    def _give_up(self, now: float) -> None:
        while self._waiting and self._waiting[0][0] < now:
            _, caller, turn = self._waiting.popleft()
            if caller.began and caller.turn == turn:
                self.heard.silent["gave up"] += 1
                caller.go()

    async def _finish(self) -> None:
        """Wait for the last answers, as long as patience lasts."""
        while self._opening or any(caller.began for _, caller, _ in self._waiting):
            await asyncio.sleep(TICK)
            self._give_up(time.perf_counter())

    async def close(self) -> None:
        """Everybody goes."""
        for caller in [*self._idle, *(caller for _, caller, _ in self._waiting)]:
            caller.go()
        await asyncio.sleep(TICK)  # their connections end


class _Caller(asyncio.Protocol):
    """One connection."""

    def __init__(self, callers: Callers) -> None:
        self._callers = callers
        self.began = 0.0
        """When its question was put; 0 where it has none."""
        self.turn = 0
        self._said = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def put(self, question: bytes, began: float) -> None:
        """Ask it."""
        self.began, self._said = began or time.perf_counter(), b""
        self.turn += 1
        self._transport.write(question)

    def data_received(self, data: bytes) -> None:
        self._said += data
        head = self._said.find(b"\r\n\r\n")
        length = LENGTH.search(self._said, 0, head + 2) if head >= 0 else None
        if not self.began or (head >= 0 and length is None):
            self.go()
        elif length and len(self._said) >= head + 4 + int(length[1]):
            took, self.began = time.perf_counter() - self.began, 0.0
            self._callers.answered(self, int(self._said[9:12]), took)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 (asyncio's)
        self._callers.lost(self)

    def go(self) -> None:
        """Without another word."""
        self.began = 0.0
        self._transport.abort()


def request(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """One request as it goes over the wire; `_` in names of headers stands for `-`."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(body)}"] if body or method == "POST" else []
    return "\r\n".join([*lines, "", ""]).encode() + body
