"""The operator's folder of videos: what is taken, and what is said of a mistake."""

from __future__ import annotations

import base64
import gzip
import hashlib
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from redirect.adapters.videos import LARGEST_INSIDE, load_videos
from redirect.domain.errors import SettingsError
from tests.videos import CLIP, TABLE, fill, poster

if TYPE_CHECKING:
    from pathlib import Path


def test_without_a_folder_there_is_no_video() -> None:
    assert load_videos(None).by_country == {}


def test_a_folder_gives_each_country_its_video_and_nothing_that_no_table_names(tmp_path: Path) -> None:
    fill(tmp_path)
    (tmp_path / "notes.txt").write_text("Zorblax.")
    videos = load_videos(tmp_path)
    video = videos.by_country["GB"]
    assert video.force == "Zorblax Police"
    assert video.poster == f"data:image/png;base64,{base64.b64encode(poster()).decode()}"
    assert [clip.type for clip in video.clips] == ["video/webm"]
    assert [captions.lang for captions in video.captions] == ["en", "ar"]
    assert [(said.lang, said.dir) for said in video.transcripts] == [("en", "ltr"), ("ar", "rtl")]
    assert {path.name for path, _ in videos.files.values()} == {"clip.webm", "en.vtt", "ar.vtt"}


def test_a_file_is_named_after_its_content(tmp_path: Path) -> None:
    videos = load_videos(fill(tmp_path))
    name = videos.by_country["GB"].clips[0].name
    assert name == f"{hashlib.sha256(CLIP).hexdigest()[:32]}.webm"
    assert videos.files[name] == (tmp_path / "clip.webm", "video/webm")


def test_a_reader_gets_the_transcript_they_can_read_else_what_is_spoken(tmp_path: Path) -> None:
    video = load_videos(fill(tmp_path)).by_country["GB"]
    assert video.transcript("ar").lang == "ar"
    assert video.transcript("en").lang == "en"
    assert video.transcript("th").lang == "en"


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('force = "Zorblax Police"\n', "", "GB.toml: Object missing required field `force`"),
        ("agreed_on = 2026-05-01\n", "", "GB.toml: Object missing required field `agreed_on`"),
        ("agreed_on = 2026-05-01", 'agreed_on = "soon"', "GB.toml: Invalid RFC3339 encoded date - at `$.agreed_on`"),
        ("clip.webm", "../clip.webm", "GB.toml: Expected `str` matching regex"),
        ("clip.webm", "none.webm", "GB.toml: clips: none.webm is no file of .webm, .mp4"),
        ("clip.webm", "poster.png", "GB.toml: clips: poster.png is no file of .webm, .mp4"),
        ("clip.webm", "words.webm", "GB.toml: clips: words.webm is no file of .webm, .mp4"),
        ("poster.png", "clip.webm", "GB.toml: poster: clip.webm is no file of .jpg, .png, .webp"),
        ("poster.png", "large.png", f"GB.toml: poster: large.png is over {LARGEST_INSIDE} bytes"),
        ("en.vtt", "words.vtt", "GB.toml: captions: words.vtt is no file of .vtt"),
        ('lang = "ar"', 'lang = "qqx"', "GB.toml: lang: qqx is no language that is known"),
        ('transcript = ["زوربلاكس مينكو."]', "transcript = []", "GB.toml: Expected `array` of length >= 1"),
        ("[[said]]", "[[say]]", "GB.toml: Object contains unknown field `say`"),
        ("[[said]]", "[[said", "GB.toml: "),
    ],
)
def test_a_mistake_is_named_with_file_and_field(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    fill(tmp_path)
    (tmp_path / "words.webm").write_text("no clip")
    (tmp_path / "words.vtt").write_text("no captions")
    (tmp_path / "large.png").write_bytes(poster() + bytes(LARGEST_INSIDE))
    (tmp_path / "GB.toml").write_text(TABLE.replace(old, new), encoding="utf-8")
    with pytest.raises(SettingsError) as raised:
        load_videos(tmp_path)
    assert str(raised.value).startswith("REDIRECT_VIDEOS: ")
    assert complaint in str(raised.value)


def test_what_stands_inside_the_page_stays_small(tmp_path: Path) -> None:
    words = gzip.compress(os.urandom(LARGEST_INSIDE)).hex()
    said = [words[at : at + 4000] for at in range(0, len(words), 4000)]
    fill(tmp_path)
    text = TABLE.replace('["زوربلاكس مينكو."]', str(said))
    (tmp_path / "GB.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"poster and transcript \(ar\) come to \d+ bytes packed; 8000 at most"):
        load_videos(tmp_path)


def test_a_table_that_is_named_after_no_country_is_refused(tmp_path: Path) -> None:
    fill(tmp_path)
    (tmp_path / "GB.toml").rename(tmp_path / "gb.toml")
    with pytest.raises(SettingsError, match=r"gb\.toml: is named after no country"):
        load_videos(tmp_path)


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"REDIRECT_VIDEOS: .* is no folder"):
        load_videos(tmp_path / "quellfen")


LINES = st.lists(st.sampled_from(TABLE.splitlines()), max_size=20).map("\n".join)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.binary(max_size=200) | LINES.map(str.encode))
def test_any_other_table_is_taken_or_refused_and_never_breaks(tmp_path: Path, content: bytes) -> None:
    fill(tmp_path)
    (tmp_path / "GB.toml").write_bytes(content)
    try:
        load_videos(tmp_path)
    except SettingsError:
        return
