"""The file that reviewers edit: what the loader takes, and what it says of a mistake."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from redirect.adapters.guide import load_guide
from redirect.domain.errors import ContentError

SHIPPED = Path(__file__).parents[2] / "messages" / "guide.toml"
TEXT = SHIPPED.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('next = "begin"', 'next = "began"', "guide.toml, [start], options: next names no step of this file: began"),
        ('next = "matter"', 'next = "start"', "guide.toml, [begin], options: a way comes back to [start]"),
        ("[matter]", '[quellfen]\nheadline = "A"\ntext = "B"\noptions = []\n[matter]', "[quellfen]: no way leads"),
        ('answer = "look"', 'answer = "zorblax"', "guide.toml, [start]: Invalid enum value 'zorblax'"),
        ('label = "Not paying", ', "", "guide.toml, [matter]: Object missing required field `label`"),
        ('headline = "What brings', 'headlin = "What brings', "guide.toml, [start]: Object contains unknown field"),
        ('again = "Start again"\n', "", "guide.toml, [service]: Object missing required field `again`"),
        ('invite = "Find the help that fits you"', "", "guide.toml: Object missing required field `invite`"),
        ('invite = "Find', 'zorblax = 1\ninvite = "Find', "guide.toml: Object contains unknown field `zorblax`"),
        ('headline = "That can happen"', 'headline = " "', "guide.toml, [leave]: Expected `str` matching"),
        ("[start]", "[start", "guide.toml: Expected"),
    ],
)
def test_a_mistake_is_named_with_file_and_field(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    path = tmp_path / "guide.toml"
    path.write_text(TEXT.replace(old, new), encoding="utf-8")
    with pytest.raises(ContentError) as raised:
        load_guide(path)
    assert complaint in str(raised.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match=r"guide\.toml: No such file"):
        load_guide(tmp_path / "guide.toml")


def test_every_text_of_the_file_reaches_the_translators() -> None:
    said = load_guide(SHIPPED).strings()
    quoted = {part for part in TEXT.split('"')[1::2] if part[0].isupper()}
    assert said == quoted


LINES = st.lists(st.sampled_from(TEXT.splitlines()), max_size=40).map("\n".join)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.binary(max_size=300) | LINES.map(str.encode))
def test_any_other_file_is_read_or_refused_and_never_breaks(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "guide.toml"
    path.write_bytes(content)
    try:
        load_guide(path)
    except ContentError:
        return
