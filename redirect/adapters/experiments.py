"""Owns the reading of `experiments.toml`. Must never guess what is left out, nor let an unsound experiment through."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from redirect.domain.decision import DEFAULT_VARIANT
from redirect.domain.errors import ContentError
from redirect.domain.experiment_rules import ensure_sound
from redirect.domain.experiments import Arm, Assign, Experiment, Guardrail, Outcome
from redirect.domain.subject import Surface

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from redirect.domain.content import Texts
    from redirect.domain.decision import Category

NAME: Final = re.compile("[a-z0-9][a-z0-9-]{0,31}")
_EPOCH: Final = date(1970, 1, 1)


class Table(msgspec.Struct, forbid_unknown_fields=True):
    """One experiment as it is written. Every field must be there but `countries`."""

    question: str
    message: str
    arms: dict[str, int]
    assign: Assign
    platforms: list[str]
    surfaces: list[Surface]
    start: date
    end: date
    primary: Outcome
    smallest: Annotated[float, msgspec.Meta(ge=0.1, le=50)]
    guardrails: list[Guardrail]
    countries: list[Annotated[str, msgspec.Meta(pattern="^[A-Z]{2}$")]] = []


def load_experiments(
    path: Path, texts: Texts, categories: Collection[Category], platforms: Collection[str] = ()
) -> tuple[Experiment, ...]:
    """All experiments, also those that are over or to come. Raises ContentError naming the experiment and what it may
    not do."""
    try:
        tables = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), dict[str, Table])
    except OSError as error:
        raise ContentError(f"{path}: {error.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ContentError(f"{path}: {error}") from None
    if odd := next((name for name in tables if not NAME.fullmatch(name)), ""):
        raise ContentError(f"{path}: [{odd}] needs a name of up to 32 small letters, digits and hyphens")
    experiments = tuple(_experiment(name, table) for name, table in tables.items())
    try:
        ensure_sound(experiments, texts, categories, platforms)
    except ContentError as error:
        raise ContentError(f"{path}: {error}") from None
    return experiments


def _experiment(name: str, table: Table) -> Experiment:
    arms = sorted(table.arms.items(), key=lambda arm: (arm[0] != DEFAULT_VARIANT, arm[0]))
    return Experiment(
        name=name,
        question=table.question,
        message=table.message,
        arms=tuple(Arm(*arm) for arm in arms),
        assign=table.assign,
        platforms=tuple(dict.fromkeys(table.platforms)),
        surfaces=frozenset(surface.value for surface in table.surfaces),
        countries=frozenset(table.countries),
        first=(table.start - _EPOCH).days,
        last=(table.end - _EPOCH).days,
        primary=table.primary,
        guardrails=tuple(dict.fromkeys(table.guardrails)),
        smallest=table.smallest / 100,
    )
