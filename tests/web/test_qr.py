"""The picture code of a service: it says the service's own contact, nothing else, and can be read off paper."""

from __future__ import annotations

import base64
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import segno

from conftest import LISTED, Html
from redirect.adapters.directory import load_directory
from redirect.domain.services import card
from redirect.web.qr import QUIET_ZONE, picture

if TYPE_CHECKING:
    from conftest import Service

RESOURCES = Path(__file__).parents[2] / "messages" / "resources"
PNG = "data:image/png;base64,"


def modules(src: str) -> list[list[bool]]:
    """The dark pixels of a PNG with one bit for each."""
    data = base64.b64decode(src.removeprefix(PNG))
    width, height, depth, colour = struct.unpack(">IIBB", data[16:26])
    assert (depth, colour) == (1, 0)
    packed = b"".join(data[at + 8 : at + 8 + size] for at, size in chunks(data) if data[at + 4 : at + 8] == b"IDAT")
    rows = zlib.decompress(packed)
    stride = (width + 7) // 8 + 1
    assert {rows[row * stride] for row in range(height)} == {0}, "a filter that this reader does not know"
    lines = [rows[row * stride + 1 : (row + 1) * stride] for row in range(height)]
    return [[not line[x // 8] >> (7 - x % 8) & 1 for x in range(width)] for line in lines]


def chunks(data: bytes) -> list[tuple[int, int]]:
    """Where each chunk of a PNG begins, and how much it holds."""
    found, at = [], 8
    while at < len(data):
        (size,) = struct.unpack(">I", data[at : at + 4])
        found.append((at, size))
        at += size + 12
    return found


@pytest.mark.parametrize(
    "contact", ["https://zorblax.example/minku", "tel:+4400000", "https://quellfen.example/?a=b#c"]
)
def test_the_code_says_the_contact_and_nothing_else(contact: str) -> None:
    said = [
        [bool(module) for module in row] for row in segno.make(contact, micro=False, error="l").matrix_iter(border=4)
    ]
    shown = picture(contact)
    assert modules(shown.src) == said
    assert shown.side == len(said)


def test_a_quiet_zone_surrounds_the_code() -> None:
    drawn = modules(picture("https://zorblax.example/").src)
    edges = [*drawn[:QUIET_ZONE], *drawn[-QUIET_ZONE:], *(row[:QUIET_ZONE] + row[-QUIET_ZONE:] for row in drawn)]
    assert not any(any(edge) for edge in edges)


def test_every_contact_of_the_directory_has_a_code_that_a_phone_can_read() -> None:
    shown = [found for service in load_directory(RESOURCES) if (found := card(service))]
    drawn = [picture(found.url or f"tel:{found.phone}") for found in shown]
    assert len(drawn) > 200
    assert max(each.side for each in drawn) <= 57
    assert max(len(each.src) for each in drawn) <= 800


def test_the_page_shows_the_code_of_its_first_service_once_to_the_eye_and_once_for_paper(demo: Service) -> None:
    for country, contact in {"GB": "https://www.stopitnow.org.uk/helpline/", "US": "tel:+18887738368"}.items():
        text = demo.get(demo.check(LISTED, country=country, languages="en")["page"]).text
        folded, paper = Html(text).all("img")
        assert folded["src"] == paper["src"] == picture(contact).src
        assert (folded["alt"], paper["alt"]) == ("Picture code with the address of this service", "")
        assert folded["width"] == folded["height"] == str(picture(contact).side * 4)
        before, _, after = text.partition("<img")
        assert before.count("<details") - before.count("</details>") == 1
        assert after.index("</details>") < after.index("<img")
