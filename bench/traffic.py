"""Owns a bounded stream of checks and pages, as a platform and its people make it, and what was acknowledged to them.
Must never run without end, nor count what was not answered."""

from __future__ import annotations

import ssl
import threading
import time
from collections import Counter
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Self

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator

LISTED, BENIGN = "zorblax minku", "chocolate cake with strawberries"
CONNECTIONS = 4
PAUSE = 0.02
"""Seconds between two turns of each."""
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For loopback: without it each client reads the machine's certificates anew."""


class Traffic:
    """Several connections, each asking for one that is listed, one that is not, and the page of the first, in turns.

    `acknowledged` are the counts that the store must come to hold: `allow`, `block`, `shown`. Whoever asks repeats
    nothing: what fails is wrong. `before` are those that were acknowledged earlier.
    """

    def __init__(self, url: str, key: str, before: Counter[str], pause: float) -> None:
        self._url, self._key, self._pause = url, key, pause
        self.acknowledged = Counter(before)
        self.wrong: list[str] = []
        self.slowest = 0.0
        self._stop, self._noting = threading.Event(), threading.Lock()
        self._turns = [threading.Lock() for _ in range(CONNECTIONS)]
        self._threads = [threading.Thread(target=self._ask, args=(turn,)) for turn in self._turns]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Nothing is asked meanwhile, nor is an answer on its way."""
        with ExitStack() as held:
            for turn in self._turns:
                held.enter_context(turn)
            yield

    def _ask(self, turn: threading.Lock) -> None:
        headers = {"Authorization": f"Bearer {self._key}"}
        with httpx.Client(base_url=self._url, headers=headers, verify=PLAIN, timeout=10) as client:
            while not self._stop.is_set():
                with turn:
                    self._round(client)
                time.sleep(self._pause)

    def _round(self, client: httpx.Client) -> None:
        self._check(client, BENIGN, "allow")
        page = self._check(client, LISTED, "block")
        if page:
            shown = self._timed(client, "GET", page)
            self._note("shown", shown is not None and 'data-door="under-18"' in shown.text, "a page without help")

    def _check(self, client: httpx.Client, query: str, action: str) -> str:
        response = self._timed(client, "POST", "/v1/check", {"query": query, "country": "GB"})
        if response is None:
            return ""
        answer = response.json()
        self._note(action, answer["action"] == action and not answer["degraded"], f"{query}: {answer['action']}")
        return str(answer.get("page", ""))

    def _timed(
        self, client: httpx.Client, method: str, url: str, body: dict[str, str] | None = None
    ) -> httpx.Response | None:
        began = time.monotonic()
        try:
            response = client.request(method, url, json=body)
        except httpx.HTTPError as error:
            self.wrong.append(f"{method}: {error!r}")
            return None
        finally:
            self.slowest = max(self.slowest, time.monotonic() - began)
        if response.status_code != httpx.codes.OK:
            self.wrong.append(f"{method}: {response.status_code}")
            return None
        return response

    def _note(self, count: str, right: bool, what: str) -> None:  # noqa: FBT001 (private)
        with self._noting:
            if right:
                self.acknowledged[count] += 1
            else:
                self.wrong.append(what)
