"""Owns what `/v1/forward` promises to reverse proxies, through the front door. Must never need a proxy:
`integrations/` runs the real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Service

    Forward = Callable[..., httpx.Response]

HOST = "wholly-blocked.example"
PUBLIC_URL = f"https://{HOST}/safety"
LISTED = "/search?q=zorblax+minku"
UNLISTED = "/search?q=weather+tomorrow"
LIKELY = "/search?q=morquil+besh+tarn"

header_bytes = st.binary(max_size=300).map(lambda data: bytes(byte for byte in data if byte > 0x20 and byte != 0x7F))
beginnings = st.sampled_from(
    [b"", b"/", b"/search?q=", b"//[", b"http://", b"http://[", b"http://[::1", b"/?q=%", b"?"]
)
parameters = st.lists(
    st.tuples(st.sampled_from(["q", "p", "page", "search[a]", ""]), st.text(max_size=50)), max_size=40
)


@pytest.fixture(scope="module")
def service(make_service: Callable[..., Service]) -> Service:
    return make_service("--demo", REDIRECT_PUBLIC_URL=PUBLIC_URL)


@pytest.fixture(scope="module")
def forward(service: Service) -> Iterator[Forward]:
    """Ask as a proxy does: `forward("/search?q=…", style="nginx", x_forwarded_host="…")`."""
    with httpx.Client(headers={"Authorization": "Bearer demo"}) as client:

        def ask(
            uri: str | bytes | None = None, path: str = "", method: str = "GET", style: str = "", **headers: str | bytes
        ) -> httpx.Response:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            if uri is not None:
                named["X-Original-URI"] = uri
            where = f"{service.url}/v1/forward{path or (f'?style={style}' if style else '')}"
            return client.request(method, where, headers=_encoded(named))

        yield ask


def _encoded(headers: dict[str, str | bytes]) -> dict[bytes, bytes]:
    return {name.encode(): value.encode() if isinstance(value, str) else value for name, value in headers.items()}


def passes(response: httpx.Response) -> bool:
    return response.status_code == 200 and not response.content and "location" not in response.headers


def is_stopped(response: httpx.Response, status: int = 302) -> bool:
    where = urlsplit(response.headers.get("location", ""))
    return (
        response.status_code == status
        and (where.netloc, where.query, where.fragment) == (HOST, "", "")
        and where.path.startswith("/safety/w/")
        and response.headers["cache-control"] == "no-store"
    )


def test_a_listed_search_is_sent_to_the_page_and_any_other_passes(forward: Forward) -> None:
    assert is_stopped(forward(LISTED))
    assert passes(forward(UNLISTED))


@pytest.mark.parametrize(("method", "status"), [("GET", 302), ("HEAD", 302), ("POST", 303), ("PUT", 303)])
def test_the_original_method_decides_how_the_person_is_sent(forward: Forward, method: str, status: int) -> None:
    for name in ("x_original_method", "x_forwarded_method"):
        assert is_stopped(forward(LISTED, **{name: method}), status)


def test_without_an_original_method_the_own_one_counts(forward: Forward) -> None:
    assert is_stopped(forward(LISTED, method="POST"), 303)


def test_nginx_gets_403_with_the_same_address(forward: Forward) -> None:
    assert is_stopped(forward(LISTED, style="nginx"), 403)
    assert forward(LISTED, style="nginx").headers["location"] == forward(LISTED).headers["location"]
    assert passes(forward(UNLISTED, style="nginx"))


def test_what_is_only_likely_passes_since_a_proxy_has_no_place_for_a_card(forward: Forward) -> None:
    assert passes(forward(LIKELY))
    assert passes(forward(LIKELY, style="nginx"))


@pytest.mark.parametrize("name", ["x_original_uri", "x_forwarded_uri"])
def test_the_address_is_read_from_either_header(forward: Forward, name: str) -> None:
    assert is_stopped(forward(**{name: LISTED}))


def test_an_address_that_a_person_adds_frees_nothing(forward: Forward) -> None:
    assert is_stopped(forward("/", x_forwarded_uri=LISTED))
    assert is_stopped(forward(LISTED, x_forwarded_uri="/"))
    assert is_stopped(forward(LISTED, x_forwarded_uri="/safety/w/abc", x_forwarded_host=HOST))


def test_without_a_header_the_own_query_is_looked_at(forward: Forward) -> None:
    assert is_stopped(forward(path="?q=zorblax+minku"))
    assert is_stopped(forward(path="?style=nginx&q=zorblax+minku"), 403)
    assert passes(forward(path="?q=weather"))


@pytest.mark.parametrize(("method", "status"), [("GET", 302), ("HEAD", 302), ("POST", 303), ("DELETE", 303)])
def test_the_original_address_may_stand_behind_our_path(forward: Forward, method: str, status: int) -> None:
    for path in (LISTED, "/?style=nginx&q=zorblax+minku", "/a%0Ab//../?country=GB&q=zorblax%2520minku"):
        assert is_stopped(forward(path=path, method=method), status)
    assert is_stopped(forward(path="/any", method=method, x_forwarded_host=HOST), status)
    for path in (UNLISTED, "/", "/v1/forward?style=nginx"):
        assert passes(forward(path=path, method=method))


def test_a_proxy_that_names_no_address_is_told_so_rather_than_let_everything_pass(forward: Forward) -> None:
    for path in ("", "?style=nginx", "?country=GB&style=nginx"):
        assert forward(path=path).status_code == 400


def test_an_unknown_surface_is_told_without_repeating_it(forward: Forward) -> None:
    response = forward(LISTED, path="?surface=kitchen")
    assert response.status_code == 400
    assert "kitchen" not in response.text


@pytest.mark.parametrize("country", ["", "GB", "gb", "ZZ", "G", "GBR", "%00%00", "é1"])
def test_any_country_is_taken_or_unknown(forward: Forward, country: str) -> None:
    assert is_stopped(forward(LISTED, path=f"?country={country}"))


def test_a_listed_address_is_stopped_where_its_host_is_told(forward: Forward) -> None:
    assert is_stopped(forward("/room/42", x_forwarded_host="blocked.example"))
    assert is_stopped(forward("/ROOM/../room/%34%32?a=b", x_forwarded_host="BLOCKED.example:443"))
    assert is_stopped(forward("http://blocked.example/room/42"))
    assert is_stopped(forward("HTTPS://user@blocked.example:8443/room/42", x_forwarded_host="search.example"))
    assert passes(forward("/room/43", x_forwarded_host="blocked.example"))
    assert passes(forward("/room/42", x_forwarded_host="search.example"))
    assert passes(forward("/room/42"))


def test_the_page_never_stops_itself_though_its_host_is_listed(forward: Forward) -> None:
    page = urlsplit(forward(LISTED).headers["location"]).path
    for path in (page, f"{page}?lang=es", f"{page}/leave", f"{page}/go/abc-_1", f"{page}/wrong", "/safety/w"):
        assert passes(forward(path, x_forwarded_host=HOST))
        assert passes(forward(path, x_forwarded_host=f"{HOST.upper()}:443"))
        assert passes(forward(f"https://{HOST}{path}"))
        assert passes(forward(path))


@pytest.mark.parametrize(
    "address",
    [
        "/safety/w/../x",
        "/safety/w/%2e%2e/x",
        "/safety/w/..%2fx",
        "/safety/w/a//b",
        "/safety/wx",
        "/w/a",
        "/safety/w/a.b",
    ],
)
def test_nothing_passes_for_looking_like_the_page(forward: Forward, address: str) -> None:
    assert is_stopped(forward(address, x_forwarded_host=HOST))


def test_a_search_is_decided_also_in_an_address_like_a_page(forward: Forward) -> None:
    assert is_stopped(forward("/safety/w/abc?q=zorblax+minku", x_forwarded_host=HOST))
    assert is_stopped(forward("/safety/w/abc?q=zorblax+minku"))


@pytest.mark.parametrize("size", [4_000, 40_000, 120_000])
def test_a_long_address_is_decided_to_its_end(forward: Forward, size: int) -> None:
    assert is_stopped(forward(f"/search?pad={'x' * size}&q=zorblax+minku"))
    assert is_stopped(forward(f"/search?q={'x' * size}+zorblax+minku"))
    assert is_stopped(forward(f"{LISTED}+{'x' * size}"))
    assert is_stopped(forward(f"{LISTED}&{'p=x&' * (size // 4)}"))
    assert is_stopped(forward(f"/search?{'p=x&' * (size // 4)}q=zorblax+minku"))
    assert passes(forward(f"{UNLISTED}+{'x' * size}"))


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic ZGVtbw=="}])
def test_without_a_known_key_nothing_is_decided_and_nobody_is_sent_anywhere(
    service: Service, headers: dict[str, str]
) -> None:
    response = service.get("/v1/forward?style=nginx", headers={"X-Original-URI": LISTED, **headers})
    assert response.status_code == 401
    assert "location" not in response.headers


@given(beginning=beginnings, data=header_bytes, host=header_bytes | st.just(b"search.example"))
@settings(max_examples=150)
def test_no_bytes_of_an_address_break_an_answer(forward: Forward, beginning: bytes, data: bytes, host: bytes) -> None:
    for headers in ({}, {"x_forwarded_host": host}):
        response = forward(beginning + data, **headers)
        assert response.status_code in {200, 302} or (not beginning + data and response.status_code == 400)


@given(before=parameters, after=parameters)
@settings(max_examples=60)
def test_no_other_parameters_free_a_listed_search(
    forward: Forward, before: list[tuple[str, str]], after: list[tuple[str, str]]
) -> None:
    assert is_stopped(forward("/search?" + urlencode([*before, ("q", "zorblax minku"), *after])))


@given(st.lists(st.booleans(), min_size=13, max_size=13))
@settings(max_examples=30)
def test_no_escaping_frees_a_listed_search(forward: Forward, escaped: list[bool]) -> None:
    letters = zip("zorblax+minku", escaped, strict=True)
    spelled = "".join(f"%{ord(letter):02X}" if hide and letter != "+" else letter for letter, hide in letters)
    assert is_stopped(forward(f"/search?q={spelled}"))
