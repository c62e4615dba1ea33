"""Owns what is found where somebody looks after a deployment: each thing in plain words, with what to do. Must never
say a secret, nor anything of a person."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Level(StrEnum):
    """How bad it is. A fault keeps the service from doing what it is for; a warning is for somebody to decide."""

    FINE = "fine"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """One of them. Whatever is not fine has a remedy."""

    about: str
    level: Level
    says: str
    remedy: str = ""


def fine(about: str, says: str) -> Finding:
    """Nothing to do."""
    return Finding(about, Level.FINE, says)


def warning(about: str, says: str, remedy: str) -> Finding:
    """Somebody should decide."""
    return Finding(about, Level.WARNING, says, remedy)


def fault(about: str, says: str, remedy: str) -> Finding:
    """Something has to be done."""
    return Finding(about, Level.FAULT, says, remedy)


def worst(findings: Iterable[Finding]) -> Level:
    """What they come to."""
    levels = {finding.level for finding in findings}
    return next((level for level in (Level.FAULT, Level.WARNING) if level in levels), Level.FINE)
