"""Owns the table of `shared` figures for matching in process: recall, false hits, microseconds, size, memory.

    python -m bench.matching [--quick]

Must never print a term, a query or a URL.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import random
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bench import corpus
from bench.disguises import KINDS, NEED_LETTERS_OF_LATIN, NEED_TWO_WORDS
from redirect.cli.shown import working
from redirect.domain.build import build, entry_ids
from redirect.domain.bundle import Bundle
from redirect.domain.matching import Matcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from redirect.domain.lists import Entry
    from redirect.domain.matching import Match

KEY = bytes(range(32))
TODAY = 20_000
ROUNDS = 7
OTHER_SCRIPTS = {"Cyrillic": "ru", "Greek": "el", "Arabic": "ar", "Hebrew": "he", "Devanagari": "hi", "Hangul": "ko"}
UNSPACED = {"Chinese": "zh", "Japanese": "ja", "Thai": corpus.THAI}


class Sizes(NamedTuple):
    """How much is listed, asked and timed."""

    terms: int
    pages: int
    benign: int
    phrases: int
    timed: int


WHOLE, QUICK = Sizes(100_000, 1_000_000, 100_000, 200, 2000), Sizes(5_000, 20_000, 20_000, 40, 300)


@dataclass(frozen=True)
class Row:
    what: str
    measured: str
    reach: str


def _passed_over(_index: int, _reason: str) -> None:
    """Everyday words of one or two letters make a few terms that are too short to be listed."""


def matcher(entries: list[Entry], *, edits: bool = False, everyday: frozenset[bytes] = frozenset()) -> Matcher:
    return Matcher(
        Bundle(build(entries, KEY, edits=edits, everyday=everyday, refused=_passed_over)), KEY, lambda: TODAY
    )


def microseconds(ask: Callable[[str], object], texts: list[str]) -> tuple[float, float]:
    """Median and 99th percentile over texts of the best of a few rounds each: what the code costs, not what
    a busy machine adds."""
    best = [float("inf")] * len(texts)
    clock = time.perf_counter_ns
    gc.disable()
    for _ in range(ROUNDS):
        for place, text in enumerate(texts):
            start = clock()
            ask(text)
            taken = clock() - start
            best[place] = min(best[place], taken)
    gc.enable()
    best.sort()
    return statistics.median(best) / 1000, best[int(len(best) * 0.99)] / 1000


def keyed_digest() -> float:
    """Microseconds of what every figure below is made of."""
    keyed = hashlib.blake2b(KEY + b"t")

    def digest(text: str) -> None:
        state = keyed.copy()
        state.update(text.encode())
        state.digest()

    return microseconds(digest, ["zorblax"] * 500)[0]


def timed(what: str, ask: Callable[[str], Match | None], texts: Iterable[str], reach: str) -> Row:
    median, high = microseconds(ask, list(texts))
    return Row(what, f"{median:.1f} (p99 {high:.0f})", reach)


def around(texts: Iterable[str], length: int = 31) -> list[str]:
    """Those of about the length that the figures are given for."""
    return [text for text in texts if length - 8 <= len(text) <= length + 8]


def recall(ask: Callable[[str], Match | None], phrases: list[list[str]], kinds: Iterable[str]) -> dict[str, float]:
    """The share of phrases caught in each disguise."""
    rng = random.Random(5)
    return {kind: sum(ask(KINDS[kind](words, rng)) is not None for words in phrases) / len(phrases) for kind in kinds}


def missed(shares: dict[str, float]) -> str:
    return ", ".join(f"{kind} {share:.0%}" for kind, share in shares.items() if share < 0.95)


def recall_rows(terms: list[str], rng: random.Random, many: int) -> list[Row]:
    phrases = [term.split() for term in rng.sample(terms, many)]
    exact, edits = matcher(corpus.entries(terms, [])), matcher(corpus.entries(terms, []), edits=True)
    rows = []
    for name, ask, reach in (("", exact, "43"), (" with one-letter edits", edits, "46")):
        shares = recall(ask.match_query, phrases, KINDS)
        rows.append(
            Row(f"Disguises{name}", f"{sum(shares.values()):.1f} of {len(KINDS)}; {missed(shares)}", f">= {reach}")
        )
    singles = [corpus.invented_word(rng) + corpus.invented_word(rng)[:3] for _ in range(many)]
    one = matcher(corpus.entries(singles, []))
    shares = recall(one.match_query, [[word] for word in singles], KINDS.keys() - NEED_TWO_WORDS)
    rows.append(Row("One-word phrases", f"{sum(shares.values()):.1f} of {len(shares)}; {missed(shares)}", ">= 90 %"))
    return rows + [other_script(name, language, rng, many) for name, language in (OTHER_SCRIPTS | UNSPACED).items()]


def other_script(name: str, language: str, rng: random.Random, many: int) -> Row:
    long = [word for word in corpus.common_words(language) if len(word) >= 4 and " " not in word]
    unspaced = name in UNSPACED
    phrases = [rng.sample(long, 1 if unspaced and name == "Thai" else 2) for _ in range(many)]
    if unspaced:
        phrases = [["".join(words)] for words in phrases]
    kinds = KINDS.keys() - NEED_LETTERS_OF_LATIN - {"letter dropped", "letter added", "letters swapped", "reversed",
                                                    "word dropped"}  # fmt: skip
    kinds -= NEED_TWO_WORDS if unspaced else set()
    shares = recall(
        matcher(corpus.entries([" ".join(words) for words in phrases], [])).match_query, phrases, sorted(kinds)
    )
    mean = sum(shares.values()) / len(shares)
    return Row(f"Disguises, {name}", f"{mean:.0%} of {len(shares)}; {missed(shares)}", ">= 90 %")


def false_hits(name: str, terms: list[str], queries: list[str], reach: str, *, edits: bool = False) -> Row:
    """Queries that match although they do not contain the phrase as it is listed."""
    everyday = corpus.everyday_words() if edits else frozenset()
    ask = matcher(corpus.entries(terms, []), edits=edits, everyday=everyday).match_query
    hits = [(query, match) for query in queries if (match := ask(query)) is not None]
    listed = (
        {entry_id: entry.value for entry in corpus.entries(terms, []) for entry_id in entry_ids(entry, KEY)}
        if hits
        else {}
    )
    wrong = [match for query, match in hits if listed.get(match.entry_id, "?") not in query.lower()]
    return Row(f"False hits, {name}", f"{len(wrong)} in {len(queries):,} ({len(hits) - len(wrong)} right)", reach)


def size_rows(entries: list[Entry]) -> list[Row]:
    started = time.perf_counter()
    body = build(entries, KEY)
    took = time.perf_counter() - started
    terms = [entry for entry in entries if entry.kind == "term"]
    alone, edited = build(terms, KEY), build(terms, KEY, edits=True)
    with tempfile.NamedTemporaryFile() as bundle:
        Path(bundle.name).write_bytes(body)
        command = [sys.executable, "-m", "bench.matching", "--memory", bundle.name]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    anonymous, load = said.split()
    return [
        Row("Bytes an entry", f"{len(body) / len(entries):.1f}", "<= 12"),
        Row("Bytes a term, terms alone", f"{len(alone) / len(terms):.1f}", "<= 32"),
        Row("Bytes a term, with edits", f"{len(edited) / len(terms):.1f}", "<= 42"),
        Row("Worker's own memory", f"{anonymous} MB", "<= 5 MB"),
        Row("Load", f"{load} ms", "ready <= 2 s"),
        Row(f"Build {len(entries):,} entries", f"{took:.1f} s", "<= 60 s"),
    ]


def own_memory(path: str) -> None:
    """In a process of its own: what loading a bundle adds to anonymous memory, and how long it takes."""
    import mmap  # noqa: PLC0415 - only this process maps

    before = anonymous_memory()
    started = time.perf_counter()
    with Path(path).open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    loaded = Matcher(Bundle(memoryview(mapped)), KEY, lambda: TODAY)
    took = time.perf_counter() - started
    loaded.match_query("chocolate cake")
    loaded.match_url("http://www.bla0.example/nothing")
    gc.collect()
    print(f"{(anonymous_memory() - before) / 1024:.1f} {took * 1000:.0f}")


def anonymous_memory() -> int:
    """Kilobytes of this process that it shares with no other."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(next(line for line in status.splitlines() if line.startswith("RssAnon")).split()[1])


def time_rows(terms: list[str], everyday: list[str], pages: list[str], rng: random.Random, count: int) -> list[Row]:
    ask = matcher(corpus.entries(terms, pages))
    common = matcher(corpus.entries(everyday, []))
    english = around(" ".join(rng.sample(corpus.common_words("en"), 5)) for _ in range(count * 2))
    english = [text for text in english if text.isascii() and text.replace(" ", "").isalpha()]
    rows = [
        timed("Query, plain ASCII", ask.match_query, english, "<= 10"),
        timed("Query, plain ASCII, everyday pairs listed", common.match_query, english, "<= 10"),
        timed("Query, messy ASCII", ask.match_query, around(corpus.messy_ascii(rng) for _ in range(count)), "<= 50"),
        timed("Query, listed", ask.match_query, terms[:count], ""),
    ]
    for name, language in (OTHER_SCRIPTS | UNSPACED).items():
        texts = (corpus.plain_query(language, rng, rng.randrange(3, 9)) for _ in range(count * 3))
        length = 20 if name in UNSPACED else 31
        rows.append(timed(f"Query, {name}", ask.match_query, around(texts, length), "<= 25"))
    return rows + url_rows(ask, pages, rng, count)


def url_rows(ask: Matcher, pages: list[str], rng: random.Random, count: int) -> list[Row]:
    listed = rng.sample(pages, count)
    benign = [
        f"https://www.{rng.choice(corpus.common_words('en'))}.example.com/{n}/page.html?id={n}" for n in range(count)
    ]
    benign = [url for url in benign if url.isascii()]
    odd = [url.replace("https://www.", "HTTP:\\\\user@").replace("/page", "/a/%2e%2E/../page") for url in benign]
    return [
        timed("URL, benign", ask.match_url, benign, "<= 25"),
        timed("URL, oddly written", ask.match_url, odd, "<= 25"),
        timed("URL, listed", ask.match_url, listed, "<= 25"),
        timed("URL, unlisted page of a listed host", ask.match_url, [url + "x/y/z?q=1" for url in listed], "<= 40"),
    ]


def table(sizes: Sizes) -> list[Row]:
    rng = random.Random(7)
    terms = corpus.invented_terms(sizes.terms, rng)
    everyday = corpus.after_lint(corpus.everyday_terms(sizes.terms, rng))
    pages, queries = corpus.urls(sizes.pages, rng), corpus.benign_queries(sizes.benign, rng)
    parts: tuple[Callable[[], list[Row]], ...] = (
        lambda: size_rows(corpus.entries(terms, pages)),
        lambda: recall_rows(terms, rng, sizes.phrases),
        lambda: [false_hits("invented terms", terms, queries, "<= 1")],
        lambda: [false_hits("invented terms, edits", terms, queries, "<= 1", edits=True)],
        lambda: [false_hits("pairs of everyday words", everyday, queries, "<= 15")],
        lambda: [Row("One keyed digest, for scale", f"{keyed_digest():.2f} us", "0.35-0.5")],
        lambda: time_rows(terms, everyday, pages, rng, sizes.timed),
    )
    rows: list[Row] = []
    with working() as progress:
        for number, part in enumerate(parts):
            progress("parts of the table", number, len(parts))
            rows += part()
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.matching", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller lists, fewer queries")
    parser.add_argument("--memory", metavar="BUNDLE", help="only what this bundle takes, in this process")
    wanted = parser.parse_args()
    if wanted.memory:
        own_memory(wanted.memory)
    else:
        show(quick=wanted.quick)


def show(*, quick: bool) -> None:
    """The table, and that of the comparison after it."""
    for row in table(QUICK if quick else WHOLE):
        print(f"{row.what:45} {row.reach:>14}   {row.measured}")
    from bench import compare  # noqa: PLC0415 - it measures with what stands here

    compare.show(compare.QUICK if quick else compare.WHOLE)


if __name__ == "__main__":
    main()
