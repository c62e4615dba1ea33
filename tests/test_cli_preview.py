"""Owns the preview as a reviewer gets it: every page, nothing that counts, nothing from elsewhere."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

from conftest import Html

ROOT = Path(__file__).parents[1]
REDIRECT = [sys.executable, "-m", "redirect", "messages", "preview"]
MESSAGES = ("V1.A", "V1.B", "V2.A", "V3.A", "V4.A")
DOORS = ("under-18", "someone-else", "happened-to-me", "work-or-mistake")


def run(*arguments: str, fails: bool = False) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*REDIRECT, *arguments], capture_output=True, text=True, check=False, timeout=110, env={**os.environ}
    )
    assert (done.returncode != 0) is fails, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def preview(tmp_path_factory: pytest.TempPathFactory, locales_dir: Path) -> Path:
    """One in two languages, one of them from right to left."""
    out = tmp_path_factory.mktemp("preview") / "pages"
    run("--out", str(out), "--languages", "en,ar", "--locales", str(locales_dir))
    return out


def pages(preview: Path) -> list[Path]:
    return [path for path in preview.rglob("*.html") if path.name != "index.html"]


def test_every_message_door_and_state_is_there(preview: Path) -> None:
    for tag in ("en", "ar"):
        names = {path.stem for path in (preview / tag).iterdir()}
        assert {f"{message}-{state}" for message in MESSAGES for state in ("hedged", "card")} <= names
        assert {f"V1.A-{question}" for question in ("making", "possession", "viewing")} <= names
        assert {"V3.A-no-appeal", "V3.A-legal-order", "V4.A-ai", "V4.A-not-covered"} <= names
        assert {*DOORS, *(f"{door}-no-crisis-line" for door in DOORS), "thanks"} <= names
        assert {"no-crisis-line", "emergency-number", "guide-g", "guide-g.accident", "guide-g.else"} <= names
        assert {"directory", "directory-country", "video", "V1.A-video"} <= names


def test_states_differ_in_what_they_are_for(preview: Path) -> None:
    def words(name: str) -> str:
        return " ".join(Html((preview / "en" / f"{name}.html").read_text()).words.split())

    assert "makes it a crime" not in words("V1.A-hedged")
    assert "makes it a crime" in words("V1.A-possession")
    assert "To say that the block is wrong" in words("V3.A-hedged")
    assert "To say that the block is wrong" not in words("V3.A-no-appeal")
    assert "call the emergency number where you are" in words("no-crisis-line")
    assert "call the emergency number: Call" in words("emergency-number")
    assert "Thank you." in words("thanks")
    assert "Choose a country" in words("directory")
    assert "Where to find help: United States" in words("directory-country")
    assert "a police officer explains" in words("V1.A-video")
    assert "a police officer explains" not in words("V1.A-hedged")
    assert "What is said in the video" in words("video")


def test_the_directory_leads_to_itself_in_other_languages_and_to_the_country_that_is_there(preview: Path) -> None:
    def leads(name: str) -> set[str]:
        return {link.get("href", "") for link in Html((preview / "en" / f"{name}.html").read_text()).all("a")}

    assert {"../ar/directory.html", "../en/directory-country.html"} <= leads("directory")
    assert {"../ar/directory-country.html", "../en/directory.html"} <= leads("directory-country")


def test_a_page_is_in_its_own_language(preview: Path) -> None:
    for page in pages(preview):
        if not page.stem.endswith("-card"):
            (html,) = Html(page.read_text()).all("html")
            assert html["lang"] == page.parent.name
            assert html["dir"] == ("rtl" if page.parent.name == "ar" else "ltr")


def test_links_lead_to_other_pages_of_the_preview_or_away(preview: Path) -> None:
    for page in preview.rglob("*.html"):
        for tag, attributes in Html(page.read_text()).tags:
            for name in ("href", "action", "src"):
                address = attributes.get(name, "").partition("#")[0]
                if address and not address.startswith(("https://", "http://", "tel:", "data:", "mailto:")):
                    assert (page.parent / unquote(address)).is_file(), (page, tag, address)


def test_nothing_counts_and_nothing_is_loaded_from_elsewhere(preview: Path) -> None:
    for page in pages(preview):
        text = page.read_text()
        assert not re.search(r'(href|action)="[^"]*/(leave|go|wrong)\b', text), page
        assert 'method="post"' not in text
        loaded = [attributes for tag, attributes in Html(text).tags if tag in {"img", "iframe", "link", "script"}]
        assert {each.get("src") or each["href"] for each in loaded if each.get("rel") != "icon"} <= {
            "../style.css",
            *(each["src"] for each in loaded if each.get("src", "").startswith("data:")),
        }


def test_every_page_stands_on_the_contact_sheet_of_its_language(preview: Path) -> None:
    for tag in ("en", "ar"):
        frames = [frame["src"] for frame in Html((preview / tag / "index.html").read_text()).all("iframe")]
        assert {*frames} == {path.name for path in pages(preview) if path.parent.name == tag}
    overview = Html((preview / "index.html").read_text())
    assert {"en/index.html", "ar/index.html"} <= {*overview.links}


def test_what_the_linter_finds_stands_on_the_sheet(tmp_path: Path, locales_dir: Path) -> None:
    messages = tmp_path / "messages"
    shutil.copytree(ROOT / "messages", messages)
    texts = messages / "messages.toml"
    texts.write_text(
        texts.read_text().replace("Pause. There is still time", "Pause, <b>now</b>. There is still time", 1)
    )
    out = tmp_path / "out"
    done = run("--out", str(out), "--languages", "en", "--messages", str(messages), "--locales", str(locales_dir))
    sheet = (out / "en" / "index.html").read_text()
    assert "has markup or an address in it" in sheet
    assert "Pause, &lt;b&gt;now&lt;/b&gt;." in sheet
    assert " 0 findings" not in done.stdout


def test_an_earlier_preview_is_replaced_and_anything_else_left_alone(
    preview: Path, tmp_path: Path, locales_dir: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(preview, out)
    with (out / ".redirect-preview").open("a") as mark:
        mark.write("en/gone.html\n../precious\n/etc/hostname\n")
    (out / "en" / "gone.html").touch()
    (tmp_path / "precious").touch()
    (out / "mine.txt").touch()
    run("--out", str(out), "--languages", "en", "--locales", str(locales_dir))
    assert (out / "en" / "thanks.html").exists()
    assert not (out / "ar" / "thanks.html").exists()
    assert not (out / "en" / "gone.html").exists()
    assert (tmp_path / "precious").exists()
    assert (out / "mine.txt").exists()


def test_a_directory_of_somebody_else_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    assert "--force" in run("--out", str(tmp_path), "--languages", "en", fails=True).stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    assert "--force" in run("--out", str(tmp_path / "mine.txt"), "--languages", "en", fails=True).stderr


def test_a_language_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "tlh" in run("--out", str(tmp_path / "out"), "--languages", "tlh", fails=True).stderr
    assert not (tmp_path / "out").exists()
