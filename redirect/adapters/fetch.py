"""Owns how a list is fetched over HTTPS. Must never write it anywhere but into memory, nor put an address, a
credential or anything that the server said into an error."""

from __future__ import annotations

import logging
import random
import ssl
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import httpx

from redirect.adapters import reach as reach_
from redirect.adapters.reach import Reach, RefusedError
from redirect.domain.errors import ListError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from redirect.adapters.reach import Resolve

    Receiving = Callable[[int, int | None], None]

ATTEMPTS: Final = 4
MOST_REDIRECTS: Final = 5
LONGEST_PAUSE: Final = 60.0
_CONNECT, _READ = 10.0, 30.0
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_LATER: Final = frozenset({408, 425, 429, 500, 502, 503, 504})

# Both write addresses, with what is in their query, at the level of information.
for _library in ("httpx", "httpcore"):
    logging.getLogger(_library).setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Mark:
    """What a server said of a version of a list, to ask later whether it has changed."""

    etag: str = ""
    modified: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """As they stand in a request; a version with neither is always fetched."""
        named = {"If-None-Match": self.etag, "If-Modified-Since": self.modified}
        return {name: text for name, text in named.items() if text}


@dataclass(frozen=True, slots=True)
class Fetched:
    """A list as it came, and its mark."""

    body: bytes = field(repr=False)
    mark: Mark


class _LaterError(Exception):
    """Asking again may help, after `pause` seconds if the server named them."""

    def __init__(self, reason: str, pause: float | None = None) -> None:
        super().__init__(reason)
        self.pause = pause


class Fetcher:
    """Fetches one source. `sleep` and `resolve` stand for the clock and the network outside."""

    def __init__(
        self,
        name: str,
        reach: Reach,
        *,
        receiving: Receiving | None = None,
        sleep: Callable[[float], None] = time.sleep,
        resolve: Resolve = reach_.resolve,
    ) -> None:
        self._name, self._reach = name, reach
        self._receiving, self._sleep, self._resolve = receiving, sleep, resolve
        self._credential = reach_.credential(reach)
        self._tls = reach_.tls(reach)
        self._limit = reach.max_megabytes * 1_000_000

    def fetch(self, address: str, mark: Mark | None = None) -> Fetched | None:
        """The list, or None where it has not changed since `mark`. Raises ListError; the name of the source and a
        reason in fixed words are all it says."""
        deadline = time.monotonic() + self._reach.seconds
        try:
            start = httpx.URL(address.strip())
            return self._insist(start, mark or Mark(), deadline)
        except (RefusedError, _LaterError) as error:
            raise ListError(str(error), list_name=self._name) from None
        except (httpx.InvalidURL, UnicodeError):
            raise ListError("this is no address", list_name=self._name) from None

    def _insist(self, start: httpx.URL, mark: Mark, deadline: float) -> Fetched | None:
        for attempt in range(ATTEMPTS):
            try:
                return self._follow(start, mark, deadline)
            except _LaterError as error:
                backoff = 2.0**attempt * random.uniform(0.75, 1.25)  # noqa: S311 (spreads load, guards nothing)
                pause = min(LONGEST_PAUSE, backoff if error.pause is None else max(error.pause, backoff))
                if attempt + 1 == ATTEMPTS or time.monotonic() + pause > deadline:
                    raise
                self._sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    def _follow(self, start: httpx.URL, mark: Mark, deadline: float) -> Fetched | None:
        url = start
        for _ in range(MOST_REDIRECTS + 1):
            with self._ask(url, start, mark, deadline) as response:
                if response.status_code not in _REDIRECTS:
                    return self._take(response, mark, deadline)
                url = self._next(url, start, response.headers.get("Location", ""))
        raise RefusedError(f"it redirects more than {MOST_REDIRECTS} times")

    def _next(self, url: httpx.URL, start: httpx.URL, location: str) -> httpx.URL:
        try:
            target = url.join(location)
        except httpx.InvalidURL:
            raise RefusedError("it redirects to no address") from None
        allowed = _origin(target) == _origin(start) or target.host.lower() in self._reach.allow_hosts
        if not allowed:
            raise RefusedError("it redirects to another host; if that is meant, name it in `allow_hosts`")
        if url.scheme == "https" and target.scheme != "https":
            raise RefusedError("it redirects from https to http")
        return target

    @contextmanager
    def _ask(self, url: httpx.URL, start: httpx.URL, mark: Mark, deadline: float) -> Iterator[httpx.Response]:
        reach_.ensure_allowed(url, self._reach)
        headers = {"User-Agent": "redirect", "Accept-Encoding": "gzip", **mark.headers}
        if _origin(url) == _origin(start):
            headers |= self._credential
        proxy = reach_.proxy_for(url, self._reach)
        places = self._places(url, reach_.written if proxy else self._resolve)
        with self._client(proxy, deadline) as client, _said_plainly():
            for place in places:
                request = client.build_request("GET", place, headers={**headers, "Host": url.netloc.decode()})
                request.extensions["sni_hostname"] = url.raw_host.decode()
                try:
                    response = client.send(request, stream=True)
                except httpx.ConnectError:
                    if place is places[-1]:
                        raise
                    continue
                try:
                    yield response
                finally:
                    response.close()
                return

    def _places(self, url: httpx.URL, resolve: Resolve) -> list[httpx.URL]:
        """The address with each checked network address in place of its name: what is connected to is what was
        checked. The name still goes into Host, SNI and the check of the certificate. A proxy is given the name."""
        addresses = reach_.pinned(url, self._reach, resolve)
        return [url.copy_with(host=address) for address in addresses] if resolve is not reach_.written else [url]

    def _client(self, proxy: str | None, deadline: float) -> httpx.Client:
        left = max(1.0, deadline - time.monotonic())
        timeout = httpx.Timeout(min(_READ, left), connect=min(_CONNECT, left))
        try:
            return httpx.Client(verify=self._tls, proxy=proxy, trust_env=False, timeout=timeout)
        except (ValueError, ImportError):
            raise SettingsError("the proxy is no http:// or https:// address; see `proxy` and HTTPS_PROXY") from None

    def _take(self, response: httpx.Response, mark: Mark, deadline: float) -> Fetched | None:
        status = response.status_code
        if status == httpx.codes.NOT_MODIFIED and mark.headers:
            return None
        if status in _LATER:
            raise _LaterError(f"its server answered {status}", _seconds(response.headers.get("Retry-After", "")))
        if status in {401, 403, 407}:
            raise RefusedError(f"its server answered {status}; it wants another credential, see `auth`")
        if status != httpx.codes.OK:
            raise RefusedError(f"its server answered {status}")
        headers = response.headers
        return Fetched(
            self._receive(response, deadline), Mark(headers.get("ETag", ""), headers.get("Last-Modified", ""))
        )

    def _receive(self, response: httpx.Response, deadline: float) -> bytes:
        if response.headers.get("Content-Encoding", "identity").strip().lower() not in {"identity", "gzip"}:
            raise RefusedError("it comes in an encoding that was not asked for")
        told = response.headers.get("Content-Length", "")
        total = int(told) if told.isdecimal() and len(told) < 20 else None
        body = bytearray()
        self._ensure_fits(total or 0)
        for chunk in response.iter_bytes():
            body += chunk
            self._ensure_fits(len(body))
            if time.monotonic() > deadline:
                raise RefusedError(f"it takes over {self._reach.seconds} seconds; see `seconds`")
            if self._receiving:
                self._receiving(response.num_bytes_downloaded, total)
        return bytes(body)

    def _ensure_fits(self, size: int) -> None:
        if size > self._limit:
            raise RefusedError(f"it is larger than {self._reach.max_megabytes} MB; see `max_megabytes`")


@contextmanager
def _said_plainly() -> Iterator[None]:
    """What went wrong on the way, without the address that the library's errors carry."""
    try:
        yield
    except httpx.TimeoutException:
        raise _LaterError("its server did not answer in time") from None
    except httpx.ProxyError:
        raise _LaterError("the proxy refused to connect") from None
    except httpx.HTTPError as error:
        if _is_distrust(error):
            raise RefusedError(
                "its certificate cannot be trusted; see SSL_CERT_FILE for authorities of your own"
            ) from None
        raise _LaterError("the connection failed or broke off") from None


def _is_distrust(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _origin(url: httpx.URL) -> tuple[str, str, int]:
    return url.scheme, url.host.lower(), url.port or (443 if url.scheme == "https" else 80)


def _seconds(retry_after: str) -> float | None:
    """Only the form in seconds; a date would need a clock that agrees with the server's."""
    return float(retry_after) if retry_after.isdecimal() and len(retry_after) < 10 else None
