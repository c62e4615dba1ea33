"""Owns `/.well-known/security.txt` seen from outside: what the operator gave, as RFC 9116 says, and never longer."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from starlette.exceptions import HTTPException

from redirect.domain.errors import SettingsError
from redirect.settings import load
from redirect.web.security_txt import PATH, SecurityText

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Service

TODAY = datetime.now(UTC).date()
FIELD = re.compile(r"(Contact: (mailto:|https://)\S+|Expires: \S+Z|Canonical: https://\S+)\n")


def text(contact: str, url: str, at: datetime, expires: date = date(2027, 6, 30)) -> str:
    body = asyncio.run(SecurityText(contact, expires, url, at.timestamp).answer(None)).body  # type: ignore[arg-type]
    return bytes(body).decode()


def test_it_says_what_the_operator_gave_and_nothing_else(make_service: Callable[..., Service]) -> None:
    day = (TODAY + timedelta(days=90)).isoformat()
    service = make_service("--demo", REDIRECT_SECURITY_CONTACT="security@acme.example", REDIRECT_SECURITY_EXPIRES=day)
    answer = service.get(PATH)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text == f"Contact: mailto:security@acme.example\nExpires: {day}T23:59:59Z\n"


def test_without_a_contact_there_is_none(demo: Service) -> None:
    assert demo.get(PATH).status_code == 404


def test_it_names_its_own_address_only_where_the_whole_host_is_ours() -> None:
    now = datetime(2027, 1, 1, tzinfo=UTC)
    own = text("https://acme.example/report", "https://safety.acme.example", now)
    assert "Canonical: https://safety.acme.example/.well-known/security.txt\n" in own
    assert "Canonical" not in text("https://acme.example/report", "https://acme.example/safety", now)
    assert "Canonical" not in text("https://acme.example/report", "http://127.0.0.1:8080", now)
    assert all(FIELD.fullmatch(line) for line in own.splitlines(keepends=True))


def test_it_is_gone_after_its_last_day() -> None:
    text("security@acme.example", "", datetime(2027, 6, 30, 23, 59, 59, tzinfo=UTC))
    with pytest.raises(HTTPException) as gone:
        text("security@acme.example", "", datetime(2027, 7, 1, tzinfo=UTC))
    assert gone.value.status_code == 404


@pytest.mark.parametrize("expires", ["", "2027-6-30", "soon", (TODAY + timedelta(days=400)).isoformat()])
def test_an_end_that_is_none_stops_the_start(expires: str) -> None:
    with pytest.raises(SettingsError, match="REDIRECT_SECURITY_EXPIRES"):
        load({"REDIRECT_SECURITY_CONTACT": "security@acme.example", "REDIRECT_SECURITY_EXPIRES": expires})


def test_an_end_that_is_over_does_not() -> None:
    load({"REDIRECT_SECURITY_CONTACT": "security@acme.example", "REDIRECT_SECURITY_EXPIRES": "2026-01-01"})
