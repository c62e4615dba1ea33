"""Owns what Traefik's ForwardAuth needs of `/v1/forward`, and that the shipped file is as the README says. Must never
claim that Traefik itself was run: it is in neither registry that we install from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from integrations.conftest import LISTED_HOST, Reply, ask
from integrations.contract import leads_to_page

if TYPE_CHECKING:
    from conftest import Service

HERE = Path(__file__).parent
README = (HERE / "README.md").read_text()
HTTP: dict[str, Any] = yaml.safe_load((HERE / "redirect.yaml").read_text())["http"]
SENT = {
    "X-Forwarded-Method": "GET",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "search.example",
    "X-Forwarded-Uri": "/search?q=zorblax+minku",
    "X-Forwarded-For": "192.0.2.1",
}
"""What ForwardAuth adds, by its documentation."""


def asked(service: Service, **headers: str) -> Reply:
    """What ForwardAuth would get: it asks with GET and the headers that the shipped file lets through."""
    key = HTTP["middlewares"]["redirect-key"]["headers"]["customRequestHeaders"]
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return ask(service.port, "/v1/forward", headers={**key, **SENT, **named})


def test_a_listed_search_is_answered_with_the_page_which_traefik_hands_on(service: Service) -> None:
    reply = asked(service)
    assert leads_to_page(reply)
    assert reply.headers["cache-control"] == "no-store"
    assert leads_to_page(asked(service, X_Forwarded_Method="POST"), 303)


def test_a_listed_address_is_answered_with_the_page(service: Service) -> None:
    assert leads_to_page(asked(service, X_Forwarded_Host=LISTED_HOST, X_Forwarded_Uri="/"))


def test_any_other_search_is_answered_with_2xx_and_nothing_that_traefik_could_add(service: Service) -> None:
    reply = asked(service, X_Forwarded_Uri="/search?q=weather")
    assert (reply.status, reply.body) == (200, b"")
    assert "authResponseHeaders" not in HTTP["middlewares"]["redirect-ask"]["forwardAuth"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "SEARCH"])
def test_every_method_is_decided(service: Service, method: str) -> None:
    assert leads_to_page(asked(service, X_Forwarded_Method=method), 302 if method in {"GET", "HEAD"} else 303)


def test_the_page_is_in_the_language_of_the_person(service: Service) -> None:
    where = asked(service, Accept_Language="es").headers["location"]
    path = where.partition("/safety")[2]
    assert service.get(path).headers["content-language"].startswith("es")


def test_every_name_in_the_file_stands_for_something_and_the_key_goes_no_further_than_to_redirect() -> None:
    chain = HTTP["middlewares"]["redirect"]["chain"]["middlewares"]
    assert chain == ["redirect-key", "redirect-ask", "redirect-no-key"]
    assert set(chain) == HTTP["middlewares"].keys() - {"redirect"}
    for router in HTTP["routers"].values():
        assert router["service"] in HTTP["services"]
        assert set(router["middlewares"]) <= HTTP["middlewares"].keys()
    assert HTTP["middlewares"]["redirect-no-key"]["headers"]["customRequestHeaders"] == {"Authorization": ""}


def test_no_header_that_names_the_person_is_let_through() -> None:
    assert HTTP["middlewares"]["redirect-ask"]["forwardAuth"]["authRequestHeaders"] == [
        "Authorization",
        "Accept-Language",
    ]


def test_the_readme_says_that_traefik_was_not_run_and_that_it_fails_closed() -> None:
    assert "**We have never run this with Traefik.**" in README
    assert "fails closed" in README
