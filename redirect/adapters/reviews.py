"""Owns `locales/review.toml`: who has read which language. Must never count a review of texts that changed since."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
import tomli
from msgspec import Meta

from redirect.adapters.files import rewrite
from redirect.domain.errors import ContentError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

REVIEWS_NEEDED = 2
Day = Annotated[str, Meta(pattern=r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")]


class Reviewer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One person's review. `texts` is the mark of the texts as they were then, see `mark`."""

    role: str
    date: Day
    native: bool
    texts: str


class Review(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a table says of a language. `state` is what its editors decided; `stands` whether it still holds."""

    name: str
    state: Literal["draft", "reviewed"]
    reviewers: tuple[Reviewer, ...]

    def current(self, texts: str) -> tuple[Reviewer, ...]:
        """The reviews of the texts as they are now."""
        return tuple(reviewer for reviewer in self.reviewers if reviewer.texts == texts)

    def stands(self, texts: str) -> bool:
        """Whether two people, one of them a native speaker, have reviewed the texts as they are now."""
        current = self.current(texts)
        enough = len(current) >= REVIEWS_NEEDED and any(reviewer.native for reviewer in current)
        return self.state == "reviewed" and enough


def mark(translations: Mapping[str, str]) -> str:
    """Sixteen hex digits that change whenever an English text or its translation does."""
    pairs = json.dumps(sorted(translations.items())).encode()
    return hashlib.sha256(pairs).hexdigest()[:16]


def read_reviews(file: Path) -> dict[str, Review]:
    """The tables of `review.toml` by language tag. Raises ContentError naming file and field."""
    try:
        reviews = msgspec.convert(tomli.loads(file.read_text(encoding="utf-8")), dict[str, Review])
    except (OSError, UnicodeDecodeError, tomli.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ContentError(f"{file}: cannot be read ({error})") from error
    if "en" not in reviews:
        raise ContentError(f"{file}: [en] is missing, and English is always served")
    return reviews


def add_review(file: Path, tag: str, reviewer: Reviewer) -> Review:
    """Write a review down; earlier ones of other texts go. The state follows: reviewed once the two are there."""
    reviews = read_reviews(file)
    if tag not in reviews:
        raise ContentError(f"{file}: there is no [{tag}]")
    current = (*reviews[tag].current(reviewer.texts), reviewer)
    added = msgspec.structs.replace(reviews[tag], state="reviewed", reviewers=current)
    if not added.stands(reviewer.texts):
        added = msgspec.structs.replace(added, state="draft")
    _write(file, {**reviews, tag: added})
    return added


def _write(file: Path, reviews: Mapping[str, Review]) -> None:
    """The comment at the top stays; comments further down do not."""
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    first = next(place for place, line in enumerate(lines) if line.startswith("["))
    text = "".join(lines[:first]) + "\n".join(_table(tag, review) for tag, review in reviews.items())
    rewrite(file, text.encode())


def _table(tag: str, review: Review) -> str:
    reviewers = "".join(f"  {_inline(reviewer)},\n" for reviewer in review.reviewers)
    listed = f"[\n{reviewers}]" if reviewers else "[]"
    return f'[{tag}]\nname = {_text(review.name)}\nstate = "{review.state}"\nreviewers = {listed}\n'


def _inline(reviewer: Reviewer) -> str:
    fields = msgspec.structs.asdict(reviewer).items()
    return f"{{ {', '.join(f'{field} = {_text(value)}' for field, value in fields)} }}"


def _text(value: str | bool) -> str:  # noqa: FBT001 (a value that stands in the file)
    """TOML writes texts and booleans as JSON does."""
    return json.dumps(value, ensure_ascii=False)
