"""Owns the plugin for SearXNG, as its settings.yml names it: `redirect.middleware.searxng.SXNGPlugin`. Must never let
an engine or a completer be asked for what is listed, whoever switches plugins off.

It acts before and after each request of SearXNG's web application, not in `pre_search`: that is called for plugins
which a person has switched on, what it raises is swallowed, and suggestions never come by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import Flask, Response, request
from searx import settings
from searx.plugins import Plugin, PluginInfo
from searx.query import RawTextQuery

from redirect.client import Client
from redirect.middleware.searches import Asked, instead, strictest, subjects
from redirect.middleware.suggestions import read_suggestions

if TYPE_CHECKING:
    from redirect.client.subject import Surface

SURFACES: Final[dict[str | None, Surface]] = {"search": "web", "autocompleter": "suggest"}
"""By SearXNG's names of what answers; addresses say less, since any prefix may stand before them."""
SETTINGS: Final = ("service", "key")
OPTIONAL: Final = ("on_error", "country")


class SXNGPlugin(Plugin):  # type: ignore[misc]
    """Sends a person whose search is blocked to the page, and takes listed completions out."""

    id = "redirect"

    def __init__(self, plg_cfg: Any) -> None:
        super().__init__(plg_cfg)
        # Without a section: preferences offer no switch, since there is nothing to switch.
        self.info = PluginInfo(
            id=self.id,
            name="redirect",
            description="Shows a page with help in place of results for sexual images of children",
            preference_section=None,
        )

    def init(self, app: Flask) -> bool:
        """Called once by SearXNG. What is wrong with settings.yml ends its start: nobody would notice otherwise."""
        said: dict[str, Any] = dict(settings.get(self.id) or {})
        if not set(SETTINGS) <= said.keys() or not said.keys() <= {*SETTINGS, *OPTIONAL}:
            raise ValueError(f"settings.yml, redirect: {' and '.join(SETTINGS)} are needed, {OPTIONAL} can be given")
        if not SURFACES.keys() <= app.view_functions.keys():
            raise RuntimeError("this SearXNG names its searches otherwise; the redirect plugin does not fit it")
        self._country = said.get("country")
        self._redirect = Client(said["service"], said["key"], on_error=said.get("on_error", "open"))
        app.before_request(self._before)
        app.after_request(self._after)
        return True

    def _before(self) -> Response | None:
        surface = SURFACES.get(request.endpoint)
        if surface is None:
            return None
        typed = request.form.get("q", "")  # SearXNG has put there what stands in the address, too
        asked = subjects(_searched(typed), self._asked(), surface)
        answer = strictest(self._redirect.check_batch(asked)) if asked else None
        response = instead(answer, request.method, surface, typed)
        if response is None:
            return None
        if surface == "suggest" and request.headers.get("X-Requested-With") == "XMLHttpRequest":
            return Response("[]", mimetype="application/json")  # SearXNG's own search box takes a plain list
        status, headers, body = response
        return Response(body, status, headers)

    def _after(self, response: Response) -> Response:
        if SURFACES.get(request.endpoint) != "suggest":
            return response
        suggestions = read_suggestions(response.get_data())
        kept = suggestions and suggestions.kept(self._redirect.check_batch(suggestions.subjects(self._asked())))
        if kept:
            response.set_data(kept)
        return response

    def _asked(self) -> Asked:
        return Asked(b"", request.headers.get("Accept-Language", ""), self._country)


def _searched(typed: str) -> list[str]:
    """As it was typed, and as engines get it: words such as `!images` are commands to SearXNG, which takes them out
    and joins what stood around them."""
    sent = RawTextQuery(typed, []).getQuery()
    return [text for text in dict.fromkeys((" ".join(typed.split()), sent)) if text]
