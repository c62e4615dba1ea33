"""The page of an officer's video and the files that it plays, through the front door."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import pytest

from conftest import LISTED, LISTED_URL, WEB, Html, Service
from tests.videos import CLIP, fill

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import httpx

LABEL = "Video: a police officer explains"
FIRST_FLIGHT = 14_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fill(tmp_path_factory.mktemp("videos"))


@pytest.fixture(scope="module")
def service(make_service: Callable[..., Service], folder: Path) -> Service:
    return make_service("--demo", REDIRECT_VIDEOS=str(folder))


def way(service: Service, **asked: str) -> str:
    """The address of the video's page, empty where the first page has no link to it."""
    asked = {"country": "GB", "languages": "en", **asked}
    text = service.get(service.check(LISTED, **asked)["page"]).text
    before, found, _ = text.partition(f">{LABEL}</a>")
    return urljoin(service.url, before.rpartition('href="')[2].rstrip('"')) if found else ""


def clip(service: Service) -> str:
    (source,) = Html(service.get(way(service)).text).all("source")
    return source["src"]


def test_the_first_page_for_adults_leads_to_a_page_of_the_video_s_own(service: Service) -> None:
    page = service.get(way(service))
    read = Html(page.text)
    (video,) = read.all("video")
    assert (video["preload"], "controls" in video, video["poster"][:22]) == ("none", True, "data:image/png;base64,")
    assert {"autoplay", "loop", "muted"}.isdisjoint(video)
    assert [track["srclang"] for track in read.all("track")] == ["en", "ar"]
    for said in ("Zorblax Police", "The video loads only when you start it.", "Quellfen drovic, said the officer."):
        assert said in read.words
    assert read.contacts
    assert "Back to the first page" in read.words
    assert len(gzip.compress(page.content)) <= FIRST_FLIGHT


def test_only_a_country_with_a_video_links_to_one_and_no_door_does(service: Service) -> None:
    assert way(service)
    assert not way(service, country="FR")
    page = service.page(service.check(LISTED, country="GB", languages="en")["page"])
    for door in page.doors.values():
        assert LABEL not in service.page(door).words
    blocked = service.get(service.check(url=LISTED_URL, country="GB", languages="en")["page"])
    assert LABEL in blocked.text


def test_the_policy_allows_the_video_on_its_own_page_alone(service: Service) -> None:
    first = service.check(LISTED, country="GB", languages="en")["page"]
    assert "media-src" not in service.get(first).headers["content-security-policy"]
    policy = service.get(way(service)).headers["content-security-policy"]
    assert "media-src 'self';" in policy
    assert policy.startswith("default-src 'none';")
    assert "img-src data:;" in policy


def test_the_transcript_stands_in_the_reader_s_language_or_says_which_it_is_in(service: Service) -> None:
    address = way(service)
    assert "زوربلاكس مينكو." in service.page(f"{address}?lang=ar").words
    french = service.get(f"{address}?lang=fr").text
    assert '<div class="also" lang="en" dir="ltr">' in french


def test_its_address_looks_like_any_other(service: Service) -> None:
    first = service.check(LISTED, country="GB", languages="en")["page"]
    assert len(way(service)) == len(first)
    assert "GB" not in clip(service)
    assert "Zorblax" not in clip(service)


def fetched(service: Service, **headers: str) -> httpx.Response:
    return service.get(clip(service), headers=headers)


def test_the_clip_comes_whole_or_in_ranges(service: Service) -> None:
    whole = fetched(service)
    assert (whole.status_code, whole.content) == (200, CLIP)
    assert (whole.headers["content-type"], whole.headers["accept-ranges"]) == ("video/webm", "bytes")
    part = fetched(service, Range="bytes=100-199")
    assert (part.status_code, part.content) == (206, CLIP[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(CLIP)}"
    rest = fetched(service, Range=f"bytes={len(CLIP) - 10}-")
    assert (rest.status_code, rest.content) == (206, CLIP[-10:])
    assert fetched(service, Range=f"bytes={len(CLIP)}-").status_code == 416


def test_the_clip_leaves_nothing_in_a_browser(service: Service) -> None:
    headers = fetched(service).headers
    assert headers["cache-control"] == "no-store"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in headers


def test_a_file_that_no_video_names_is_not_given_out_and_help_is(service: Service) -> None:
    for name in ("GB.toml", "clip.webm", "../GB.toml", "%2e%2e/GB.toml", f"{'0' * 32}.webm", ""):
        assert service.page(f"/w/media/{name}").contacts
    posted = WEB.post(service.url + clip(service))
    assert Html(posted.text).contacts


def test_a_clip_that_went_away_since_the_start_leaves_help(service: Service, folder: Path) -> None:
    address = clip(service)
    (folder / "clip.webm").rename(folder / "away")
    try:
        assert Html(service.get(address).text).contacts
    finally:
        (folder / "away").rename(folder / "clip.webm")
