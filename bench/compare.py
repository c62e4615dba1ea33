"""Owns the comparison with other matchers on the same list, disguises and queries, each in a process of its own.

    python -m bench.compare [--quick]

Must never print a term or a query. better-profanity compares every word with every entry, one by one, so it is
asked a few queries only; disguises are tried on a list of the disguised phrases alone, for all alike.
"""

from __future__ import annotations

import argparse
import gc
import json
import mmap
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from rich.console import Console
from rich.table import Table

from bench import corpus, matching
from bench.disguises import KINDS
from redirect.cli.shown import working
from redirect.domain.build import build
from redirect.domain.bundle import Bundle
from redirect.domain.fold import Fold
from redirect.domain.fold_table import packaged
from redirect.domain.matching import Matcher

if TYPE_CHECKING:
    from collections.abc import Callable

    Ask = Callable[[str], bool]

SLOW_QUERIES = 1
SEED = 7


class Sizes(NamedTuple):
    """How much is listed and asked."""

    terms: int
    phrases: int
    queries: int


WHOLE, QUICK = Sizes(100_000, 48, 1000), Sizes(10_000, 20, 300)


@dataclass(frozen=True)
class Measured:
    """Of one matcher: disguises caught of all there are, microseconds, megabytes of its own, seconds to load."""

    recall: float
    plain: float
    messy: float
    memory: float
    load: float


def ours(terms: list[str], bundle: str) -> Ask:
    """From a mapped file as the service does, where there is one."""
    if not bundle:
        matcher = Matcher(Bundle(build(corpus.entries(terms, []), matching.KEY)), matching.KEY, lambda: matching.TODAY)
    else:
        with Path(bundle).open("rb") as file:
            mapped = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        matcher = Matcher(Bundle(mapped), matching.KEY, lambda: matching.TODAY)
    return lambda text: matcher.match_query(text) is not None


def aho_corasick(terms: list[str], _bundle: str) -> Ask:
    """Whole folded words in every reading of a query, on a list that is folded but plain."""
    from ahocorasick_rs import AhoCorasick  # noqa: PLC0415 - only this process pays for it

    fold = Fold(packaged())
    patterns = {f" {b' '.join(fold.canonical(term).tokens).decode()} " for term in terms}
    automaton = AhoCorasick(sorted(patterns))

    def ask(text: str) -> bool:
        quick = fold.quick(text)
        readings = (reading.tokens for reading in fold.readings(text)) if quick is None else [quick]
        return any(automaton.find_matches_as_indexes(f" {b' '.join(tokens).decode()} ") for tokens in readings)

    return ask


def flashtext(terms: list[str], _bundle: str) -> Ask:
    from flashtext import KeywordProcessor  # noqa: PLC0415 - only this process pays for it

    keywords = KeywordProcessor()
    keywords.add_keywords_from_list(terms)
    return lambda text: bool(keywords.extract_keywords(text))


def better_profanity(terms: list[str], _bundle: str) -> Ask:
    """With our list in place of the one it brings."""
    from better_profanity import Profanity  # noqa: PLC0415 - only this process pays for it

    profanity = Profanity(terms)
    return lambda text: bool(profanity.contains_profanity(text))


ENGINES: Final = {
    "redirect": ours,
    "ahocorasick-rs, our fold in front": aho_corasick,
    "flashtext": flashtext,
    "better-profanity": better_profanity,
}


def measure(name: str, bundle: str, sizes: Sizes) -> Measured:
    """In a process of its own: what it takes is what this matcher takes."""
    engine, rng = ENGINES[name], random.Random(SEED)
    terms = corpus.invented_terms(sizes.terms, rng)
    phrases = [term.split() for term in rng.sample(terms, sizes.phrases)]
    queries = SLOW_QUERIES if engine is better_profanity else sizes.queries
    plain = matching.around(" ".join(rng.sample(corpus.common_words("en"), 5)) for _ in range(sizes.queries * 8))
    plain = [text for text in plain if text.isascii()][:queries]
    messy = matching.around(corpus.messy_ascii(rng) for _ in range(sizes.queries * 8))[:queries]
    gc.collect()
    before, started = matching.anonymous_memory(), time.perf_counter()
    ask = engine(terms, bundle)
    loaded = time.perf_counter() - started
    gc.collect()
    memory = (matching.anonymous_memory() - before) / 1024
    times = [matching.microseconds(ask, texts)[0] for texts in (plain, messy)]
    few, tried = engine([" ".join(words) for words in phrases], ""), random.Random(SEED)
    caught = sum(few(disguise(words, tried)) for disguise in KINDS.values() for words in phrases)
    return Measured(caught / sizes.phrases, times[0], times[1], memory, loaded)


def compare(sizes: Sizes) -> dict[str, Measured]:
    """Every matcher, one after the other."""
    found, terms = {}, corpus.invented_terms(sizes.terms, random.Random(SEED))
    with tempfile.TemporaryDirectory() as folder, working() as progress:
        bundle = Path(folder) / "bundle"
        bundle.write_bytes(build(corpus.entries(terms, []), matching.KEY))
        for number, name in enumerate(ENGINES):
            progress("matchers", number, len(ENGINES))
            quick = ["--quick"] if sizes == QUICK else []
            command = [sys.executable, "-m", "bench.compare", *quick, "--one", name, str(bundle)]
            said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            found[name] = Measured(**json.loads(said))
    return found


def main() -> None:
    """Compare all, or measure one for whoever does."""
    parser = argparse.ArgumentParser(prog="python -m bench.compare", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a smaller list, fewer queries")
    parser.add_argument("--one", nargs=2, metavar=("NAME", "BUNDLE"), help="only this matcher, in this process")
    wanted = parser.parse_args()
    sizes = QUICK if wanted.quick else WHOLE
    if wanted.one:
        name, bundle = wanted.one
        print(json.dumps(asdict(measure(name, bundle, sizes))))
    else:
        show(sizes)


def show(sizes: Sizes) -> None:
    """The table."""
    table = Table(title=f"Beside other matchers, {sizes.terms:,} terms", title_justify="left")
    for column in ("", f"of {len(KINDS)} disguises", "us plain", "us messy", "MB", "load s", "list in memory"):
        table.add_column(column, justify="right" if column not in {"", "list in memory"} else "left")
    for name, row in compare(sizes).items():
        figures = (
            f"{row.recall:.1f}",
            f"{row.plain:,.1f}",
            f"{row.messy:,.1f}",
            f"{row.memory:.1f}",
            f"{row.load:.2f}",
        )
        table.add_row(name, *figures, "keyed digests" if ENGINES[name] is ours else "plain text")
    Console(width=None if sys.stdout.isatty() else 120).print(table)


if __name__ == "__main__":
    main()
