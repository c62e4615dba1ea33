"""Owns what is promised of the languages: whole or not at all, and honest about their review."""

from __future__ import annotations

import io
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from redirect.adapters.catalogues import Catalogues, load_catalogues, official_languages
from redirect.adapters.content import load_texts
from redirect.adapters.extract import extract_toml
from redirect.adapters.languages import ServedLanguages
from redirect.domain.errors import ContentError

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

ROOT = Path(__file__).parents[2]


@pytest.fixture
def own(locales_dir: Path, tmp_path: Path) -> Path:
    """A compiled `locales/` that a test may damage."""
    return Path(shutil.copytree(locales_dir, tmp_path / "locales"))


def spanish(directory: Path) -> Catalog:
    with (directory / "es" / "LC_MESSAGES" / "redirect.po").open("rb") as source:
        return read_po(source, locale="es")


def compile_spanish(directory: Path, catalogue: Catalog) -> None:
    with (directory / "es" / "LC_MESSAGES" / "redirect.mo").open("wb") as compiled:
        write_mo(compiled, catalogue)


def test_english_comes_first_and_every_language_knows_its_direction(locales_dir: Path) -> None:
    locales = load_catalogues(locales_dir, drafts=True).locales
    assert locales[0].tag == "en"
    assert {locale.tag for locale in locales if locale.dir == "rtl"} == {"ar", "fa", "he", "ur"}
    assert {"Deutsch", "العربية", "繁體中文"} < {locale.name for locale in locales}
    assert not any(locale.reviewed for locale in locales)


def review_spanish(directory: Path, *reviewers: tuple[str, bool], state: str = "reviewed") -> Catalogues:
    """What is served once these people, by role and whether they are native, have read Spanish as it is now."""
    texts = load_catalogues(directory, drafts=True).marks["es"]
    listed = [
        f'{{ role = "{role}", date = "2026-11-01", native = {str(native).lower()}, texts = "{texts}" }}'
        for role, native in reviewers
    ]
    head, tag, tail = (directory / "review.toml").read_text(encoding="utf-8").partition("[es]")
    tail = tail.replace('state = "draft"', f'state = "{state}"', 1).replace("[]", f"[{', '.join(listed)}]", 1)
    (directory / "review.toml").write_text(head + tag + tail, encoding="utf-8")
    return load_catalogues(directory)


TWO = (("translator", True), ("editor", False))


def test_without_drafts_only_english_and_reviewed_languages_are_served(own: Path) -> None:
    assert [locale.tag for locale in load_catalogues(own).locales] == ["en"]
    catalogues = review_spanish(own, *TWO)
    assert [(locale.tag, locale.reviewed) for locale in catalogues.locales] == [("en", False), ("es", True)]
    assert set(catalogues.left_out.values()) == {"not reviewed yet"}


@pytest.mark.parametrize("reviewers", [TWO[:1], TWO[1:], (TWO[1], TWO[1])], ids=["one", "one other", "none native"])
def test_two_people_have_to_read_a_language_and_one_of_them_is_native(
    own: Path, reviewers: tuple[tuple[str, bool], ...]
) -> None:
    assert [locale.tag for locale in review_spanish(own, *reviewers).locales] == ["en"]


def test_an_editor_can_take_a_language_back(own: Path) -> None:
    assert [locale.tag for locale in review_spanish(own, *TWO, state="draft").locales] == ["en"]


def test_a_changed_translation_makes_a_reviewed_language_a_draft_again(own: Path) -> None:
    review_spanish(own, *TWO)
    catalogue = spanish(own)
    message = catalogue.get("Leave this page")
    assert message is not None
    message.string = "Sal de aquí"
    compile_spanish(own, catalogue)
    assert [locale.tag for locale in load_catalogues(own).locales] == ["en"]


def test_a_new_english_text_makes_a_reviewed_language_a_draft_again(own: Path) -> None:
    review_spanish(own, *TWO)
    catalogue = spanish(own)
    catalogue.add("A sentence of today", "Una frase de hoy")
    compile_spanish(own, catalogue)
    assert [locale.tag for locale in load_catalogues(own, ["A sentence of today"]).locales] == ["en"]


def test_a_language_that_misses_one_text_is_left_out_whole(own: Path) -> None:
    catalogue = spanish(own)
    catalogue.delete("Leave this page")
    compile_spanish(own, catalogue)
    catalogues = load_catalogues(own, drafts=True)
    assert "es" not in {locale.tag for locale in catalogues.locales}
    assert catalogues.left_out == {"es": "texts without a translation: 1"}


def test_an_edited_message_takes_out_every_language_that_does_not_know_it(locales_dir: Path) -> None:
    catalogues = load_catalogues(locales_dir, ["A sentence of today"], drafts=True)
    assert [locale.tag for locale in catalogues.locales] == ["en"]


def test_a_fuzzy_translation_counts_as_none(own: Path, locales_dir: Path) -> None:
    catalogue = spanish(own)
    message = catalogue.get("Leave this page")
    assert message is not None
    message.flags.add("fuzzy")
    compile_spanish(own, catalogue)
    assert "es" in load_catalogues(own, drafts=True).left_out


def test_a_language_without_a_compiled_catalogue_is_left_out(own: Path) -> None:
    (own / "ar" / "LC_MESSAGES" / "redirect.mo").unlink()
    assert load_catalogues(own, drafts=True).left_out == {"ar": "no compiled catalogue"}


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("ar/LC_MESSAGES/redirect.mo", b"no catalogue"),
        ("ar/LC_MESSAGES/redirect.mo", b""),
        ("review.toml", b"[en"),
        ("review.toml", b"[es]\nname = 'x'\nstate = 'draft'\nreviewers = []"),
        ("review.toml", b"[en]\nname = 'English'"),
        (
            "review.toml",
            b"[en]\nname='English'\nstate='draft'\nreviewers=[]\n[qqq]\nname='x'\nstate='draft'\nreviewers=[]",
        ),
        ("redirect.pot", None),
    ],
)
def test_a_damaged_file_stops_the_start_and_is_named(own: Path, file: str, content: bytes | None) -> None:
    if content is None:
        (own / file).unlink()
    else:
        (own / file).write_bytes(content)
    with pytest.raises(ContentError, match=Path(file).name):
        load_catalogues(own, drafts=True)


def test_the_template_file_holds_exactly_the_texts_that_pages_say() -> None:
    with (ROOT / "babel.cfg").open(encoding="utf-8") as mapping:
        methods, options = parse_mapping_cfg(mapping)  # type: ignore[no-untyped-call]  # Babel leaves it untyped
    found = {str(text) for _, _, text, _, _ in extract_from_dir(ROOT, methods, options, comment_tags=("TRANSLATORS:",))}
    with (ROOT / "locales" / "redirect.pot").open("rb") as template:
        kept = {str(message.id) for message in read_po(template) if message.id}
    assert found == kept, "run `make messages`"
    assert load_texts(ROOT / "messages").strings() <= kept


def test_extraction_tells_translators_where_a_text_stands() -> None:
    source = b'[V1.A]\npurpose = "unseen"\nheadline = "Stop"\nparagraphs = [{ element = "help", text = "So" }]\n'
    found = list(extract_toml(io.BytesIO(source), (), ()))
    assert found == [(1, None, "Stop", ["V1.A: headline"]), (1, None, "So", ["V1.A: help"])]


def test_the_official_languages_of_a_country_are_known_and_an_unknown_country_has_none() -> None:
    assert official_languages("AR")[0] == "es"
    assert "fr" in official_languages("MA") or "ar" in official_languages("MA")
    assert official_languages("ZZ") == ()


def test_a_country_is_spoken_to_as_people_there_write(locales_dir: Path) -> None:
    written = {"BR": "pt-BR", "PT": "pt-PT", "AO": "pt-PT", "ES": "es", "MX": "es-419", "TW": "zh-Hant", "NO": "nb"}
    languages = ServedLanguages(load_catalogues(locales_dir, frozenset(), drafts=True))
    first = {country: languages.choose(explicit="", hint="", header="", country=country) for country in written}
    assert {country: locale.tag for country, locale in first.items()} == written
    assert {country: languages.near(country)[0] for country in written} == first
