"""Owns a sample folder of officers' videos. Must never show a real force, officer or emblem."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

TABLE = """\
force = "Zorblax Police"
agreed_on = 2026-05-01
clips = ["clip.webm"]
poster = "poster.png"

[[said]]
lang = "en"
captions = "en.vtt"
transcript = ["Quellfen drovic, said the officer.", "Minku."]

[[said]]
lang = "ar"
captions = "ar.vtt"
transcript = ["زوربلاكس مينكو."]
"""
CLIP = b"\x1aE\xdf\xa3" + bytes(range(256)) * 40
CAPTIONS = "WEBVTT\n\n00:00.000 --> 00:01.000\nQuellfen drovic.\n"


def poster(width: int = 16, height: int = 9) -> bytes:
    """A plain picture."""
    rows = zlib.compress((b"\0" + bytes(width)) * height)
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def fill(folder: Path, clip: bytes = CLIP) -> Path:
    """Write a video for GB into the folder."""
    (folder / "GB.toml").write_text(TABLE, encoding="utf-8")
    (folder / "clip.webm").write_bytes(clip)
    (folder / "poster.png").write_bytes(poster())
    for lang in ("en", "ar"):
        (folder / f"{lang}.vtt").write_text(CAPTIONS.replace("drovic", lang), encoding="utf-8")
    return folder
