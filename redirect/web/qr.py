"""Owns the picture code of a service's own contact. Must never hold an address of ours, nor anything of a reader."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from functools import lru_cache

import segno

QUIET_ZONE = 4
"""Light modules around the code, as ISO/IEC 18004 asks for, so that it can be read on a dark page."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG as a data: address, with one pixel for each module, and how many pixels a side has."""

    src: str
    side: int


@lru_cache(maxsize=512)
def picture(contact: str) -> Picture:
    """The code of a web address or `tel:` number. Kept by contacts of our own directory alone, since drawing one takes
    milliseconds."""
    code = segno.make(contact, micro=False, error="l")
    written = io.BytesIO()
    code.save(written, kind="png", scale=1, border=QUIET_ZONE)
    side, _ = code.symbol_size(border=QUIET_ZONE)
    return Picture(f"data:image/png;base64,{base64.b64encode(written.getvalue()).decode()}", int(side))
