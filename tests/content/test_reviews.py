"""Owns what is promised of reviews: `redirect messages reviewed` writes one down, and a later change undoes it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from redirect.adapters.content import load_texts
from redirect.adapters.reviews import Review, Reviewer, add_review, mark, read_reviews
from redirect.cli import application
from redirect.domain.errors import ContentError

ROOT = Path(__file__).parents[2]
MESSAGES = ROOT / "messages"
BEGINNING = """\
# Who has read which language.

"""
REVIEWS = (
    BEGINNING
    + """\
[en]
name = "English"
state = "draft"
reviewers = []

[es]
name = "Español \\"de prueba\\""
state = "draft"
reviewers = []
"""
)
TRANSLATOR = Reviewer(role="translator", date="2026-11-01", native=True, texts="1")
EDITOR = Reviewer(role="editor", date="2026-11-02", native=False, texts="1")


@pytest.fixture
def locales(tmp_path: Path) -> Path:
    (tmp_path / "es" / "LC_MESSAGES").mkdir(parents=True)
    (tmp_path / "review.toml").write_text(REVIEWS)
    (tmp_path / "redirect.pot").write_bytes((ROOT / "locales" / "redirect.pot").read_bytes())
    translate(tmp_path, "¡")
    return tmp_path


def translate(locales: Path, sign: str) -> None:
    """A Spanish that says every text in English behind a sign."""
    with (locales / "redirect.pot").open("rb") as template:
        texts = {str(message.id) for message in read_po(template) if message.id} | load_texts(MESSAGES).strings()
    catalogue = Catalog(locale="es")
    for text in texts:
        catalogue.add(text, sign + text)
    with (locales / "es" / "LC_MESSAGES" / "redirect.mo").open("wb") as compiled:
        write_mo(compiled, catalogue)


def run(locales: Path, *arguments: str) -> Result:
    where = ["--messages", str(MESSAGES), "--locales", str(locales)]
    return CliRunner().invoke(application("messages"), ["messages", *arguments, *where])


def read(locales: Path, *, native: bool = True, tag: str = "es") -> Result:
    return run(locales, "reviewed", tag, "--by", "translator", "--native" if native else "--not-native")


def test_two_reviews_make_a_language_reviewed(locales: Path) -> None:
    assert "1 reviews of today's texts; now draft" in read(locales).stdout
    assert "a draft: 1 of 2 reviews" in run(locales, "check").stdout
    assert "2 reviews of today's texts; now reviewed" in read(locales, native=False).stdout
    (line,) = (line for line in run(locales, "check").stdout.splitlines() if " es " in line)
    assert "reviewed" in line
    assert "draft" not in line


def test_a_review_keeps_the_file_as_its_editors_know_it(locales: Path) -> None:
    read(locales)
    text = (locales / "review.toml").read_text("utf-8")
    assert text.startswith(BEGINNING + "[en]\n")
    tables = tomllib.loads(text)
    assert list(tables) == ["en", "es"]
    assert tables["es"]["name"] == 'Español "de prueba"'
    assert tables["en"] == tomllib.loads(REVIEWS)["en"]


def test_whoever_could_read_the_file_still_can(locales: Path) -> None:
    (locales / "review.toml").chmod(0o664)
    read(locales)
    assert (locales / "review.toml").stat().st_mode & 0o777 == 0o664


def test_once_texts_have_changed_the_language_needs_a_new_review(locales: Path) -> None:
    read(locales)
    read(locales)
    translate(locales, "¿")
    assert "a draft: texts have changed since it was reviewed, so it needs a new review" in run(locales, "check").stdout
    assert "1 reviews of today's texts; now draft" in read(locales).stdout
    assert len(read_reviews(locales / "review.toml")["es"].reviewers) == 1


def test_english_is_reviewed_like_every_language(locales: Path) -> None:
    read(locales, tag="en")
    assert "now reviewed" in read(locales, tag="en").stdout


def test_nobody_can_have_read_what_is_not_whole_or_not_there(locales: Path) -> None:
    (locales / "es" / "LC_MESSAGES" / "redirect.mo").unlink()
    for tag, complaint in (("es", "cannot be reviewed yet"), ("fr", "there is no [fr]")):
        refused = read(locales, tag=tag)
        assert isinstance(refused.exception, ContentError)
        assert complaint in str(refused.exception)
    assert (locales / "review.toml").read_text("utf-8") == REVIEWS


def test_a_review_says_who_and_whether_native(locales: Path) -> None:
    assert run(locales, "reviewed", "es", "--native").exit_code == 2
    assert run(locales, "reviewed", "es", "--by", "translator").exit_code == 2


@pytest.mark.parametrize(
    ("reviewers", "state", "stands"),
    [
        ((TRANSLATOR, EDITOR), "reviewed", True),
        ((TRANSLATOR, EDITOR), "draft", False),
        ((TRANSLATOR,), "reviewed", False),
        ((EDITOR, EDITOR), "reviewed", False),
        ((), "reviewed", False),
    ],
)
def test_a_review_stands_on_two_people_and_a_native_speaker(
    reviewers: tuple[Reviewer, ...], state: str, *, stands: bool
) -> None:
    review = Review(name="Español", state=state, reviewers=reviewers)  # type: ignore[arg-type]
    assert review.stands("1") is stands
    assert not review.stands("2")


texts = st.dictionaries(st.text(), st.text(), max_size=5)


@given(texts, texts)
def test_a_mark_is_the_same_for_the_same_texts_alone(one: dict[str, str], other: dict[str, str]) -> None:
    assert (mark(one) == mark(other)) is (one == other)
    assert mark(dict(reversed(one.items()))) == mark(one)


@settings(max_examples=30)  # each writes a file, and waits for the disk
@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_whatever_a_reviewer_is_called_the_file_stays_readable(
    tmp_path_factory: pytest.TempPathFactory, role: str
) -> None:
    file = tmp_path_factory.mktemp("locales") / "review.toml"
    file.write_text(REVIEWS)
    add_review(file, "es", Reviewer(role=role, date="2026-11-01", native=True, texts="1"))
    assert read_reviews(file)["es"].reviewers[0].role == role
