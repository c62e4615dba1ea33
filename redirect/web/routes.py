"""Owns every path of the service, on one screen. Must never hold a handler's body."""

from __future__ import annotations

import re
import time
from functools import partial
from typing import TYPE_CHECKING

from starlette.convertors import PathConvertor, StringConvertor, register_url_convertor
from starlette.routing import Route, Router

from redirect.journeys.views import MEDIA
from redirect.web import openapi, security_txt
from redirect.web.desk import HOME
from redirect.web.guard import Guard
from redirect.web.signed import SignedCalls

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from starlette.convertors import Convertor
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp, Scope

    from redirect.web.check import BatchEndpoint, CheckEndpoint, ExplainEndpoint
    from redirect.web.counts import CountsEndpoint
    from redirect.web.dashboard import DashboardPages
    from redirect.web.experiment_pages import ExperimentPages
    from redirect.web.forward import ForwardEndpoint
    from redirect.web.health import Health
    from redirect.web.http import Whole
    from redirect.web.media import MediaFile
    from redirect.web.pages import Pages
    from redirect.web.protocol import Answer, AtOnce, IsCall
    from redirect.web.resources import DirectoryPages, ResourcesEndpoint
    from redirect.web.security_txt import SecurityText
    from redirect.web.signed import Signers
    from redirect.web.tallies import TalliesEndpoint
    from redirect.web.trial import Trial


CHECK = "/v1/check"
FORWARD = "/v1/forward"


class Rest(PathConvertor):
    """All that is left of a path, also over line breaks, which `path` would not take."""

    regex = "(?s:.*)"


register_url_convertor("rest", Rest())


def health_routes(health: Health) -> list[BaseRoute]:
    """What keeps a node running, whichever part it serves."""
    return [Route("/livez", health.livez), Route("/readyz", health.readyz)]


def security_routes(text: SecurityText) -> list[BaseRoute]:
    """What somebody who found a weakness looks for."""
    return [Route(security_txt.PATH, text.answer)]


def api_routes(
    check: CheckEndpoint,
    batch: BatchEndpoint,
    explain: ExplainEndpoint,
    tallies: TalliesEndpoint,
    forward: ForwardEndpoint,
    resources: ResourcesEndpoint,
    counts: CountsEndpoint,
    health: Health,
) -> list[BaseRoute]:
    """What platforms and operators call."""
    return [
        Route(CHECK, check, methods=["POST"]),
        Route("/v1/check/batch", batch, methods=["POST"]),
        Route("/v1/explain", explain, methods=["POST"]),
        Route("/v1/tallies", tallies, methods=["POST"]),
        _any_method(FORWARD, forward),
        _any_method(FORWARD + "/{rest:rest}", forward),  # proxies that put a prefix before the original path
        Route("/v1/resources", resources.answer),
        Route("/v1/counts", counts.answer),
        Route("/v1/openapi.json", openapi.endpoint),
        Route("/metrics", health.metrics),
    ]


def dashboard_routes(pages: DashboardPages, experiments: ExperimentPages) -> list[BaseRoute]:
    """What a programme manager opens."""
    return [
        Route(HOME, pages.page, methods=["GET"]),
        Route(f"{HOME}/csv/{{name}}", pages.table, methods=["GET"]),
        Route(f"{HOME}/experiments", experiments.all, methods=["GET"]),
        Route(f"{HOME}/experiments/{{name}}", experiments.page, methods=["GET"]),
        Route(f"{HOME}/experiments/{{name}}/csv/{{table}}", experiments.table, methods=["GET"]),
        Route(f"{HOME}/sign-in", pages.sign_in, methods=["POST"]),
        Route(f"{HOME}/sign-out", pages.sign_out, methods=["POST"]),
        Route(f"{HOME}/figures", pages.figures, methods=["POST"]),
        Route(f"{HOME}/notes", pages.note, methods=["POST"]),
    ]


def page_routes(pages: Pages, media: Mapping[str, MediaFile]) -> list[BaseRoute]:
    """What people open. The last ones take whatever is left, with any method, and answer with help."""
    return [
        *(Route(f"{MEDIA}/{name}", file, methods=["GET"]) for name, file in media.items()),
        Route("/w/{token}", pages.page),
        Route("/w/{token}/leave", pages.leave),
        Route("/w/{token}/go/{code}", pages.go),
        Route("/w/{token}/wrong", pages.wrong, methods=["POST"]),
        _help("/w", pages),
        _help("/w/{rest:rest}", pages),
    ]


def language_routes(pages: Pages, directory: DirectoryPages, languages: Sequence[str]) -> list[BaseRoute]:
    """Paths that begin with a language of the world, served or not, such as `/en` or `/pt-BR/help`."""
    register_url_convertor("language", _language_convertor(languages))
    return [
        _any_method("/{lang:language}/help", directory.page),
        _any_method("/{lang:language}/help/{country}", directory.page),
        _help("/{lang:language}", pages),
        _help("/{lang:language}/{rest:rest}", pages),
    ]


def root_routes(pages: Pages, trial: Trial | None) -> list[BaseRoute]:
    """The page to try it, with demo alone; else help, as everywhere."""
    if trial is None:
        return [_help("/", pages)]
    return [Route("/", trial.form, methods=["GET"]), Route("/", trial.ask, methods=["POST"])]


def at_once(base: str, check: Answer | None, page: Callable[[str, Scope, bytes], Whole] | None) -> AtOnce:
    """Finds what needs no task: a check, and the page that an address without a query stands for. `base` is the path of
    the public address, which a proxy may leave on; None where a part is not served."""
    checks = {path.encode(): check for path in (CHECK, base + CHECK)}
    path = re.compile(rb"(?:%b)?/w/([A-Za-z0-9_-]+)" % re.escape(base.encode()))

    def find(method: bytes, target: bytes) -> Answer | None:
        if method == b"POST":
            return checks.get(target)
        if method == b"GET" and page is not None and (found := path.fullmatch(target)):
            return partial(page, found[1].decode())
        return None

    return find


def is_call(base: str) -> IsCall:
    """Tells what platforms call from all else: pages, and what keeps a node running."""
    prefixes = tuple({b"/v1/", f"{base}/v1/".encode()})

    def find(target: bytes) -> bool:
        return target.startswith(prefixes)

    return find


def application(
    routes: list[BaseRoute], pages: Pages, signers: Signers, base: str, note: Callable[[str], None]
) -> ASGIApp:
    """The whole service. The router alone, without the layers of a framework's application: what they do for
    errors is done, in our own words, by Guard."""
    # A redirect to the same path with or without a slash would write the query string into an address.
    router = Router(routes, redirect_slashes=False)
    return Guard(SignedCalls(router, signers, base, time.time), base=base, pages=pages, note=note)


def _help(path: str, pages: Pages) -> Route:
    return _any_method(path, pages.help)


def _any_method(path: str, endpoint: Callable[[Request], Awaitable[Response]] | ASGIApp) -> Route:
    route = Route(path, endpoint)
    route.methods = None  # any, also those that no standard names
    return route


def _language_convertor(languages: Sequence[str]) -> Convertor[str]:
    class Language(StringConvertor):
        regex = f"(?i:{'|'.join(sorted(languages))})(?:-[A-Za-z0-9]{{2,8}})*"

    return Language()
