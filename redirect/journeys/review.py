"""Owns what `redirect lists check` finds out about a list before it is built. Must never show an entry: a report has
places, ids and numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from redirect.domain.build import build
from redirect.domain.bundle import Bundle
from redirect.domain.digests import Digests
from redirect.domain.errors import ListError
from redirect.domain.filing import Filing
from redirect.domain.fold import Fold
from redirect.domain.fold_table import packaged
from redirect.domain.guard import ABOUT, SERIOUS, Finding, Lint, Rule, single_words
from redirect.domain.lists import Entry, Kind
from redirect.domain.matching import Matcher
from redirect.domain.overlap import Change, Overlaps, compare
from redirect.journeys.vet import Trial, attempt, trial

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from redirect.journeys.vet import Benign, Progress

REMARK_COLUMNS: Final = ("rule", "serious", "file", "line", "id", "other", "reason")
_ORDER: Final = {rule: number for number, rule in enumerate(Rule)}
_EVERY: Final = 1000


class Place(NamedTuple):
    """Where an entry or a record stands."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Remark:
    """A finding as it is told. `other` is the entry that it repeats or is covered by."""

    rule: Rule
    place: Place
    entry_id: str = ""
    other: Place | None = None
    reason: str = ""

    @property
    def serious(self) -> bool:
        """Whether the list is not fit to go live."""
        return self.rule in SERIOUS

    @property
    def about(self) -> str:
        """The rule in words."""
        return ABOUT[self.rule]

    def row(self) -> dict[str, str | int | bool]:
        """Fields by REMARK_COLUMNS."""
        other = str(self.other) if self.other else ""
        values = (self.rule.value, self.serious, self.place.file, self.place.line, self.entry_id, other, self.reason)
        return dict(zip(REMARK_COLUMNS, values, strict=True))


@dataclass(frozen=True, slots=True)
class Report:
    """All that `redirect lists check` tells. `added` are entries with their ids, where there is a list before."""

    entries: int
    remarks: tuple[Remark, ...]
    benign: Trial
    frequent: Trial | None
    change: Change | None
    added: tuple[tuple[Place, str], ...] = ()

    @property
    def serious(self) -> bool:
        """Whether anything was found that must be mended before the list goes live."""
        return any(remark.serious for remark in self.remarks)

    def data(self) -> dict[str, object]:
        """The same, as it is written in JSON."""
        added = [{"file": place.file, "line": place.line, "id": entry_id} for place, entry_id in self.added]
        change = self.change
        return {
            "serious": self.serious,
            "entries": self.entries,
            "findings": [remark.row() for remark in self.remarks],
            "benign": self.benign.data(),
            "frequent": self.frequent and self.frequent.data(),
            "change": change and {"before": change.before, "added": added, "removed": list(change.removed)},
        }


def review(
    entries: Sequence[Entry],
    places: Sequence[Place],
    unread: Sequence[ListError],
    list_key: bytes,
    benign: Benign,
    *,
    before: Bundle | None,
    edits: bool,
    today: Callable[[], int],
    progress: Progress,
) -> Report:
    """Everything there is to say about a list before it is built with or without `edits`; `places` has one for each
    entry."""
    fold = Fold(packaged())
    everyday = single_words(benign.queries, fold)
    overlaps = Overlaps(entries, fold, lambda done, total: progress("entries, compared", done, total))
    findings = [*overlaps.findings(), *_lint(entries, Lint(fold, everyday, benign.domains), progress)]
    body = build(
        entries,
        list_key,
        progress=lambda done, total: progress("the bundle", done, total),
        edits=edits,
        everyday=everyday,
        refused=lambda index, reason: findings.append(Finding(Rule.REFUSED, index, reason=reason)),
    )
    refused = {finding.index for finding in findings if finding.rule is Rule.REFUSED}
    ids = ["" if index in refused else known for index, known in enumerate(overlaps.ids(list_key))]
    matcher = Matcher(Bundle(body), list_key, today)
    named = _Named(entries, ids, list_key)
    tried = trial(matcher, benign, progress)
    findings += [Finding(Rule.CANARY, index, entry_id=known) for index, known in named.found(tried.matched)]
    frequent = None if benign.frequent is None else _collisions(matcher, benign.frequent, named, findings, progress)
    change = None if before is None else compare(ids, Bundle(body), before, list_key)
    remarks = [Remark(Rule.UNREADABLE, Place(error.list_name, error.line), reason=error.reason) for error in unread]
    remarks += [_remark(finding, places, ids) for finding in findings]
    return Report(
        entries=len(entries),
        remarks=tuple(sorted(remarks, key=lambda remark: (_ORDER[remark.rule], remark.place))),
        benign=tried,
        frequent=frequent,
        change=change,
        added=tuple((places[index], ids[index]) for index in change.added) if change else (),
    )


class _Named:
    """Finds the entries that ids belong to. Most ids are an entry's usual one; the others are looked for."""

    def __init__(self, entries: Sequence[Entry], ids: Sequence[str], list_key: bytes) -> None:
        self._entries = entries
        self._filing = Filing(packaged(), Digests(list_key), edits=True, everyday=frozenset())
        self._usual = {entry_id: index for index, entry_id in reversed(list(enumerate(ids)))}

    def found(self, wanted: Iterable[str]) -> list[tuple[int, str]]:
        """Place and id of the entries with these ids, in order."""
        found = {entry_id: self._usual[entry_id] for entry_id in wanted if entry_id in self._usual}
        missing = set(wanted) - set(found)
        for index, entry in enumerate(self._entries):
            if not missing:
                break
            if entry.kind is Kind.TERM and (known := missing.intersection(self._all_ids(entry))):
                missing -= known
                found.update(dict.fromkeys(known, index))
        return sorted((index, entry_id) for entry_id, index in found.items())

    def _all_ids(self, entry: Entry) -> list[str]:
        try:
            return [f"{digest_id:016x}" for digest_id in self._filing.file(entry)]
        except ListError:
            return []


def _lint(entries: Sequence[Entry], lint: Lint, progress: Progress) -> Iterator[Finding]:
    for index, entry in enumerate(entries):
        if index % _EVERY == 0:
            progress("entries, one by one", index, len(entries))
        yield from (Finding(rule, index) for rule in lint.look(entry))


def _collisions(
    matcher: Matcher, words: Sequence[str], named: _Named, findings: list[Finding], progress: Progress
) -> Trial:
    """Frequent words that match, by whatever way; entries that already match the benign corpus are not told twice."""
    tried = attempt(matcher, "frequent words", words, (), progress)
    told = {finding.index for finding in findings if finding.rule is Rule.CANARY}
    findings += [
        Finding(Rule.COLLISION, index, entry_id=known)
        for index, known in named.found(tried.matched)
        if index not in told
    ]
    return tried


def _remark(finding: Finding, places: Sequence[Place], ids: Sequence[str]) -> Remark:
    other = None if finding.other is None else places[finding.other]
    return Remark(finding.rule, places[finding.index], finding.entry_id or ids[finding.index], other, finding.reason)
