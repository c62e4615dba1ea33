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
# Alphabets and kana are looked up in a dict made once, 0.5 MB; Han and Hangul in the table itself.
_EAGER: Final = (range(0x1200), range(0x1E00, 0x2070), range(0x3040, 0x3100))


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
        self._letters = _Letters(self)
        self._changed = self._changed_characters()

    def __getitem__(self, code: int) -> int | str:
        """What the character of this code point becomes; itself as a number where nothing changes."""
        number = self._rows[self._index[code >> _SHIFT] << _SHIFT | code & _BLOCK - 1]
        if not number:
            return code
        return str(self._pool[self._offsets[number] : self._offsets[number + 1]], "utf-8", "replace")

    def apply(self, text: str) -> str:
        """Every character replaced; never raises, not on lone surrogates either."""
        return text.translate(self._letters) if self._changed.search(text) else text

    def _changed_characters(self) -> re.Pattern[str]:
        """Any character that becomes another; a look costs a tenth of replacing. All beyond U+FFFF may do so."""
        rows = self._rows.tolist()
        changed = [
            block << _SHIFT | place
            for block, row in enumerate(self._index[: 0x10000 >> _SHIFT])
            for place, number in enumerate(rows[row << _SHIFT : row + 1 << _SHIFT])
            if number
        ]
        ends = [code for code, after in zip(changed, [*changed[1:], 0], strict=True) if after != code + 1]
        starts = [code for code, before in zip(changed, [-2, *changed], strict=False) if before != code - 1]
        ranges = (f"\\u{first:04x}-\\u{last:04x}" for first, last in zip(starts, ends, strict=True))
        return re.compile(f"[{''.join(ranges)}\\U00010000-\\U0010ffff]")

    def _ensure_sound(self, rows: int, values: int, pool: int) -> None:
        if max(self._index) >= rows or max(self._rows) > values:
            raise ListError("the fold table points outside itself")
        offsets = self._offsets.tolist()
        steps = {after - before for before, after in pairwise(offsets)}
        if offsets[-1] != pool or not steps <= set(range(_LONGEST + 1)):
            raise ListError("the fold table has a value of a wrong length")
        if not all(isinstance(value := self[code], int) or (len(value) < 2 and value.isascii()) for code in range(128)):
            raise ListError("the fold table takes ASCII out of ASCII")


class _Letters(dict[int, int | str]):
    """The same, as `str.translate` reads it fastest: characters of alphabets without a call."""

    __slots__ = ("_table",)

    def __init__(self, table: FoldTable) -> None:
        super().__init__({code: table[code] for codes in _EAGER for code in codes})
        self._table = table

    def __missing__(self, code: int) -> int | str:
        return self._table[code]


@cache
def packaged() -> FoldTable:
    """The table that comes with this version, made by `scripts/fold_table.py`; new bundles get a copy of it."""
    return FoldTable(zlib.decompress(pkgutil.get_data("redirect.domain", "fold_table.bin") or b""))
