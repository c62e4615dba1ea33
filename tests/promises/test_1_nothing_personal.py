"""Owns promise 1: nothing of a person reaches a log, a store, a metric, an error or an address.

Invented words stand in every place that a person or a platform can fill; then everything that the service wrote
is searched for them, in many spellings. Must never search for a word that the service itself has reason to write.
"""

from __future__ import annotations

import asyncio
import base64
import gc
import hashlib
import json
import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
import pytest
from redis import Redis

from conftest import LISTED, LISTED_URL, PLAIN, Service, eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.promises.conftest import Worker

CANARIES = ("Vorlinqet7Basmo", "Quibbenzal4Trome", "Ozmurtal9Feggin", "Yaxtrellow2Pindu", "Hevvorquist5Lanb")
QUERY, HEADER, PATH, BODY, KEY = CANARIES
HEADERS = {
    "User-Agent": f"{HEADER}/1.0",
    "Referer": f"https://{HEADER}.example/search?q={HEADER}",
    "Cookie": f"id={HEADER}",
    "X-Forwarded-For": f"203.0.113.77, {HEADER}",
    "X-Forwarded-Host": f"{HEADER}.example",
    "Forwarded": f"for={HEADER}",
    "X-Real-IP": "203.0.113.77",
    "X-Request-ID": HEADER,
    "Accept-Language": f"{HEADER},es;q=0.5",
    "Accept": f"text/{HEADER}",
    "Origin": f"https://{HEADER}.example",
    "Content-Type": f"text/{HEADER}",
    "Sec-Fetch-Site": HEADER,
    "Sec-Purpose": HEADER,
    "Traceparent": HEADER,
}
BROKEN = (
    f"GET /w/{PATH} HTTP/9.9\r\nHost: {HEADER}\r\n\r\n",
    f"{QUERY} {PATH}\r\n\r\n",
    f"POST /v1/check HTTP/1.1\r\nHost: x\r\nContent-Length: {HEADER}\r\n\r\n{BODY}",
    f"POST /v1/check HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{BODY}\r\n",
    f"POST /v1/check HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer demo\r\nContent-Length: 999\r\n\r\n{BODY}",
    f"GET /{PATH} HTTP/1.1\r\nHost: x\r\n{HEADER}\r\n\r\n",
    f"GET /w/\u00e9{PATH} HTTP/1.1\r\nHost: x\r\n\r\n",
    f"CONNECT {PATH}.example:443 HTTP/1.1\r\nHost: x\r\n\r\n",
    f"GET /w/{PATH} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: {HEADER}\r\n\r\n",
    f"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{BODY}",
)


def spellings(canary: str) -> set[bytes]:
    """How a careless program might write a text; compared in small letters but for base64."""
    raw = canary.encode()
    digests = {hashlib.new(name, raw).hexdigest() for name in ("md5", "sha1", "sha256", "blake2b")}
    percent = "".join(f"%{byte:02x}" for byte in raw)
    wide = "\0".join(canary)
    return {text.lower().encode() for text in (canary, canary[::-1], raw.hex(), percent, wide, *digests)}


def packed(canary: str) -> set[bytes]:
    """Base64 of a text at each of the three places where it can stand in a longer one."""
    found = set()
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + canary.encode()).rstrip(b"=")
        found.add(whole[(before * 8 + 5) // 6 : -1])
    return found | {text.translate(bytes.maketrans(b"+/", b"-_")) for text in found}


SMALL = re.compile(b"|".join(re.escape(text) for canary in CANARIES for text in sorted(spellings(canary))))
PACKED = re.compile(b"|".join(re.escape(text) for canary in CANARIES for text in sorted(packed(canary))))


def ensure_clean(where: str, data: bytes) -> None:
    """Fail with the place and the spelling, never with all of the data."""
    found = SMALL.search(data.lower()) or PACKED.search(data)
    if found:
        pytest.fail(f"{found.group()!r} stands in {where}")


@pytest.mark.parametrize("canary", CANARIES)
@pytest.mark.parametrize(
    "written",
    [str, str.upper, quote, lambda text: text.encode().hex(), lambda text: base64.b64encode(b"q=" + text.encode())],
)
def test_the_search_finds_what_it_should(canary: str, written: Callable[[str], str | bytes]) -> None:
    text = written(canary)
    with pytest.raises(pytest.fail.Exception):
        ensure_clean("a sample", b"..." + (text if isinstance(text, bytes) else text.encode()) + b"...")


def checks() -> Iterator[tuple[str, dict[str, Any]]]:
    """Calls of the API: right, wrong and broken ones."""
    for text in (QUERY, f"{LISTED} {QUERY}", f"{LISTED}\n{QUERY}\n\ud800", QUERY * 400):
        yield "/v1/check", {"content": json.dumps({"query": text, "languages": HEADER, "country": "AR"})}
        yield "/v1/explain", {"content": json.dumps({"query": text})}
    for url in (f"http://{QUERY}.example/{PATH}?q={QUERY}", f"{LISTED_URL}?{QUERY}#{QUERY}", f"//{QUERY}:x@/%{QUERY}"):
        yield "/v1/check", {"content": json.dumps({"url": url, "attempt": 1, "bucket": 7})}
    yield "/v1/check/batch", {"content": json.dumps({"subjects": [{"query": f"{LISTED} {QUERY}"}, {"query": QUERY}]})}
    yield "/v1/check/batch", {"content": json.dumps({"subjects": [{"query": QUERY, BODY: BODY}]})}
    for broken in (
        f'{{"query": "{QUERY}", "{BODY}": 1}}',
        f'{{"query": ["{BODY}"]}}',
        f'{{"query": "{QUERY}", "url": "{QUERY}"}}',
        f'{{"query": "{QUERY}", "surface": "{BODY}"}}',
        f'{{"query": "{QUERY}", "country": "{BODY}"}}',
        f'{{"query": "{QUERY}", "languages": "{BODY}", "mode": "{BODY}"}}',
        f'{{"query": "{QUERY}',
        f"{BODY}",
        f'"{BODY}\\ud800"',
        f'{{"{BODY}": "\\ud800"}}',
        f'{{"query": "{QUERY * 6000}"}}',
        f'["{BODY}", NaN]',
    ):
        for path in ("/v1/check", "/v1/check/batch", "/v1/explain"):
            yield path, {"content": broken}
    for key in (KEY, f"demo {KEY}"):
        yield "/v1/check", {"content": "{}", "headers": {"Authorization": f"Bearer {key}"}}
        yield "/v1/check", {"content": "{}", "headers": {"Authorization": f"Basic {key}"}}
    for path in ("/v1/check/", f"/v1/{PATH}", f"/v1/check?q={QUERY}", f"/{PATH}?{QUERY}", f"/v1/forward?q={QUERY}"):
        yield path, {"content": json.dumps({"query": QUERY})}


def forwards() -> Iterator[tuple[str, dict[str, str]]]:
    """Sub-requests of a proxy."""
    for uri in (f"/find?q={QUERY}", f"/find?q={quote(LISTED)}%20{QUERY}&{BODY}={BODY}", f"/{PATH}/%{PATH}"):
        for name in ("X-Original-URI", "X-Forwarded-Uri"):
            yield "/v1/forward", {name: uri}
            yield f"/v1/forward?style=nginx&{QUERY}={QUERY}&country=AR", {name: uri, "X-Original-Method": PATH}
    yield f"/v1/forward?surface={BODY}", {"X-Original-URI": f"/?q={QUERY}"}


def pages(service: Service) -> Iterator[tuple[str, str]]:
    """Steps of a person: real ones and invented ones."""
    token = service.check(f"{LISTED} {QUERY}", country="AR", languages="es")["page"].removeprefix(service.url)
    read = service.page(token)
    for path in (token, *read.doors.values(), f"/w/{PATH}", f"/en/{PATH}", f"/{PATH}", f"/w/{PATH}/{PATH}/..%2f{PATH}"):
        yield "GET", f"{path}?lang={QUERY}"
        yield "GET", f"{path}?q={QUERY}&lang=ar&{BODY}"
        yield "POST", f"{path}/wrong?{QUERY}={QUERY}"
        yield "GET", f"{path}/leave?{QUERY}"
        yield "GET", f"{path}/go/{PATH}?{QUERY}"
    for link in read.links:
        if link.startswith("/w/"):
            yield "GET", f"{link}?{QUERY}={QUERY}"
    yield "POST", "/"


def speak(port: int, said: str) -> bytes:
    """Send bytes that no HTTP client would, and read what comes."""
    heard = b""
    with socket.create_connection(("127.0.0.1", port), timeout=1) as line:
        line.sendall(said.encode())
        line.shutdown(socket.SHUT_WR)
        try:
            while part := line.recv(65536):
                heard += part
        except (TimeoutError, ConnectionResetError):
            pass
    return heard


def told(answer: httpx.Response) -> tuple[str, bytes]:
    """All that an answer says, and which one it is."""
    headers = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
    request = answer.request
    return (
        f"the answer {answer.status_code} to {request.method} {request.url.path[:40]}",
        headers.encode() + answer.content,
    )


def plant(service: Service) -> Iterator[tuple[str, bytes]]:
    """Put canaries into every input; everything that came back, with where it came from."""
    with httpx.Client(
        verify=PLAIN, base_url=service.url, headers={"Authorization": "Bearer demo"}, timeout=20
    ) as platform:
        for path, request in checks():
            yield told(platform.post(path, **{**request, "headers": {**HEADERS, **request.get("headers", {})}}))
        for path, headers in forwards():
            yield told(platform.get(path, headers={**HEADERS, **headers}))
    with httpx.Client(verify=PLAIN, base_url=service.url, headers=HEADERS, timeout=20) as person:
        for method, path in pages(service):
            form = {"text": f"{LISTED} {QUERY}", "languages": BODY, "country": BODY, BODY: BODY}
            yield told(person.request(method, path, data=form if method == "POST" else None))
        for path in ("/readyz", "/metrics", "/livez", "/v1/openapi.json", f"/{PATH}"):
            yield told(person.get(path))
    for said in BROKEN:
        yield f"the answer to {said[:20]!r}", speak(service.port, said)


def stored(service: Service) -> Iterator[tuple[str, bytes]]:
    """Every key of the store, what it remembers of its commands, and who is connected."""
    with Redis(unix_socket_path=str(service.data_dir / "valkey.sock")) as store:
        for key in store.scan_iter():
            read = {b"hash": store.hgetall, b"string": store.get}[store.type(key)]
            yield f"the store's key {key!r}", key + repr(read(key)).encode() + (store.dump(key) or b"")
        yield "the store's slow log", repr(store.slowlog_get()).encode()
        yield "the store's clients", repr(store.client_list()).encode()


def written(service: Service) -> Iterator[tuple[str, bytes]]:
    """Every file that the service wrote, its log among them, and every name of one."""
    for path in service.data_dir.parent.rglob("*"):
        yield "a file's name", str(path).encode()
        if path.is_file():
            try:
                yield f"the file {path.name}", path.read_bytes()
            except FileNotFoundError:  # a batch on its way to the store
                continue


SUMS_SOON = "from redirect.adapters import logs; logs.SUM_EVERY = 0.3"
"""What went wrong is written every moment, where it would be once a minute."""


@pytest.fixture(scope="module")
def planted(
    make_service: Callable[..., Service], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Service, list[tuple[str, bytes]]]:
    """A service that has seen all canaries, and what it answered and kept while it saw them."""
    changed = tmp_path_factory.mktemp("changed")
    (changed / "sitecustomize.py").write_text(SUMS_SOON)
    service = make_service("--demo", REDIRECT_WORKERS="2", PYTHONPATH=str(changed))
    seen = []
    for turn, found in enumerate(plant(service)):
        seen.append(found)
        if turn % 10 == 0:
            seen += written(service)
    return service, seen


def test_no_answer_and_no_spool_on_its_way_holds_what_was_asked(
    planted: tuple[Service, list[tuple[str, bytes]]],
) -> None:
    for where, data in planted[1]:
        ensure_clean(where, data)


def test_the_spools_were_looked_at_while_they_held_counts(planted: tuple[Service, list[tuple[str, bytes]]]) -> None:
    assert any(where.endswith(".batch") and b"checks|" in data for where, data in planted[1])


def test_what_went_wrong_was_written_as_sums_that_have_nothing_of_it(
    planted: tuple[Service, list[tuple[str, bytes]]],
) -> None:
    log = planted[0].log
    eventually(lambda: b"in the last minute: uvicorn" in log.read_bytes())
    sums = [line.partition(": ")[2] for line in log.read_text().splitlines() if "in the last minute" in line]
    assert all(re.fullmatch(r"[^,]+, (fewer than 10|\d*[05])", line) for line in sums), sums
    ensure_clean("the log", log.read_bytes())


def test_no_key_of_the_store_holds_what_was_asked(planted: tuple[Service, list[tuple[str, bytes]]]) -> None:
    service = planted[0]
    eventually(lambda: any(b"counts:{funnel" in data for _, data in stored(service)))
    for where, data in stored(service):
        ensure_clean(where, data)


def test_no_file_and_no_log_holds_what_was_asked_while_running_and_after(
    planted: tuple[Service, list[tuple[str, bytes]]],
) -> None:
    service = planted[0]
    for where, data in written(service):
        ensure_clean(where, data)
    assert service.stop() == 0
    for where, data in written(service):
        ensure_clean(where, data)


def test_no_request_causes_a_log_line(make_service: Callable[..., Service]) -> None:
    service = make_service("--demo")
    eventually(lambda: service.log.read_bytes().endswith(b" counts\n"))
    before = service.log.read_bytes()
    for _ in plant(service):
        pass
    assert service.log.read_bytes() == before


def test_the_page_is_one_for_everyone_in_the_same_situation(demo: Service) -> None:
    asked = {demo.check(f"{LISTED} {word}", country="AR", languages="es")["page"] for word in ("", QUERY, BODY)}
    assert len(asked) == 1


def test_no_process_of_ours_may_leave_a_core_dump(demo: Service) -> None:
    assert demo.process is not None
    for pid in (demo.process.pid, *demo.workers(), demo.store_pid()):
        limits = Path(f"/proc/{pid}/limits").read_text()
        assert re.search(r"^Max core file size +0 +0 ", limits, re.MULTILINE), pid


def test_errors_say_nothing_of_what_broke_them(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError(f"{QUERY} {PATH}")

    token = page_of(worker)
    monkeypatch.setattr("redirect.domain.matching.Matcher.match_query", broken)
    monkeypatch.setattr("redirect.web.render.Renderer.page", broken)
    answers = [
        worker.call("POST", "/v1/check", json.dumps({"query": QUERY}).encode()),
        worker.call("GET", f"{token}?lang={QUERY}"),
        worker.call("GET", f"/v1/forward?q={QUERY}"),
    ]
    assert [status for status, _, _ in answers] == [500, 200, 500]
    for _, headers, body in answers:
        ensure_clean("an answer", repr(headers).encode() + body)
    assert len(worker.notes) == 3
    ensure_clean("what was noted", repr(worker.notes).encode())


def page_of(worker: Worker) -> str:
    """The path of a warning page."""
    _, _, body = worker.call("POST", "/v1/check", json.dumps({"query": LISTED}).encode())
    page: str = json.loads(body)["page"]
    return page.removeprefix("http://127.0.0.1:8080")


def remembered(backwards: str) -> list[str]:
    """Texts in this process's memory that hold a word, given backwards so that the search does not find itself."""
    needle = backwards[::-1]
    raw, seen, found = needle.encode(), set(), []
    waiting = [gc.get_objects()]
    while waiting:
        for thing in waiting.pop():
            if id(thing) in seen or thing is needle or thing is raw:
                continue
            seen.add(id(thing))
            if (isinstance(thing, str) and needle in thing) or (isinstance(thing, bytes | bytearray) and raw in thing):
                found.append(type(thing).__name__)
            elif not isinstance(thing, str | bytes | int | float):
                waiting.append(gc.get_referents(thing))
    return found


def test_nothing_in_memory_remembers_a_query_once_it_is_answered(worker: Worker) -> None:
    backwards = "".join(reversed(["Zul", "mek", "11", "Drovvan"]))

    def ask() -> None:
        word = backwards[::-1]
        query = json.dumps({"query": word}).encode()
        worker.call("POST", "/v1/check", query)
        worker.call("POST", "/v1/check", json.dumps({"query": f"{LISTED} {word}", "languages": word}).encode())
        worker.call("POST", "/v1/check", json.dumps({"url": f"http://{word}.example/{word}?{word}"}).encode())
        worker.call("POST", "/v1/check", json.dumps({"query": f"{word}\ud800"}).encode())
        worker.call("POST", "/v1/check/batch", json.dumps({"subjects": [{"query": word}]}).encode())
        worker.call("POST", "/v1/explain", json.dumps({"query": f"{LISTED} {word}"}).encode())
        worker.call("POST", "/v1/check", f'{{"{word}": "{word}"}}'.encode())
        worker.call("GET", f"/v1/forward?q={word}", x_original_uri=f"/{word}?q={word}")
        worker.call("GET", f"/v1/forward?q={word}", x_forwarded_host=f"{word}.example")
        worker.call("GET", f"{page_of(worker)}?lang={word}&q={word}", accept_language=word, referer=word)
        worker.call("GET", f"/w/{word}/go/{word}", user_agent=word)

    ask()
    asyncio.run(asyncio.sleep(0))
    gc.collect()
    assert remembered(backwards) == []
