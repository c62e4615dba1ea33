"""Owns every path of the service, on one screen. Must never hold a handler's body."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.convertors import StringConvertor, register_url_convertor
from starlette.routing import Route, Router

from redirect.web import openapi
from redirect.web.guard import Guard

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.convertors import Convertor
    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp

    from redirect.web.check import BatchEndpoint, CheckEndpoint
    from redirect.web.forward import ForwardEndpoint
    from redirect.web.health import Health
    from redirect.web.pages import Pages
    from redirect.web.trial import Trial

ANY = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]


def api_routes(check: CheckEndpoint, batch: BatchEndpoint, forward: ForwardEndpoint, health: Health) -> list[BaseRoute]:
    """What platforms and operators call."""
    return [
        Route("/v1/check", check, methods=["POST"]),
        Route("/v1/check/batch", batch, methods=["POST"]),
        Route("/v1/forward", forward, methods=["GET", "POST"]),
        Route("/v1/openapi.json", openapi.endpoint),
        Route("/livez", health.livez),
        Route("/readyz", health.readyz),
        Route("/metrics", health.metrics),
    ]


def page_routes(pages: Pages) -> list[BaseRoute]:
    """What people open. The last ones take whatever is left, with any method, and answer with help."""
    return [
        Route("/w/{token}", pages.page),
        Route("/w/{token}/leave", pages.leave),
        Route("/w/{token}/go/{code}", pages.go),
        Route("/w/{token}/wrong", pages.wrong, methods=["POST"]),
        Route("/w", pages.help, methods=ANY),
        Route("/w/{rest:path}", pages.help, methods=ANY),
    ]


def language_routes(pages: Pages, languages: Sequence[str]) -> list[BaseRoute]:
    """Paths that begin with a language of the world, served or not, such as `/en` or `/pt-BR/help`."""
    register_url_convertor("language", _language_convertor(languages))
    return [
        Route("/{lang:language}", pages.help, methods=ANY),
        Route("/{lang:language}/{rest:path}", pages.help, methods=ANY),
    ]


def root_routes(pages: Pages, trial: Trial | None) -> list[BaseRoute]:
    """The page to try it, with demo alone; else help, as everywhere."""
    if trial is None:
        return [Route("/", pages.help, methods=ANY)]
    return [Route("/", trial.form, methods=["GET"]), Route("/", trial.ask, methods=["POST"])]


def application(routes: list[BaseRoute], pages: Pages, base: str, note: Callable[[str], None]) -> ASGIApp:
    """The whole service. The router alone, without the layers of a framework's application: what they do for
    errors is done, in our own words, by Guard."""
    return Guard(Router(routes), base=base, pages=pages, note=note)


def _language_convertor(languages: Sequence[str]) -> Convertor[str]:
    class Language(StringConvertor):
        regex = f"(?:{'|'.join(sorted(languages))})(?:-[A-Za-z0-9]{{2,8}})*"

    return Language()
