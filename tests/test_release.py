"""Holds what a release consists of: the same bytes whoever builds it, whole, light, of one version, signed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from datetime import date
from importlib.metadata import requires
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from conftest import LISTED, needed
from redirect import __version__
from scripts import release, weight

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Service

ROOT = Path(__file__).parents[1]
HEADING = re.compile(r"^## (\d+)\.(\d+)\.(\d+), (not released yet|\d{4}-\d\d-\d\d)$")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Wheel and source archive of this checkout."""
    return release.build(ROOT, tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def unpacked(built: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the wheel installs."""
    place = tmp_path_factory.mktemp("wheel")
    with zipfile.ZipFile(built[0]) as archive:
        archive.extractall(place)
    return place


def test_the_source_archive_builds_the_same_wheel_in_another_place(built: tuple[Path, Path], tmp_path: Path) -> None:
    release.ensure_same(built[0], release.build_again(built[1], tmp_path))


def test_the_wheel_carries_messages_and_every_language_and_nothing_that_is_ours_alone(unpacked: Path) -> None:
    package = unpacked / "redirect"
    sources = {file.relative_to(ROOT / "messages") for file in (ROOT / "messages").rglob("*.toml")}
    assert sources == {file.relative_to(package / "messages") for file in (package / "messages").rglob("*.toml")}
    languages = {file.parts[-3] for file in (ROOT / "locales").rglob("*.po")}
    assert languages == {file.parts[-3] for file in (package / "locales").rglob("*.mo")}
    assert {path.name for path in unpacked.iterdir()} == {"redirect", f"redirect-{__version__}.dist-info"}
    assert not [file for file in unpacked.rglob("*") if file.suffix in {".po", ".pyc", ".key"}]


def test_what_the_wheel_installs_serves_without_the_checkout(
    unpacked: Path, make_service: Callable[..., Service]
) -> None:
    service = make_service("--demo", PYTHONPATH=str(unpacked))
    where = [sys.executable, "-c", "import redirect; print(redirect.__file__)"]
    told = subprocess.run(where, env=service.environ, cwd=unpacked, capture_output=True, text=True, check=True)
    assert Path(told.stdout.strip()).is_relative_to(unpacked)
    assert service.page(service.check(LISTED, languages="de")["page"]).doors


def test_the_core_weighs_at_most_100_megabytes(built: tuple[Path, Path]) -> None:
    release.ensure_light(built[0])


def test_the_version_stands_in_one_place_and_follows_everywhere(built: tuple[Path, Path]) -> None:
    assert f'__version__ = "{__version__}"' in (ROOT / "redirect/__init__.py").read_text()
    assert built[0].name == f"redirect-{__version__}-py3-none-any.whl"
    assert json.loads((ROOT / "integrations/node/package.json").read_text())["version"] == __version__
    assert f"image: registry.example/redirect:{__version__}\n" in (ROOT / "deploy/kubernetes.yaml").read_text()


def test_the_changelog_tells_every_version_once_the_newest_first_each_with_its_day() -> None:
    lines = [line for line in (ROOT / "CHANGELOG.md").read_text().splitlines() if line.startswith("## ")]
    found = [HEADING.fullmatch(line) for line in lines]
    assert all(found), "a heading is `## 1.2.3, 2026-11-22`, or ends in `not released yet`"
    told = [(tuple(map(int, match.groups()[:3])), match[4]) for match in found if match]
    assert ".".join(map(str, told[0][0])) == __version__
    assert [version for version, _ in told] == sorted({version for version, _ in told}, reverse=True)
    days = [date.fromisoformat(day) for _, day in told if day != "not released yet"]
    assert len(days) >= len(told) - 1, "the newest alone may be without a day"
    assert days == sorted(days, reverse=True)


def test_a_signature_holds_for_the_very_bytes_and_signer(tmp_path: Path) -> None:
    keygen = needed("ssh-keygen")
    for name in ("ours", "another"):
        made = [keygen, "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", tmp_path / name]
        subprocess.run(made, check=True, env={**os.environ, "HOME": str(tmp_path)})
    sums, signers = tmp_path / release.SUMS, tmp_path / "signers"
    sums.write_text("0000  redirect.whl\n")
    release.sign(sums, tmp_path / "ours")
    signers.write_text(f"release@redirect {(tmp_path / 'ours.pub').read_text()}")
    release.verify(sums, signers)
    signers.write_text(f"release@redirect {(tmp_path / 'another.pub').read_text()}")
    with pytest.raises(SystemExit):
        release.verify(sums, signers)
    signers.write_text(f"release@redirect {(tmp_path / 'ours.pub').read_text()}")
    sums.write_text("0001  redirect.whl\n")
    with pytest.raises(SystemExit):
        release.verify(sums, signers)


def test_no_two_files_pin_a_package_differently() -> None:
    pinned: dict[str, set[str]] = {}
    for file in sorted(ROOT.glob("requirements*.txt")):
        for name, version in re.findall(r"^([\w.-]+)==(\S+)", file.read_text(), re.MULTILINE):
            pinned.setdefault(name, set()).add(version)
    assert {name: versions for name, versions in pinned.items() if len(versions) > 1} == {}


def test_every_package_is_pinned_by_hash_and_names_no_index() -> None:
    for file in sorted(ROOT.glob("requirements*.txt")):
        text = file.read_text()
        pinned = re.findall(r"^[\w.-]+==\S+ \\\n    --hash=sha256:", text, re.MULTILINE)
        assert len(pinned) == len(re.findall(r"^[A-Za-z]", text, re.MULTILINE)), file.name
        assert "://" not in text, file.name


@pytest.mark.parametrize("version", ["3.11.2", "3.12.0", "3.13.0", "3.14.0"])
def test_whatever_an_older_or_newer_python_needs_is_pinned(version: str) -> None:
    """Debian 12 has 3.11.2, and pip refuses what it would have to install without a hash."""
    python: dict[str, str] = {"python_full_version": version, "python_version": version.rpartition(".")[0], "extra": ""}
    pinned = set(weight.of_dependencies())
    wanted = [Requirement(text) for name in sorted(pinned) for text in requires(name) or ()]
    needed_here = {canonicalize_name(each.name) for each in wanted if not each.marker or each.marker.evaluate(python)}
    assert needed_here <= pinned


def test_the_heaviest_packages_are_known() -> None:
    """So that a new one does not come unseen: these alone are over 5 MB."""
    heavy = {name for name, weighed in weight.of_dependencies().items() if weighed > 5_000_000}
    assert heavy == {"ada-url", "babel", "cryptography", "uvloop"}
