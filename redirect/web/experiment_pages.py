"""Owns `/reports/experiments`: the list of a platform's experiments, a page for each, and its files. Must never answer
for a platform whose key is not signed in, nor show what another platform found in the same experiment."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from starlette.responses import Response

from redirect.domain.errors import BadRequest, StoreError
from redirect.domain.periods import iso
from redirect.web.desk import platform_of
from redirect.web.experiment_design import METHODS, design
from redirect.web.experiment_sections import arm_name, in_numbers, in_short, sections
from redirect.web.figures_shown import file_of
from redirect.web.tables_shown import laid_out

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request

    from redirect.domain.content import Message
    from redirect.journeys.experiments import Findings, Found
    from redirect.web.desk import Desk
    from redirect.web.experiment_design import Names


class Wording(Protocol):
    """Finds how an arm words a message."""

    def __call__(self, message: str, variant: str) -> Message | None: ...


class ExperimentPages:
    """Endpoints at and under `/reports/experiments`."""

    def __init__(self, findings: Findings, desk: Desk, names: Names, wording: Wording) -> None:
        self._findings = findings
        self._desk = desk
        self._names = names
        self._wording = wording

    async def all(self, request: Request) -> Response:
        """The list of a platform's experiments."""
        platform = await self._platform(request)
        if isinstance(platform, Response):
            return platform
        try:
            found = await self._findings.of(platform)
        except StoreError:
            return self._desk.closed()
        return self._desk.page(request, self.listed(platform, found))

    async def page(self, request: Request) -> Response:
        """One experiment."""
        found = await self._found(request)
        if isinstance(found, Response):
            return found
        # Beside other work: pictures take longer than a decision may wait.
        return self._desk.page(request, await asyncio.to_thread(self.written, found))

    async def table(self, request: Request) -> Response:
        """One table of it as CSV."""
        found = await self._found(request)
        if isinstance(found, Response):
            return found
        name: str = request.path_params["table"]
        body = file_of(sections(found), name, found.result.platform)
        if body is None:
            raise BadRequest("not-found")
        return self._desk.file(body, f"redirect-{found.result.platform}-{found.experiment.name}-{name}")

    def listed(self, platform: str, found: Iterable[Found]) -> bytes:
        """The page of all."""
        rows = [(each, in_short(each)) for each in found]
        return self._desk.sheets.written("experiments", platform=platform, rows=rows, iso=iso)

    def written(self, found: Found) -> bytes:
        """The page of one experiment."""
        experiment, platform, home = found.experiment, found.result.platform, self._desk.sheets.home
        arms = [
            (arm_name(found, arm.variant), arm.weight, said.headline if said else "")
            for arm in experiment.arms
            for said in [self._wording(experiment.message, arm.variant)]
        ]
        return self._desk.sheets.written(
            "experiment",
            found=found,
            short=in_short(found),
            numbers=in_numbers(found),
            arms=arms,
            sections=sections(found),
            design=design(found, self._names),
            methods=METHODS,
            iso=iso,
            csv=lambda name: f"{home}/experiments/{experiment.name}/csv/{name}?platform={platform}",
            laid_out=lambda table: laid_out(table, found.minimum),
        )

    async def _platform(self, request: Request) -> str | Response:
        admitted = await self._desk.admitted(request)
        if isinstance(admitted, Response):
            return admitted
        platform = platform_of(request.query_params, admitted)
        self._desk.gate.charge(request, platform, admitted)
        return platform

    async def _found(self, request: Request) -> Found | Response:
        platform = await self._platform(request)
        if isinstance(platform, Response):
            return platform
        try:
            found = await self._findings.on(platform, request.path_params["name"])
        except StoreError:
            return self._desk.closed()
        if found is None:
            raise BadRequest("not-found")
        return found
