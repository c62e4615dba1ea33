"""Owns looking after texts and their reviews. Must never change a text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from redirect.adapters.catalogues import load_catalogues
from redirect.adapters.content import load_texts
from redirect.adapters.languages import country_name
from redirect.adapters.reviews import REVIEWS_NEEDED, Reviewer, add_review, read_reviews
from redirect.adapters.vocabulary import load_words, words_for
from redirect.domain import wording
from redirect.domain.content import GUIDE
from redirect.domain.errors import ContentError
from redirect.domain.wording_rules import ABOUT, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from redirect.adapters.catalogues import Catalogues
    from redirect.adapters.reviews import Review
    from redirect.domain.content import Texts

REMARK_COLUMNS = ("file", "language", "place", "rule", "text", "reason")
LANGUAGE_COLUMNS = ("language", "state", "texts")


@dataclass(frozen=True)
class Checked:
    """What was found, and how each language stands. `fit`: nothing was found, and every language is whole."""

    remarks: tuple[dict[str, str], ...]
    languages: tuple[dict[str, str], ...]
    fit: bool


def check_texts(messages: Path, locales: Path) -> Checked:
    """Hold the texts of a `messages/` and a compiled `locales/` directory to the rules. Raises ContentError where
    they cannot be read."""
    texts = load_texts(messages, drafts=True)
    catalogues = load_catalogues(locales, texts.strings(), drafts=True)
    found = wording.findings(texts, catalogues.core, tuple(_languages(texts, catalogues)))
    remarks = tuple(_remark(texts, finding) for finding in found)
    reviews = read_reviews(locales / "review.toml")
    languages = tuple(_standing(tag, review, catalogues) for tag, review in reviews.items())
    return Checked(remarks, languages, fit=not remarks and not catalogues.left_out)


def add_reviewer(messages: Path, locales: Path, tag: str, role: str, *, native: bool) -> Review:
    """Write down that somebody has reviewed a language as it is now. Raises ContentError where it is not whole."""
    catalogues = load_catalogues(locales, load_texts(messages).strings(), drafts=True)
    if why := catalogues.left_out.get(tag):
        raise ContentError(f"{tag} cannot be reviewed yet: {why}")
    today = datetime.now(UTC).date().isoformat()
    reviewer = Reviewer(role=role, date=today, native=native, texts=catalogues.marks.get(tag, ""))
    return add_review(locales / "review.toml", tag, reviewer)


def _languages(texts: Texts, catalogues: Catalogues) -> Iterator[wording.Language]:
    harmful, law = load_words("harmful_words"), load_words("law_words")
    for locale in catalogues.locales:
        yield wording.Language(
            tag=locale.tag,
            say=catalogues.translations[locale.tag].gettext,
            countries={code: country_name(locale.tag, code) for code in texts.laws.countries},
            harmful=words_for(harmful, locale.tag),
            law=words_for(law, locale.tag),
        )


def _remark(texts: Texts, finding: wording.Finding) -> dict[str, str]:
    return {
        "file": _file(texts, finding),
        "language": finding.language,
        "place": finding.place,
        "rule": ABOUT[finding.rule],
        "text": finding.text,
        "reason": finding.reason,
    }


def _file(texts: Texts, finding: wording.Finding) -> str:
    """Where to mend it."""
    if finding.rule is Rule.LISTS:
        return "redirect/data/"
    if finding.place.startswith("law/"):
        return f"messages/{finding.place}.toml"
    if finding.language != "en":
        return _catalogue(finding.language)
    files = {"": "redirect/web/templates/", GUIDE: "messages/guide.toml"}
    files |= dict.fromkeys(texts.laws.sentences, "messages/law.toml")
    files |= {door.door: "messages/doors.toml" for door in texts.doors}
    return files.get(finding.place, "messages/messages.toml")


def _catalogue(tag: str) -> str:
    return f"locales/{tag.replace('-', '_')}/LC_MESSAGES/redirect.po"


def _standing(tag: str, review: Review, catalogues: Catalogues) -> dict[str, str]:
    mark = catalogues.marks[tag]
    missing = catalogues.left_out.get(tag)
    state = f"not served until it is whole: {missing}; edit {_catalogue(tag)}" if missing else _state(review, mark)
    return {"language": tag, "state": state, "texts": mark}


def _state(review: Review, mark: str) -> str:
    if review.stands(mark):
        return "reviewed"
    if len(review.current(mark)) < len(review.reviewers):
        return "a draft: texts have changed since it was reviewed, so it needs a new review"
    return f"a draft: {len(review.reviewers)} of {REVIEWS_NEEDED} reviews"
