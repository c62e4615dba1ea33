"""Owns what each character of Unicode folds to, read from a table of 0.17 MB that every bundle carries.

Must never learn a character from a query: what is built eagerly is the same whatever was asked.
"""

from __future__ import annotations

import pkgutil
import re
import struct
import zlib
from functools import cache
from itertools import pairwise
from typing import Final

from redirect.domain.errors import ListError

_HEAD: Final = struct.Struct("<IIII")
_SHIFT: Final = 7
_BLOCK: Final = 1 << _SHIFT
_LONGEST: Final = 16
_BLOCKS_OF_UNICODE: Final = 0x110000 >> _SHIFT
_BLOCKS_BELOW_U_10000: Final = 0x10000 >> _SHIFT
_DROPPED: Final = "\uffff"  # no character, so that nothing folds to it


class FoldTable:
    """One character in, at most four out; `SYMBOL` for all that is no letter, mark, digit or ASCII."""

    def __init__(self, data: bytes | memoryview) -> None:
        """Raise ListError for anything that is not a whole table. `data` is used in place, little-endian."""
        view = memoryview(data).toreadonly()
        if len(view) < _HEAD.size:
            raise ListError("the fold table is cut off")
        blocks, rows, values, pool = _HEAD.unpack_from(view)
        sizes = (blocks * 2, rows * 2 * _BLOCK, (values + 2) * 4, pool)
        if blocks != _BLOCKS_OF_UNICODE or _HEAD.size + sum(sizes) + -pool % 8 != len(view):
            raise ListError("the fold table has a wrong size")
        parts, at = [], _HEAD.size
        for size in sizes:
            parts.append(view[at : at + size])
            at += size
        self.data = view
        self._index = parts[0].cast("H")
        self._rows = parts[1].cast("H")
        self._offsets = parts[2].cast("I")
        self._pool = parts[3]
        self._ensure_sound(rows, values, pool)
        self._read_at_once()

    def __getitem__(self, code: int) -> int | str:
        """What the character of this code point becomes; itself as a number where nothing changes."""
        number = self._rows[self._index[code >> _SHIFT] << _SHIFT | code & _BLOCK - 1]
        if not number:
            return code
        return self._value(number)

    def apply(self, text: str) -> str:
        """Every character replaced; never raises, not on lone surrogates either."""
        if not self._changed.search(text):
            return text
        # A text as the table of `translate` is read without a call, but says of a character only one other.
        return self._others.sub(self._one_by_one, text).translate(self._letters).replace(_DROPPED, "")

    def _one_by_one(self, found: re.Match[str]) -> str:
        return found[0].translate(self)

    def _read_at_once(self) -> None:
        """What is asked for every query: which characters change (a look costs a tenth of replacing), which of them
        become several or lie beyond U+FFFF, and the letter that each of the rest becomes, one behind the other."""
        rows = self._rows.tolist()
        numbers = [
            number for row in self._index[:_BLOCKS_BELOW_U_10000] for number in rows[row << _SHIFT : row + 1 << _SHIFT]
        ]
        values = [self._value(number) or _DROPPED for number in range(len(self._offsets) - 1)]
        self._changed = _any_of([code for code, number in enumerate(numbers) if number])
        self._others = _any_of([code for code, number in enumerate(numbers) if number and len(values[number]) > 1])
        self._letters = "".join([values[number][0] if number else chr(code) for code, number in enumerate(numbers)])

    def _value(self, number: int) -> str:
        return str(self._pool[self._offsets[number] : self._offsets[number + 1]], "utf-8", "replace")

    def _ensure_sound(self, rows: int, values: int, pool: int) -> None:
        if max(self._index) >= rows or max(self._rows) > values:
            raise ListError("the fold table points outside itself")
        offsets = self._offsets.tolist()
        steps = {after - before for before, after in pairwise(offsets)}
        if offsets[-1] != pool or not steps <= set(range(_LONGEST + 1)):
            raise ListError("the fold table has a value of a wrong length")
        if not all(isinstance(value := self[code], int) or (len(value) < 2 and value.isascii()) for code in range(128)):
            raise ListError("the fold table takes ASCII out of ASCII")


def _any_of(codes: list[int]) -> re.Pattern[str]:
    """A row of these characters, in order, or of any beyond U+FFFF."""
    ends = [code for code, after in zip(codes, [*codes[1:], 0], strict=True) if after != code + 1]
    starts = [code for code, before in zip(codes, [-2, *codes], strict=False) if before != code - 1]
    ranges = (f"\\u{first:04x}-\\u{last:04x}" for first, last in zip(starts, ends, strict=True))
    return re.compile(f"[{''.join(ranges)}\\U00010000-\\U0010ffff]+")


@cache
def packaged() -> FoldTable:
    """The table that comes with this version, made by `scripts/fold_table.py`; new bundles get a copy of it."""
    return FoldTable(zlib.decompress(pkgutil.get_data("redirect.domain", "fold_table.bin") or b""))
