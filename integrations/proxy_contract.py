"""Owns what reverse proxies are held to besides the contract of all adapters: with the files that they ship, in front
of a search and of the pages. Must never know one of them but by what its own test file says."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit

import pytest

from conftest import eventually
from integrations.conftest import LISTED_HOST, StandIn, ask
from integrations.contract import LISTED, PERSON, UNLISTED, Front, MakeFront, SearchAdapter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from integrations.conftest import Reply

SPELLINGS = ("/se%61rch", "//search", "/x/../search", "/search/")
FORGED = ("203.0.113.8", "203.0.113.9")
NOT_PAGES = ("v1/check", "v1/forward", "metrics", "livez", "reports", "", "w/../metrics", "w/%2e%2e/metrics")


def get(front: Front, target: str, method: str = "GET", **headers: str) -> Reply:
    """A request of any kind."""
    return ask(front.port, target, method, headers=headers)


def vouched(front: Front, redirect: StandIn, connection: str = "close") -> str | None:
    """Whose click a page is told that it is, where a person names others; None where the page is not reached."""
    forged = {"X-Forwarded-For": FORGED[0], "X_Forwarded_For": FORGED[1], "Connection": connection}
    before = len(redirect.seen)
    ask(front.port, "/safety/w/abc", source=PERSON, headers=forged)
    return redirect.seen[-1].headers["x-forwarded-for"] if len(redirect.seen) > before else None


class ProxyAdapter(SearchAdapter):
    """The contract of reverse proxies, which ask /v1/forward and see no bodies."""

    sees_bodies = False
    behind_another: ClassVar[Mapping[str, str]]
    """What the README changes where another proxy stands in front."""

    def test_the_page_learns_no_referrer(self, front: Front) -> None:
        assert front.search(LISTED).headers["referrer-policy"] == "no-referrer"

    @pytest.mark.parametrize("path", SPELLINGS)
    def test_no_spelling_of_the_path_passes(self, front: Front, path: str) -> None:
        assert self.is_stopped(get(front, f"{path}?q=zorblax+minku"))

    def test_a_post_to_a_listed_address_turns_into_a_get_of_the_page(self, front: Front) -> None:
        assert self.is_stopped(ask(front.port, "/search?q=zorblax+minku", "POST", b"a=b"), "POST")

    def test_a_search_cannot_tell_redirect_anything_but_itself(self, easy: tuple[Front, StandIn]) -> None:
        front, redirect = easy
        get(
            front,
            "/search?q=weather&country=GB&style=nginx&surface=kitchen",
            X_Original_URI="/",
            X_Original_Method="PUT",
        )
        seen = redirect.seen[-1]
        asked = f"{seen.target} {seen.headers.get('x-forwarded-uri')} {seen.headers.get('x-original-uri')}"
        assert "/search?q=weather" in asked
        assert seen.headers.get("x-original-method", "GET") == "GET"
        assert seen.headers["x-forwarded-host"] == "search.example"

    @pytest.fixture
    def easy(self, make_front: MakeFront, stand_in: Callable[..., StandIn]) -> tuple[Front, StandIn]:
        """A front, and what it asks, which lets everything pass."""
        redirect = stand_in()
        return make_front(redirect.port), redirect

    def test_one_connection_to_redirect_serves_many_searches(self, easy: tuple[Front, StandIn]) -> None:
        front, redirect = easy
        for _ in range(20):
            assert self.passes(front.search(UNLISTED))
        assert len(redirect.seen) == 20
        assert redirect.connections <= 4

    def test_a_wrong_key_shows_no_login_window(self, make_front: MakeFront, stand_in: Callable[..., StandIn]) -> None:
        redirect = stand_in(status=401, headers={"WWW-Authenticate": "Bearer"})
        for on_error in ("open", "closed"):
            assert "www-authenticate" not in make_front(redirect.port, on_error=on_error).search(LISTED).headers

    def test_a_redirect_to_anywhere_but_a_page_decides_nothing(
        self, make_front: MakeFront, stand_in: Callable[..., StandIn]
    ) -> None:
        redirect = stand_in(status=302, headers={"Location": "https://login.example/"})
        assert self.passes(make_front(redirect.port).search(LISTED))

    def test_a_form_passes_whole_while_redirect_is_not_well(
        self, make_front: MakeFront, stand_in: Callable[..., StandIn], platform: StandIn
    ) -> None:
        front = make_front(stand_in(status=500).port)
        for body in (b"q=weather", b"x" * 300_000):
            assert self.passes(front.search(body, "POST"))
            assert platform.seen[-1].body == body

    @pytest.mark.parametrize("language", ["es-AR,es;q=0.9", "ar", "en"])
    def test_the_page_opens_under_the_host_of_the_platform_in_the_language_of_the_reader(
        self, front: Front, language: str
    ) -> None:
        eventually(lambda: self.stops(front))
        where = urlsplit(get(front, "/search?q=zorblax+minku", Accept_Language=language).headers["location"]).path
        for headers in ({"Accept_Language": language}, {}):
            page = get(front, where, Host=LISTED_HOST, **headers)
            assert page.status == 200
            assert page.headers["content-language"].startswith(language[:2])
            assert f'href="{where}/leave"'.encode() in page.body
        assert get(front, f"{where}/leave", Host=LISTED_HOST).status == 303

    def test_the_page_gets_no_cookie_key_or_referrer(self, easy: tuple[Front, StandIn]) -> None:
        front, redirect = easy
        get(front, "/safety/w/abc", Cookie="a=b", Referer="http://a.example/", Authorization="Basic YQ==")
        assert redirect.seen[-1].target == "/safety/w/abc"
        assert {"cookie", "referer", "authorization"}.isdisjoint(redirect.seen[-1].headers)

    def test_no_reader_can_say_whose_click_it_is(self, easy: tuple[Front, StandIn]) -> None:
        front, redirect = easy
        assert vouched(front, redirect) == PERSON
        assert vouched(front, redirect, "close, X-Forwarded-For") in {PERSON, None}  # that it be left out on the way

    def test_a_proxy_that_the_operator_names_can_say_whose_click_it_is(
        self, make_front: MakeFront, stand_in: Callable[..., StandIn]
    ) -> None:
        redirect = stand_in()
        told = vouched(make_front(redirect.port, changes=self.behind_another), redirect)
        assert told is not None
        assert told.removesuffix(f", {PERSON}").split(", ")[-1] == FORGED[1]  # REDIRECT_PROXIES has the last, if any

    @pytest.mark.parametrize("path", NOT_PAGES)
    def test_nothing_but_pages_is_open_to_the_world(self, front: Front, path: str) -> None:
        reply = get(front, f"/safety/{path}")
        assert self.passes(reply) or b"/leave" in reply.body or reply.status in {301, 308, 400, 404}
        assert b"redirect_" not in reply.body
