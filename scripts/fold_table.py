"""Owns how `redirect/domain/fold_table.bin` is made from the Unicode data of ICU. Must never run where lists
are built or served: the table travels inside the package and inside every bundle.

    python scripts/fold_table.py [--check | --report]
"""

from __future__ import annotations

import argparse
import re
import struct
import sys
import zlib
from functools import cache
from pathlib import Path

import icu

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "redirect" / "domain" / "fold_table.bin"
SUPPLEMENT = ROOT / "scripts" / "fold_supplement.tsv"
BLOCK = 128
LIMIT = 0x110000
SYMBOL = "\x1f"
LONGEST = 4  # a character that stands for a whole sentence would let 4 kB of query grow without bound
DROPPED = set("'`´ʹʻʼʽˈ‘’‛′＇ـ")  # apostrophes part nothing; tatweel only stretches a word

# Marks of these scripts are written or left out at will; in others they are vowels.
LOOSE_MARKS = {"Zinh", "Zyyy", "Arab", "Hebr", "Syrc", "Latn", "Grek", "Cyrl", "Armn", "Geor", "Copt"}
# Only these scripts borrow Latin letters; a look-alike from another stays a letter of its own alphabet.
OWN_ALPHABETS = {
    "Arab", "Beng", "Bopo", "Deva", "Ethi", "Gujr", "Guru", "Hang", "Hani", "Hebr", "Hira", "Kana", "Khmr", "Knda",
    "Laoo", "Mlym", "Mymr", "Orya", "Sinh", "Syrc", "Taml", "Telu", "Thaa", "Thai", "Tibt", "Zyyy",
}  # fmt: skip
VOICING = {0x3099, 0x309A}
BLANKS = {0x115F, 0x1160, 0x2800, 0x3164, 0xFFA0, 0xFFFC, 0xFFFD}
SIMPLIFY = icu.Transliterator.createInstance("Traditional-Simplified")
SPOOF = icu.SpoofChecker()
NFKD = icu.Normalizer2.getNFKDInstance()
NFC = icu.Normalizer2.getNFCInstance()
MARKS = {icu.UCharCategory.NON_SPACING_MARK, icu.UCharCategory.ENCLOSING_MARK}
SPACING = icu.UCharCategory.COMBINING_SPACING_MARK
DELETED = {icu.UCharCategory.CONTROL_CHAR, icu.UCharCategory.FORMAT_CHAR}
NAMED = re.compile(
    r"LATIN (?:CAPITAL LETTER|SMALL LETTER|LETTER SMALL CAPITAL) (?:DOTLESS |LONG |SCRIPT )?([A-Z])(?: WITH .*)?$"
)
STYLED = re.compile(r"(?:CIRCLED|SQUARED|PARENTHESIZED|TORTOISE|REGIONAL).* LETTER ([A-Z])$")


def supplement() -> dict[str, str]:
    rows = (line.split("\t") for line in SUPPLEMENT.read_text("utf-8").splitlines() if not line.startswith("#"))
    return {row[0]: row[1] or row[0] for row in rows}


EXTRA = supplement()


def script(char: str) -> str:
    return str(icu.Script.getScript(char).getShortName())


def spoken(char: str) -> str:
    """The ASCII letter in a character's own name, as in LATIN SMALL LETTER O WITH STROKE, else empty."""
    name = icu.Char.charName(char)
    found = NAMED.match(name) or STYLED.search(name)
    return found.group(1).lower() if found else ""


@cache
def skeletons() -> dict[str, str]:
    return {SPOOF.getSkeleton(0, letter): letter for letter in "abcdefghijklmnopqrstuvwxyz"}


def looks(char: str) -> str:
    """The ASCII letter that UTS #39 cannot tell from this one: a single letter, by its skeleton, else empty."""
    skeleton = SPOOF.getSkeleton(0, char)
    return skeletons().get(skeleton) or (spoken(skeleton) if len(skeleton) == 1 else "")


def drawn(letter: str) -> str:
    """A caseless letter without its marks, as the Latin letter it passes for, or itself."""
    if letter in EXTRA:
        return EXTRA[letter]
    if script(letter) == "Latn":
        return spoken(letter) or looks(letter) or letter
    if script(letter) in OWN_ALPHABETS:
        return letter
    capital = icu.Char.toupper(letter)
    return looks(letter) or (looks(capital) if capital != letter else "") or letter


def simplified(char: str) -> str:
    """Simplified Han, to the end of the chain; where two characters name each other, the lower one."""
    chain = [char]
    while (after := str(SIMPLIFY.transliterate(chain[-1]))) not in chain:
        chain.append(after)
    return min(chain[chain.index(after) :])


def hiragana(char: str) -> str:
    return chr(ord(char) - 0x60) if "ァ" <= char <= "ヶ" else char


def one(char: str) -> str:
    """What one character of a compatibility decomposition becomes."""
    if is_dropped(char):
        return ""
    if icu.Char.isUWhiteSpace(char):
        return " "
    if ord(char) in BLANKS or char == SYMBOL:
        return SYMBOL
    return visible(char)


def is_dropped(char: str) -> bool:
    kind = icu.Char.charType(char)
    if char in DROPPED:
        return True
    if icu.Char.isUWhiteSpace(char) or ord(char) in BLANKS or char == SYMBOL:
        return False
    if kind in DELETED:
        return True
    if kind in MARKS or kind == SPACING:
        return script(char) in LOOSE_MARKS and ord(char) not in VOICING
    return bool(icu.Char.hasBinaryProperty(char, icu.UProperty.DEFAULT_IGNORABLE_CODE_POINT))


def visible(char: str) -> str:
    digit = icu.Char.charDigitValue(char)
    if digit >= 0:
        return str(digit)
    if icu.Char.isalpha(char):
        return hiragana(simplified(drawn(char)))
    if char.isascii() or icu.Char.charType(char) in {*MARKS, SPACING}:
        return char
    return spoken(char) or SYMBOL


def folded(char: str) -> str:
    """The whole fold of one character; applying it to its own result changes nothing."""
    before, after = "", char
    for _ in range(8):
        if before == after:
            return after if len(after) <= LONGEST else SYMBOL
        before = after
        # Marks go before the case does: iota subscript is a mark whose folded case is a letter.
        bare = "".join(c for c in NFKD.normalize(before) if not is_dropped(c))
        cased = icu.UnicodeString(bare).foldCase()
        after = NFC.normalize("".join(one(c) for c in NFKD.normalize(str(cased))))
    raise ValueError(f"U+{ord(char):04X} never comes to rest")


def value(code: int) -> str:
    if 0xD800 <= code < 0xE000:
        return SYMBOL
    return folded(chr(code))


def pack() -> bytes:
    """`docs/bundle.md`, fold table: block index, blocks of value numbers, value offsets, values in UTF-8."""
    numbers: dict[str, int] = {}
    blocks: dict[bytes, int] = {}
    index = []
    for start in range(0, LIMIT, BLOCK):
        row = []
        for code in range(start, start + BLOCK):
            text = value(code)
            same = not 0xD800 <= code < 0xE000 and text == chr(code)
            row.append(0 if same else numbers.setdefault(text, len(numbers) + 1))
        index.append(blocks.setdefault(struct.pack(f"<{BLOCK}H", *row), len(blocks)))
    values = [text.encode() for text in numbers]
    offsets, at = [0, 0], 0
    for raw in values:
        at += len(raw)
        offsets.append(at)
    head = struct.pack("<IIII", len(index), len(blocks), len(values), at)
    pool = b"".join(values)
    return (
        head
        + struct.pack(f"<{len(index)}H", *index)
        + b"".join(blocks)
        + struct.pack(f"<{len(offsets)}I", *offsets)
        + pool
        + bytes(-len(pool) % 8)
    )


def report() -> None:
    """Every pair of letters of one locale's alphabet that fold to one although they have different bases."""
    seen: dict[tuple[str, ...], list[str]] = {}
    for locale in icu.Locale.getAvailableLocales():
        data = icu.LocaleData(locale)
        together: dict[str, set[str]] = {}
        for item in data.getExemplarSet(0):
            bare = "".join(c for c in NFKD.normalize(item) if icu.Char.charType(c) not in MARKS)
            if len(bare) == 1 and script(bare) not in {"Hani", "Hira", "Kana", "Zyyy", "Zinh"}:
                together.setdefault(folded(bare), set()).add(bare)
        for merged in together.values():
            if len(merged) > 1:
                seen.setdefault(tuple(sorted(merged)), []).append(locale)
    for letters, locales in sorted(seen.items()):
        print(" ".join(letters), "->", folded(letters[0]), " in ", " ".join(locales[:12]))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python scripts/fold_table.py", description=__doc__)
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--check", action="store_true", help="only fail unless the table is what this makes")
    instead.add_argument("--report", action="store_true", help="only tell letters of one alphabet that become one")
    wanted = parser.parse_args()
    if wanted.report:
        report()
        return
    raw = pack()
    if wanted.check:
        if zlib.decompress(TABLE.read_bytes()) != raw:
            sys.exit(f"{TABLE.name} is not what ICU {icu.ICU_VERSION} and {SUPPLEMENT.name} make; write it again")
        return
    TABLE.write_bytes(zlib.compress(raw, 9))
    print(f"{TABLE.name}: {len(raw)} bytes, {TABLE.stat().st_size} compressed")


if __name__ == "__main__":
    main()
