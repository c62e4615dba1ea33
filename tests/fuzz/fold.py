"""Fuzzes the fold: it never raises on any text, and folding a result again changes nothing."""

from __future__ import annotations

from itertools import islice

from tests.fuzz.driver import instrumented, run

with instrumented():
    from redirect.domain.fold import Fold, fold
    from redirect.domain.fold_table import packaged

FOLD = Fold(packaged())
MOST_READINGS = 64
TEXTS = (
    "zorblax minku",
    "Z.o.r.b.l.a.x   M1nku!! 2026",
    "zоrblах ＭＩＮＫＵ ᴢᴏʀʙ 𝐳𝐨𝐫𝐛",
    "zorb%25256Cax&#32;&amp;#109;inku",
    "#ZorblaxMinku \u200bzor\u00adblax\ufe0f \u202eukniM",
    "İstanbul ıSPARTA straße ΟΔΟΣ ＮΥΗ",
    "早上好ｶﾞ 简體字 สวัสดีค่ะ ကျေးဇူး",
    "שָׁלוֹם السَّلامُ ﷺ کیمیا नमस्ते",
    "zooooorblaxxx m i n k u 1080p b2b",
    "z" + "\u0301" * 40 + "\u0e31" * 40,
    "🌵\u2800zorblax\U000e0061 ½ ﬁ Ⅷ ㋿",
)


def target(data: bytes) -> None:
    """Bytes as UTF-8, or, behind a first byte that is odd, as UTF-16, so that lone surrogates come often too."""
    text = _text(data[1:], odd=bool(data[:1] and data[0] & 1))
    folded = fold(text)
    assert fold(folded) == folded, "folding twice is not folding once"
    quick = FOLD.quick(text)
    assert quick is None or quick == FOLD.canonical(text).tokens, "the quick way and the long one differ"
    for reading in islice(FOLD.readings(text), MOST_READINGS + 1):
        assert all(token.decode() for token in reading.tokens), "a token is empty or no UTF-8"
    assert sum(1 for _ in FOLD.readings(text)) <= MOST_READINGS, "there are more readings than a query can afford"


def _text(data: bytes, *, odd: bool) -> str:
    if odd:
        return data[: len(data) & ~1].decode("utf-16-le", "surrogatepass")
    return data.decode("utf-8", "surrogateescape")


def seeds() -> list[bytes]:
    """Texts in both encodings."""
    return [b"\0" + text.encode() for text in TEXTS] + [b"\1" + text.encode("utf-16-le") for text in TEXTS]


def main() -> None:
    """See `driver`."""
    run("fold", target, seeds())


if __name__ == "__main__":
    main()
