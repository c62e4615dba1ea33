"""Owns sums that others send: local checkers, and platforms that write their own pages. Must never take a label
that no closed set knows, nor a sum for another platform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from redirect.domain.counts import CHECKS, SEPARATOR, Cell, Sums
from redirect.domain.decision import Action, Degraded
from redirect.domain.subject import Attempt, Mode, Surface

if TYPE_CHECKING:
    from redirect.domain.access import Access
    from redirect.journeys.ports import Clock, SumTaker

MOST_CELLS = 10_000
LARGEST = 1 << 53
MOST_IN_A_CELL = 1_000_000_000
Labels = tuple[Surface, Action, Mode, Attempt, Degraded]
"""What each label after the platform may be, in the order of the dimensions of `checks`."""


class TallyCell(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One sum: `period` counts hours since 1970-01-01 UTC, `labels` are the dimensions after the platform."""

    period: Annotated[int, msgspec.Meta(ge=0, lt=1 << 32)]
    labels: Labels
    count: Annotated[int, msgspec.Meta(ge=1, le=MOST_IN_A_CELL)]
    table: Literal["checks"] = "checks"


class TallyBatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sums of one sender. `sequence` rises by each batch of a `spool`; one that was taken before changes nothing."""

    spool: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{16}$")]
    sequence: Annotated[int, msgspec.Meta(ge=1, le=LARGEST)]
    cells: Annotated[list[TallyCell], msgspec.Meta(max_length=MOST_CELLS)]


async def take(store: SumTaker, clock: Clock, access: Access, batch: TallyBatch) -> None:
    """Apply a batch once; what is no longer kept, or not yet begun, is left out. Raises StoreError where the store does
    not answer."""
    newest = CHECKS.period(clock()) + 1
    oldest = newest - CHECKS.kept_periods
    cells = tuple(
        (Cell(CHECKS.name, cell.period, (access.platform, *cell.labels)), cell.count)
        for cell in batch.cells
        if oldest <= cell.period <= newest
    )
    # The sender's own name for its spool, under that of its first key: no sender can block another's numbers, and what
    # one sends again after its key was rotated is known.
    await store.apply(Sums(f"{access.sender}{SEPARATOR}{batch.spool}", batch.sequence, cells))
