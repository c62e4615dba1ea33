"""Owns that the dashboard's sign-in can be neither stolen nor forged, and ends when it has to."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from redirect.adapters.passes import PassBox
from redirect.domain.access import PASS_SECONDS, Access, Pass, Scope
from redirect.domain.errors import BadRequest
from redirect.web.gate import COOKIE, WRONG_AT_ONCE, WRONG_SECONDS, Admitted, Gate, ensure_own_form

if TYPE_CHECKING:
    from collections.abc import Callable

BOX = PassBox([b"k" * 32])
REPORT = (Scope.REPORT,)


class Around:
    """What a gate stands in: keys, passes that were handed back, a clock, and the time that was waited."""

    def __init__(self) -> None:
        self.keys = {b"rd_one": Access("aaaa", "acme", REPORT), b"rd_two": Access("bbbb", "other", REPORT)}
        self.keys[b"rd_check"] = Access("cccc", "acme", (Scope.CHECK,))
        self.ended: set[str] = set()
        self.now = 1_000_000.0
        self.waited = 0.0
        self.hold = asyncio.Event()
        self.gate = Gate(self, BOX, self, lambda: self.now, self.sleep)

    async def sleep(self, seconds: float) -> None:
        self.waited += seconds

    def find(self, presented: bytes) -> Access | None:
        return self.keys.get(presented)

    def by_id(self, key_id: str) -> Access | None:
        return next((access for access in self.keys.values() if access.id == key_id), None)

    def spend(self, access: Access, scope: Scope, calls: int, *, owed: bool = False) -> None:
        assert (scope, calls) == (Scope.REPORT, 1)

    async def end_pass(self, name: str, seconds: int) -> None:
        assert 0 < seconds <= PASS_SECONDS
        self.ended.add(name)

    async def pass_ended(self, name: str) -> bool:
        return name in self.ended

    async def who(self, cookie: str | None) -> tuple[str, ...]:
        found = await self.gate.admitted(asked(cookie.partition(";")[0] if cookie else ""))
        return found.platforms if found else ()

    async def sign_in(self, key: str, before: str | None = None) -> str | None:
        earlier = await self.gate.admitted(asked(before.partition(";")[0])) if before else None
        return await self.gate.sign_in(key, earlier)


def asked(cookie: str = "", **headers: str) -> Request:
    named = {**({"cookie": cookie} if cookie else {}), **headers}
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in named.items()]
    return Request({"type": "http", "method": "POST", "headers": raw})


@pytest.fixture
def around() -> Around:
    return Around()


async def test_a_key_for_reports_signs_in_and_no_other(around: Around) -> None:
    assert await around.who(await around.sign_in(" rd_one ")) == ("acme",)
    assert [await around.sign_in(key) for key in ("", "rd_check", "rd_none", "aaaa")] == [None] * 4


async def test_the_cookie_is_as_hard_to_steal_as_browsers_can_make_it(around: Around) -> None:
    cookie = await around.sign_in("rd_one")
    assert cookie is not None
    name, *attributes = cookie.split("; ")
    assert name.startswith("__Host-")
    assert set(attributes) == {f"Max-Age={PASS_SECONDS}", "Path=/", "Secure", "HttpOnly", "SameSite=Strict"}
    assert "rd_one" not in cookie
    assert len(cookie) < 4096


async def test_every_wrong_key_takes_the_same_time_and_a_right_one_does_not_wait_for_them(around: Around) -> None:
    for number, key in enumerate(("", "rd_check", "rd_none"), start=1):
        await around.sign_in(key)
        assert around.waited == number * WRONG_SECONDS
    await around.sign_in("rd_one")
    assert around.waited == 3 * WRONG_SECONDS


async def test_many_wrong_keys_at_a_time_hold_up_nobody_else() -> None:
    around, held = Around(), asyncio.Event()

    async def wait(_: float) -> None:
        await held.wait()

    gate = Gate(around, BOX, around, lambda: around.now, wait)
    waiting = [asyncio.create_task(gate.sign_in("wrong", None)) for _ in range(WRONG_AT_ONCE)]
    await asyncio.sleep(0)
    with pytest.raises(BadRequest, match="too-many-requests"):
        await gate.sign_in("wrong", None)
    assert await gate.sign_in("rd_one", None)
    held.set()
    assert await asyncio.gather(*waiting) == [None] * WRONG_AT_ONCE


async def test_a_key_that_is_revoked_or_given_less_ends_the_sign_in_at_once(around: Around) -> None:
    cookie = await around.sign_in("rd_one")
    around.keys[b"rd_one"] = Access("aaaa", "acme", (Scope.CHECK,))
    assert await around.who(cookie) == ()
    around.keys[b"rd_one"] = Access("aaaa", "somebody-else", REPORT)
    assert await around.who(cookie) == ()
    del around.keys[b"rd_one"]
    assert await around.who(cookie) == ()


async def test_it_ends_after_a_working_day_however_much_it_is_used(around: Around) -> None:
    cookie = await around.sign_in("rd_one")
    around.now += PASS_SECONDS - 1
    assert await around.who(cookie) == ("acme",)
    longer = await around.sign_in("rd_two", cookie)
    assert await around.who(longer) == ("other", "acme")
    around.now += 1
    assert await around.who(cookie) == await around.who(longer) == ()


async def test_a_second_key_shows_its_platform_beside_and_ends_the_earlier_pass(around: Around) -> None:
    first = await around.sign_in("rd_one")
    both = await around.sign_in("rd_two", first)
    assert await around.who(both) == ("other", "acme")
    assert await around.who(first) == ()
    del around.keys[b"rd_two"]
    assert await around.who(both) == ("acme",)


async def test_a_copy_of_the_cookie_is_worth_nothing_after_the_sign_out(around: Around) -> None:
    cookie = await around.sign_in("rd_one")
    assert cookie is not None
    out = await around.gate.sign_out(await around.gate.admitted(asked(cookie.partition(";")[0])))
    assert out.startswith(f"{COOKIE}=; Max-Age=0; Path=/; Secure")
    assert await around.who(cookie) == ()


async def test_nobody_can_forge_a_pass_or_change_one_letter_of_it(around: Around) -> None:
    forged = Pass("x", 9_999_999_999, (("aaaa", "acme"),))
    assert await around.who(f"{COOKIE}={PassBox([b'j' * 32]).seal(forged)}") == ()
    good = BOX.seal(forged)
    assert await around.who(f"{COOKIE}={good}") == ("acme",)
    raw = bytearray(base64.urlsafe_b64decode(good))
    for place in range(len(raw)):
        raw[place] ^= 1
        assert BOX.open(base64.urlsafe_b64encode(raw).decode()) is None
        raw[place] ^= 1


@given(st.text(max_size=300))
def test_no_cookie_breaks_the_door(text: str) -> None:
    assert BOX.open(text) is None


def test_passes_outlast_the_change_of_a_key_and_no_longer() -> None:
    old, issued = PassBox([b"o" * 32]), Pass("x", 1, (("aaaa", "acme"),))
    turning = PassBox([b"n" * 32, b"o" * 32])
    assert turning.open(old.seal(issued)) == issued
    assert PassBox([b"n" * 32]).open(turning.seal(issued)) == issued
    assert PassBox([b"n" * 32]).open(old.seal(issued)) is None


@pytest.mark.parametrize(
    ("headers", "own"),
    [
        ({"sec_fetch_site": "same-origin", "host": "a.example"}, True),
        ({"sec_fetch_site": "same-origin", "origin": "null", "host": "a.example"}, True),
        ({"origin": "https://a.example", "host": "a.example"}, True),
        ({"sec_fetch_site": "same-site", "origin": "https://a.example", "host": "a.example"}, False),
        ({"sec_fetch_site": "cross-site", "host": "a.example"}, False),
        ({"sec_fetch_site": "none", "host": "a.example"}, False),
        ({"origin": "https://b.example", "host": "a.example"}, False),
        ({"origin": "null", "host": "a.example"}, False),
        ({"origin": "", "host": ""}, False),
        ({"host": "a.example"}, False),
    ],
)
def test_a_form_counts_only_where_the_page_itself_sent_it(headers: dict[str, str], own: bool) -> None:
    if own:
        ensure_own_form(asked(**headers))
    else:
        with pytest.raises(BadRequest, match="foreign-form"):
            ensure_own_form(asked(**headers))


def test_a_pass_names_no_key_and_no_person() -> None:
    assert Pass.__struct_fields__ == ("name", "until", "keys")
    assert Admitted._fields == ("issued", "platforms")
    names: Callable[[], str] = BOX.name
    assert len({names() for _ in range(100)}) == 100
