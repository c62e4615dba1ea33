"""The files that lawyers edit: what the loader takes, and what it says of a mistake."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redirect.adapters.law import load_laws
from redirect.domain.errors import ContentError
from redirect.domain.law import Question, Says

MESSAGES = Path(__file__).parents[2] / "messages"
LAW = """\
making = "yes"
viewing = "partly"
statutes = ["Zorblax 1"]
sources = ["https://minku.example/law", "https://quellfen.example/"]
source_dates = ["2026-04", ""]
confidence = "statute"
checked_by = ""
checked_on = ""
"""


@pytest.fixture
def messages(tmp_path: Path) -> Path:
    shutil.copy(MESSAGES / "law.toml", tmp_path)
    (tmp_path / "law").mkdir()
    (tmp_path / "law" / "NO.toml").write_text(LAW)
    return tmp_path


def test_a_missing_answer_is_unknown_and_nothing_is_made_up(messages: Path) -> None:
    law = load_laws(messages).countries["NO"]
    assert law.answers == {
        Question.MAKING: Says.YES,
        Question.POSSESSION: Says.UNKNOWN,
        Question.VIEWING: Says.PARTLY,
        Question.AI: Says.UNKNOWN,
    }
    assert (law.country, law.confidence, law.held, law.checked_by) == ("NO", "statute", frozenset(), "")
    assert law.page == "https://minku.example/law"


def test_what_is_held_and_who_checked_it_is_read(messages: Path) -> None:
    file = messages / "law" / "NO.toml"
    text = LAW.replace('checked_by = ""\nchecked_on = ""', 'checked_by = "Minku, lawyer"\nchecked_on = "2026-11-02"')
    file.write_text(text + 'hold = ["making", "ai"]\nhold_reason = "a part of the country"\n')
    law = load_laws(messages).countries["NO"]
    assert law.held == {Question.MAKING, Question.AI}
    assert law.checked_by == "Minku, lawyer"


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('making = "yes"', 'making = "sure"', "making"),
        ('making = "yes"', 'makin = "yes"', "makin"),
        ('confidence = "statute"', 'confidence = "hearsay"', "confidence"),
        ('confidence = "statute"\n', "", "confidence"),
        ('statutes = ["Zorblax 1"]', 'statutes = "Zorblax 1"', "statutes"),
        ("https://minku.example/law", "minku.example/law", "sources"),
        ('["https://minku.example/law", "https://quellfen.example/"]', "[]", "sources"),
        ('source_dates = ["2026-04", ""]', 'source_dates = ["2026-04"]', "source_dates"),
        ('source_dates = ["2026-04", ""]', 'source_dates = ["April", ""]', "source_dates"),
        ('checked_by = ""', 'checked_by = "Minku"', "checked_on"),
        ('checked_on = ""', 'checked_on = "2026-11-02"', "checked_on"),
        ('checked_by = ""\nchecked_on = ""', 'checked_by = "Minku"\nchecked_on = "2026-13-02"', "2026-13-02"),
        ('checked_by = ""', 'hold = ["making"]\nchecked_by = ""', "hold_reason"),
        ('checked_by = ""', 'hold = ["sharing"]\nhold_reason = "x"\nchecked_by = ""', "sharing"),
        ('checked_by = ""', 'hold_reason = "x"\nchecked_by = ""', "hold_reason"),
        ('making = "yes"', 'making = "yes', "NO.toml"),
    ],
)
def test_a_mistake_is_named_with_file_and_field(messages: Path, old: str, new: str, complaint: str) -> None:
    assert old in LAW
    (messages / "law" / "NO.toml").write_text(LAW.replace(old, new, 1))
    with pytest.raises(ContentError) as raised:
        load_laws(messages)
    assert "NO.toml" in str(raised.value)
    assert complaint in str(raised.value)


@pytest.mark.parametrize("name", ["no.toml", "NOR.toml", "N1.toml", "world.toml", "ÅÄ.toml"])
def test_a_file_that_is_named_after_no_country_is_refused(messages: Path, name: str) -> None:
    (messages / "law" / name).write_text(LAW)
    with pytest.raises(ContentError, match="named after no country"):
        load_laws(messages)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("[making]", "[sharing]", "law.toml"),
        ("The law here ({country}) makes", "The law here makes", "names {country} once"),
        ("The law here ({country}) can", "The law here ({country}, {country}) can", "names {country} once"),
        ("[ai]\n", "[ai]\nreason = 1\n", "reason"),
    ],
)
def test_a_mistake_in_the_sentences_is_named(messages: Path, old: str, new: str, complaint: str) -> None:
    source = (messages / "law.toml").read_text()
    assert old in source
    (messages / "law.toml").write_text(source.replace(old, new, 1))
    with pytest.raises(ContentError) as raised:
        load_laws(messages)
    assert "law.toml" in str(raised.value)
    assert complaint in str(raised.value)


def test_a_question_without_a_sentence_is_named(messages: Path) -> None:
    source = (messages / "law.toml").read_text()
    (messages / "law.toml").write_text(source.partition("[ai]")[0])
    with pytest.raises(ContentError, match="misses ai"):
        load_laws(messages)


@settings(max_examples=60)
@given(st.one_of(st.binary(), st.text().map(str.encode), st.sampled_from(LAW.splitlines()).map(str.encode)))
def test_whatever_stands_in_a_file_is_read_or_refused(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as directory:
        messages = Path(directory)
        shutil.copy(MESSAGES / "law.toml", messages)
        (messages / "law").mkdir()
        (messages / "law" / "NO.toml").write_bytes(content)
        with suppress(ContentError):
            load_laws(messages)
