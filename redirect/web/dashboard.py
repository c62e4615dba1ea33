"""Owns `/reports`: the page, its forms and its files. Must never answer for a platform whose key is not signed in."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from redirect.domain.errors import BadRequest, StoreError
from redirect.domain.figures import COLUMNS, BadFigures, figure, read_rows
from redirect.web.desk import TOLD, platform_of
from redirect.web.gate import ensure_own_form
from redirect.web.http import read_body, text_header
from redirect.web.report_page import Around, Asked, EnglishNames, ReportPage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.types import Message

    from redirect.journeys.dashboard import Dashboard, Entries, Overview
    from redirect.journeys.ports import KnownExperiments
    from redirect.web.desk import Desk
    from redirect.web.gate import Admitted

FORM_LIMIT: Final = 1 << 13
FILE_LIMIT: Final = 1 << 19


class DashboardPages:
    """Endpoints at `/reports`, its forms and files. `new_name` gives names that nothing else has."""

    def __init__(
        self,
        dashboard: Dashboard,
        entries: Entries,
        desk: Desk,
        names: EnglishNames,
        known: KnownExperiments,
        new_name: Callable[[], str],
    ) -> None:
        self._dashboard = dashboard
        self._entries = entries
        self._desk = desk
        self._gate = desk.gate
        self._names = names
        self._known = known
        self._new_name = new_name
        self._page = ReportPage(names, desk.sheets)

    async def page(self, request: Request) -> Response:
        """The dashboard, or the form to sign in."""
        return await self._show(request, TOLD.get(request.query_params.get("told", ""), ""))

    async def table(self, request: Request) -> Response:
        """One table as CSV."""
        found = await self._looked_up(request)
        if isinstance(found, Response):
            return found
        _, asked, overview = found
        name: str = request.path_params["name"]
        body = await asyncio.to_thread(self._page.table, asked, overview, name)
        if body is None:
            raise BadRequest("not-found")
        return self._desk.file(body, f"redirect-{asked.platform}-{name}-{overview.since}-{overview.until}")

    async def sign_in(self, request: Request) -> Response:
        """A key, for a cookie."""
        ensure_own_form(request)
        key = (await _form(request, FORM_LIMIT)).get("key", "")
        try:
            before = await self._gate.admitted(request)
            cookie = await self._gate.sign_in(str(key), before)
        except StoreError:
            return self._desk.closed()
        if cookie:
            return self._on("no-cookie", cookie)  # said only where the browser comes back without it
        return self._on("wrong") if before else self._desk.door(TOLD["wrong"], 403)

    async def sign_out(self, request: Request) -> Response:
        """Take the cookie back."""
        ensure_own_form(request)
        try:
            return self._on("ended", await self._gate.sign_out(await self._gate.admitted(request)))
        except StoreError:
            return self._desk.closed()

    async def figures(self, request: Request) -> Response:
        """Figures of a helpline or an appeals desk: one from a form, or many from a file."""
        return await self._taken(request, self._give)

    async def note(self, request: Request) -> Response:
        """A note of a change, or one to be taken back."""
        return await self._taken(request, self._note)

    async def _taken(
        self, request: Request, take: Callable[[str, Mapping[str, str | UploadFile]], Awaitable[str]]
    ) -> Response:
        """What a form of the page says; after it, the page again."""
        ensure_own_form(request)
        try:
            admitted = await self._gate.admitted(request)
            if admitted is None:
                return self._on("")
            fields = await _form(request, FILE_LIMIT)
            asked = _asked({name: value for name, value in fields.items() if isinstance(value, str)}, admitted)
            try:
                told = await take(asked.platform, fields)
            except BadFigures as error:
                return await self._show(request, _complaint(error), asked, 400)
        except StoreError:
            return self._desk.closed()
        return self._on(told, asked=asked)

    async def _give(self, platform: str, fields: Mapping[str, str | UploadFile]) -> str:
        months, services = frozenset(self._entries.months), frozenset(self._names.ids)
        file = fields.get("file")
        if isinstance(file, UploadFile):
            found = read_rows((await file.read()).decode("utf-8", errors="replace"), months, services)
        else:
            month, source, measure, count = (str(fields.get(name, "")).strip() for name in COLUMNS)
            found = dict([figure(month, source, measure, count, months=months, services=services)])
        await self._entries.give(platform, found)
        return "kept"

    async def _note(self, platform: str, fields: Mapping[str, str | UploadFile]) -> str:
        if strike := str(fields.get("strike", "")):
            await self._entries.strike(platform, strike)
            return "struck"
        words = (str(fields.get(name, "")) for name in ("day", "kind", "text"))
        try:
            await self._entries.note(platform, self._new_name(), *words)
        except BadRequest:
            return "bad-note"
        return "noted"

    async def _show(self, request: Request, told: str, asked: Asked | None = None, status: int = 200) -> Response:
        found = await self._looked_up(request, asked)
        if isinstance(found, Response):
            return found
        admitted, asked, overview = found
        told = "" if told == TOLD["no-cookie"] else told
        tried = any(asked.platform in each.platforms for each in self._known.known)
        around = Around(admitted.platforms, self._entries.months, tried, told)
        # Beside other work: drawing a year takes longer than a decision may wait.
        body = await asyncio.to_thread(self._page.dashboard, asked, overview, around)
        return self._desk.page(request, body, status)

    async def _looked_up(
        self, request: Request, asked: Asked | None = None
    ) -> tuple[Admitted, Asked, Overview] | Response:
        admitted = await self._desk.admitted(request)
        if isinstance(admitted, Response):
            return admitted
        asked = asked or _asked(request.query_params, admitted)
        self._gate.charge(request, asked.platform, admitted)
        try:
            return admitted, asked, await self._dashboard.overview(asked.platform, asked.first, asked.last)
        except StoreError:
            return self._desk.closed()

    def _on(self, told: str, cookie: str = "", asked: Asked | None = None) -> Response:
        return self._desk.on(asked.address(told=told) if asked else f"told={told}", cookie)


def _asked(fields: Mapping[str, str], admitted: Admitted) -> Asked:
    """Whatever cannot be is as if it had not been asked for; the platform is always one that is signed in."""
    ends = sorted(_number(fields.get(name, "")) for name in ("from", "to"))
    first, last = ends if ends[0] else (_number(fields.get("from", "")), _number(fields.get("to", "")))
    return Asked(
        platform=platform_of(fields, admitted),
        first=first,
        last=last,
        surface=fields.get("surface", ""),
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0


async def _form(request: Request, limit: int) -> Mapping[str, str | UploadFile]:
    """The fields of a form, in either encoding. Raises BadRequest over `limit` bytes, or where it cannot be read."""
    body = await read_body(request.receive, limit)
    if "multipart/form-data" not in text_header(request.scope, b"content-type").lower():
        return dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))

    async def again() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    try:
        return dict((await Request(request.scope, again).form(max_files=1, max_fields=16)).multi_items())
    except HTTPException:
        raise BadRequest("invalid-request") from None


def _complaint(error: BadFigures) -> str:
    where = f"Line {error.line} of the file" if error.line else "The form"
    return f"{where} {error.reason}. Nothing was kept."
