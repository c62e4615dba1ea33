"""Owns the page to try it: there with demo alone, and silent about what was typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conftest import LISTED, LISTED_URL, WEB, Html, Service

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

TYPED = "Vorlinqet7Basmo"


def ask(service: Service, **fields: str) -> httpx.Response:
    return WEB.post(f"{service.url}/", data=fields)


def test_the_form_posts_so_that_a_query_never_stands_in_an_address(demo: Service) -> None:
    (form,) = Html(demo.get("/").text).all("form")
    assert form["method"] == "post"
    assert demo.get(f"/?text={TYPED}").text == demo.get("/").text


@pytest.mark.parametrize("text", [LISTED, LISTED_URL, f"  {LISTED}  "])
def test_a_listed_text_leads_to_the_warning(demo: Service, text: str) -> None:
    answer = ask(demo, text=text, country="AR", languages="es")
    assert answer.status_code == 303
    assert demo.page(answer.headers["location"]).all("html")[0]["lang"] == "es"


def test_other_texts_are_said_to_pass_and_are_not_repeated(demo: Service) -> None:
    for text in (TYPED, "quellfen drovic", "", "x" * 5000, "\ud800".encode("utf-8", "replace").decode(), "<b>"):
        answer = ask(demo, text=text)
        assert answer.status_code == 200
        assert TYPED not in answer.text
        assert answer.headers["cache-control"] == "no-store"
    assert "Warning" in ask(demo, text="quellfen drovic").text


def test_fields_that_make_no_sense_are_no_error(demo: Service) -> None:
    for fields in (
        {},
        {"country": "nowhere", "text": "x"},
        {"country": "\u00e9\u00e9", "text": "x"},
        {"text": "http://["},
    ):
        assert ask(demo, **fields).status_code == 200
    assert WEB.post(f"{demo.url}/", content=b"\xff%ff&&=&text=%ff").status_code == 200
    assert WEB.post(f"{demo.url}/", content=b"x" * 70_000).status_code in {200, 413}


def test_without_demo_the_first_page_is_help(make_service: Callable[..., Service]) -> None:
    service = make_service(REDIRECT_LANGUAGES="draft")
    page = service.page("/")
    assert not page.all("form")
    assert service.page("/", headers={"Accept-Language": "es"}).all("html")[0]["lang"] == "es"
