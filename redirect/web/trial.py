"""Owns the page to try it, with demo alone. Must never put what was typed into an address or an answer."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup
from starlette.responses import RedirectResponse, Response

from redirect.domain.decision import Action
from redirect.domain.errors import BadRequest
from redirect.domain.subject import Subject, is_address
from redirect.web.accept import Kind
from redirect.web.http import read_body, text_header
from redirect.web.render import TEMPLATES, all_templates
from redirect.web.security import page_headers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

    from redirect.domain.content import Platform
    from redirect.domain.locales import Locale
    from redirect.journeys.check import Answer, Checker

FORM_LIMIT = 1 << 16
OUTCOMES = {
    Action.ALLOW: "Allowed: the platform shows its results. Nothing of this is on the list.",
    Action.WARN: "Warning: the platform shows its results, with a card above them.",
}


class Trial:
    """A form that asks as the platform `demo` would."""

    def __init__(self, checker: Checker, platform: Platform, locales: Sequence[Locale], base: str) -> None:
        environment = Environment(loader=all_templates(), autoescape=True, undefined=StrictUndefined)
        style = (TEMPLATES / "trial.css").read_text()
        self._checker = checker
        self._platform = platform
        self._template = environment.get_template("trial.html")
        self._known = {"locales": locales, "base": base, "style": Markup(style)}  # noqa: S704 (our own file)
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        self._headers = page_headers(f"'sha256-{digest}'", "en", form=True, media=False)

    async def form(self, _request: Request) -> Response:
        """The empty form."""
        return self._respond("")

    async def ask(self, request: Request) -> Response:
        """The decision: on to the page where it is block, else a line above the form."""
        fields = dict(parse_qsl((await read_body(request.receive, FORM_LIMIT)).decode(errors="replace")))
        try:
            answer = self._checker.check(_subject(fields, request), self._platform)
        except BadRequest:
            return self._respond("That is too long, or empty.")
        if answer.action is Action.BLOCK and answer.page:
            return RedirectResponse(answer.page, 303, {"Cache-Control": "no-store"})
        return self._respond(OUTCOMES[answer.action], answer)

    def _respond(self, outcome: str, answer: Answer | None = None) -> Response:
        page = answer.page if answer else None
        html = self._template.render(outcome=outcome, page=page, **self._known)
        return Response(html, headers=self._headers, media_type=Kind.HTML.value)


def _subject(fields: dict[str, str], request: Request) -> Subject:
    text, country = fields.get("text", "").strip(), fields.get("country", "")
    is_url = is_address(text)
    return Subject(
        query=None if is_url else text,
        url=text if is_url else None,
        country=country if len(country) == 2 else None,
        languages=fields.get("languages") or text_header(request.scope, b"accept-language"),
    )
