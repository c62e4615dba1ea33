"""Owns what the journeys ask of the outside. Must never hold an implementation."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from redirect.domain.content import Statement
    from redirect.domain.counts import Cell, Table
    from redirect.domain.decision import Degraded
    from redirect.domain.disclosure import Release
    from redirect.domain.experiments import Experiment, Stop
    from redirect.domain.figures import Given, Place
    from redirect.domain.locales import Locale
    from redirect.domain.matching import Matcher
    from redirect.domain.notes import Note
    from redirect.domain.periods import Unit
    from redirect.domain.services import Directory

Made = TypeVar("Made")


class Clock(Protocol):
    """Seconds since 1970-01-01 UTC."""

    def __call__(self) -> float: ...


class Tally(Protocol):
    """Adds one to a cell of the open period, in memory. Never fails and never waits."""

    def add(self, table: Table, labels: tuple[str, ...]) -> None: ...


class Live(NamedTuple):
    """The list that is live at one moment. `matcher` is None while none may be used; `degraded` says why."""

    version: int
    matcher: Matcher | None
    degraded: Degraded


class Lists(Protocol):
    """Where to find the list that is live. An answer looks once, so that it never mixes two lists."""

    @property
    def live(self) -> Live: ...


class Tokens(Protocol):
    """Encrypts what a page's address says.

    `seal` gives the same text for the same statement; `open` gives None for anything that no key of ours
    sealed. `code` names a service within one page without telling which.
    """

    def seal(self, statement: Statement) -> str: ...
    def open(self, token: str) -> Statement | None: ...
    def code(self, token: str, service: str) -> str: ...


class Services(Protocol):
    """Where to find the services as they are now. A page looks once, so that it never mixes two states of them."""

    @property
    def now(self) -> Directory: ...


class Experiments(Protocol):
    """Which experiments run, as it is now."""

    @property
    def now(self) -> Mapping[str, Experiment]:
        """The one that runs today, by platform."""
        ...

    def at(self, platform: str, day: int) -> Experiment | None:
        """The one that runs, or ran, on a platform on a day; None where none did or it has been stopped."""
        ...


class KnownExperiments(Protocol):
    """All experiments, and which of them were stopped."""

    @property
    def known(self) -> Sequence[Experiment]:
        """Those that are to come, run, or are over."""
        ...

    def stop(self, name: str) -> Stop | None:
        """Why this one was stopped; None where it was not."""
        ...


class Languages(Protocol):
    """The languages that are served, English always among them, and what is spoken where."""

    @property
    def served(self) -> Sequence[Locale]: ...
    def choose(self, *, explicit: str, hint: str, header: str, country: str) -> Locale: ...
    def near(self, country: str) -> Sequence[Locale]:
        """Those that a country's official languages ask for; perhaps none."""
        ...

    def hint(self, wanted: str) -> str:
        """The served tag that answers an Accept-Language value, or empty where none does."""
        ...

    def country(self, code: str | None) -> str:
        """A known ISO 3166-1 alpha-2 code in capitals, else `ZZ`."""
        ...

    def country_name(self, locale: Locale, code: str) -> str:
        """What a country is called in this language."""
        ...

    def translate(self, locale: Locale, text: str) -> str: ...


class Batch(Protocol):
    """Sums that leave the spool together: applied once, whatever happens on the way."""

    @property
    def spool(self) -> str: ...
    @property
    def sequence(self) -> int: ...
    @property
    def cells(self) -> Sequence[tuple[Cell, int]]: ...


class SumTaker(Protocol):
    """Where sums go. Every call may raise StoreError."""

    async def apply(self, batch: Batch) -> None:
        """Add a batch; a batch that was already applied changes nothing."""
        ...


class CountStore(SumTaker, Protocol):
    """Where sums are kept. Every call may raise StoreError."""

    async def counts(self, table: Table, periods: Sequence[int]) -> list[tuple[int, str, int]]:
        """Stored cells as (period, joined labels, count)."""
        ...


class ReleaseStore(CountStore, Protocol):
    """Where what was published is kept, written once. Every call may raise StoreError."""

    async def released(self, table: Table, units: Sequence[Unit]) -> set[Unit]:
        """Those of these units that have been released."""
        ...

    async def releases(self, table: Table, units: Sequence[Unit], platform: str = "") -> list[Release | None]:
        """What was released of each unit, of one platform alone where one is named; None where nothing was yet."""
        ...

    async def write_release(self, table: Table, unit: Unit, release: Release) -> bool:
        """Keep a release; False, and nothing changed, where the unit has one."""
        ...


class SummaryStore(ReleaseStore, Protocol):
    """Where what closed months come to is kept beside their releases. Every call may raise StoreError."""

    async def summaries(self, platform: str, units: Sequence[Unit], minimum: int) -> list[bytes | None]:
        """What is kept of these months under this minimum; None where nothing is."""
        ...

    async def write_summary(self, platform: str, unit: Unit, minimum: int, record: bytes) -> None:
        """Keep what a month comes to, for as long as its releases."""
        ...


class Aside(Protocol):
    """Runs work that takes its time where it holds up nobody."""

    def __call__(self, work: Callable[[], Made], /) -> Awaitable[Made]: ...


class Ledger(Protocol):
    """Where figures that others give, and notes, are kept beside the counts. Every call may raise StoreError."""

    async def figures(self, platform: str) -> dict[Place, Given]:
        """What was given for one platform."""
        ...

    async def write_figures(self, platform: str, figures: Mapping[Place, Given | None]) -> None:
        """Keep figures, each in place of what was there; None takes one away."""
        ...

    async def notes(self, platform: str) -> dict[str, Note]:
        """Those of one platform, and those of all, by name."""
        ...

    async def write_note(self, platform: str, name: str, note: Note) -> None:
        """Keep a note; of all platforms where `platform` is empty."""
        ...

    async def delete_note(self, platform: str, name: str) -> None:
        """Forget a note of one platform."""
        ...

    async def saw(self, what: str, state: str) -> str | None:
        """Remember the state of something, unless it is of an older version (a number and a space in front); the one
        before, told to the first who says that it is another."""
        ...


class ListStore(Protocol):
    """Where signed bundles are kept. Every call may raise StoreError."""

    async def list_version(self) -> int:
        """The version that is live, 0 where none is."""
        ...

    async def read_list(self) -> tuple[bytes, bytes] | None:
        """Envelope and bundle that are live."""
        ...

    async def read_previous_list(self) -> tuple[bytes, bytes] | None:
        """Envelope and bundle that were live before."""
        ...

    async def write_list(self, version: int, manifest: bytes, body: bytes) -> bool:
        """Make a bundle live; False, and nothing changed, unless its version is higher than the live one."""
        ...
