"""Owns the reading of `messages/law.toml` and `messages/law/`. Must never fill in what a file does not say."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
import tomli
from msgspec import Meta

from redirect.domain.errors import ContentError
from redirect.domain.law import PLACE, Law, Laws, Question, Says

if TYPE_CHECKING:
    from pathlib import Path

COUNTRY = re.compile(r"[A-Z]{2}")
_Text = Annotated[str, Meta(min_length=1, max_length=500)]
_Source = Annotated[str, Meta(max_length=1000, pattern=r"\Ahttps?://\S+\Z")]
_SourceDate = Annotated[str, Meta(pattern=r"\A([0-9]{4}(-[0-9]{2}){0,2})?\Z")]
_Day = Annotated[str, Meta(pattern=r"\A([0-9]{4}-[0-9]{2}-[0-9]{2})?\Z")]
_Answer = Literal["yes", "partly", "no"]


class _Record(msgspec.Struct, forbid_unknown_fields=True):
    """A file as lawyers edit it; an answer that is missing is unknown."""

    statutes: tuple[_Text, ...]
    sources: Annotated[tuple[_Source, ...], Meta(min_length=1)]
    source_dates: tuple[_SourceDate, ...]
    confidence: Literal["statute", "official", "secondary", "weak"]
    link: _Source | None = None
    making: _Answer | None = None
    possession: _Answer | None = None
    viewing: _Answer | None = None
    ai: _Answer | None = None
    child_under: Annotated[int, Meta(ge=10, le=25)] | None = None
    hold: tuple[Question, ...] = ()
    hold_reason: str = ""
    checked_by: str = ""
    checked_on: _Day = ""


class _Sentence(msgspec.Struct, forbid_unknown_fields=True):
    """A table of `law.toml`."""

    sentence: _Text


def load_laws(messages: Path, *, drafts: bool = False) -> Laws:
    """The laws of a `messages/` directory. Raises ContentError, naming file and field, at the first thing wrong."""
    sentences = _sentences(messages / "law.toml")
    files = sorted((messages / "law").glob("*.toml"))
    return Laws(sentences, {path.stem: _law(path) for path in files}, drafts=drafts)


def _sentences(path: Path) -> dict[Question, str]:
    tables = _converted(path, dict[Question, _Sentence])
    if missing := set(Question) - set(tables):
        raise ContentError(f"{path.name}: misses {', '.join(sorted(missing))}")
    for question, table in tables.items():
        if table.sentence.count(PLACE) != 1:
            raise ContentError(f"{path.name}, [{question}]: the sentence names {PLACE} once")
    return {question: table.sentence for question, table in tables.items()}


def _law(path: Path) -> Law:
    if not COUNTRY.fullmatch(path.stem):
        raise ContentError(f"law/{path.name}: is named after no country, such as NO.toml")
    record: _Record = _converted(path, _Record)
    _check(path, record)
    return Law(
        country=path.stem,
        answers={question: Says(getattr(record, question.value) or "") for question in Question},
        confidence=record.confidence,
        statutes=record.statutes,
        sources=record.sources,
        held=frozenset(record.hold),
        link=record.link or "",
        checked_by=record.checked_by,
    )


def _check(path: Path, record: _Record) -> None:
    """What no single field can show."""
    if len(record.sources) != len(record.source_dates):
        raise ContentError(f'law/{path.name}, source_dates: one for each source, "" where it is unknown')
    if bool(record.hold) != bool(record.hold_reason):
        raise ContentError(f"law/{path.name}, hold_reason: says why hold is set")
    if bool(record.checked_by) != bool(record.checked_on):
        raise ContentError(f"law/{path.name}, checked_on: the day on which checked_by checked it")
    try:
        date.fromisoformat(record.checked_on or "2000-01-01")
    except ValueError:
        raise ContentError(f"law/{path.name}, checked_on: {record.checked_on} is not a day") from None


def _converted(path: Path, shape: Any) -> Any:
    try:
        return msgspec.convert(tomli.loads(path.read_text("utf-8")), shape)
    except OSError as error:
        raise ContentError(f"{path.name}: {error.strerror}") from None
    except (ValueError, RecursionError, msgspec.ValidationError) as error:  # no TOML, no UTF-8, not what belongs here
        raise ContentError(f"{path.name}: {error}") from None
