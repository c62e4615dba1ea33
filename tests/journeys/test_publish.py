"""How a list goes live, and all that keeps one from it: with the real store, real keys and the real corpus."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from redirect.adapters import benign, bundles, keyring
from redirect.adapters.prover import BundleProver
from redirect.adapters.store import Store
from redirect.domain.build import build, entry_ids
from redirect.domain.bundle import Bundle
from redirect.domain.errors import ListError
from redirect.domain.lists import Confidence, Entry, Kind
from redirect.domain.manifest import Manifest
from redirect.journeys.publish import live_manifest, publish, roll_back
from redirect.journeys.vet import Benign, trial, untold

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

NOW = datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC)
SECRETS = ("REDIRECT_LIST_KEY", "REDIRECT_TOKEN_KEY", "REDIRECT_LIST_TRUST", "REDIRECT_SIGNING_KEY")


def keys() -> keyring.Keyring:
    """The secrets of a deployment, made anew."""
    made = keyring.generate()
    return keyring.given(*(made[name] for name in SECRETS))


KEYS = keys()
PROVER = BundleProver(KEYS.trust, KEYS.list_key)
TEN = [f"zorblax{number} minku" for number in range(10)]


@pytest.fixture
async def store(valkey: str) -> AsyncIterator[Store]:
    async with Store(valkey) as opened:
        yield opened


@pytest.fixture(scope="module")
def whole() -> Benign:
    """All that comes with the package."""
    return benign.load()


@pytest.fixture(scope="module")
def corpus(whole: Benign) -> Benign:
    """A little of it, where it does not matter how much."""
    return Benign(whole.queries[:100], whole.urls[:100], ())


def term(value: str) -> Entry:
    return Entry(Kind.TERM, value, "csam", Confidence.HIGH)


def host(value: str) -> Entry:
    return Entry(Kind.HOST, value, "csam", Confidence.HIGH)


def manifest_of(body: bytes, version: int = 1) -> Manifest:
    return Manifest(
        version=version,
        previous=0,
        created=NOW.isoformat(),
        refresh_by=(NOW + timedelta(days=7)).isoformat(),
        use_until=None,
        entries={kind.value: count for kind, count in Bundle(body).counts.items()},
        size=len(body),
        sha256=hashlib.sha256(body).hexdigest(),
    )


def sign(manifest: Manifest) -> bytes:
    assert KEYS.signing
    return bundles.sign(manifest, KEYS.signing)


def bundle(*entries: Entry, version: int = 1) -> tuple[bytes, bytes]:
    body = build(entries, KEYS.list_key)
    return sign(manifest_of(body, version)), body


async def live(store: Store, *entries: Entry, version: int, corpus: Benign) -> None:
    await publish(store, PROVER, *bundle(*entries, version=version), corpus, now=NOW)


async def refused(store: Store, envelope: bytes, body: bytes, corpus: Benign) -> str:
    """Why it is refused; what is live must stay as it was."""
    before = await live_manifest(store, PROVER)
    with pytest.raises(ListError) as caught:
        await publish(store, PROVER, envelope, body, corpus, now=NOW)
    assert await live_manifest(store, PROVER) == before
    return str(caught.value)


async def test_a_list_that_harms_nobody_goes_live(store: Store, whole: Benign) -> None:
    told: list[tuple[str, int, int | None]] = []
    await publish(store, PROVER, *bundle(term("zorblax minku")), whole, now=NOW, progress=lambda *far: told.append(far))
    manifest = await live_manifest(store, PROVER)
    assert manifest is not None
    assert manifest.total == 1
    assert told[-1][1] == told[-1][2] == len(whole.queries) + len(whole.urls)
    assert 20_000 <= len(whole.queries) <= 50_000


async def test_a_list_that_matches_anything_benign_is_refused_by_entry_id(store: Store, corpus: Benign) -> None:
    await live(store, term("zorblax"), term("minku"), version=1, corpus=corpus)
    why = await refused(store, *bundle(term("zorblax"), term("children"), version=2), corpus)
    assert entry_ids(term("children"), KEYS.list_key)[0] in why
    assert entry_ids(term("zorblax"), KEYS.list_key)[0] not in why
    assert "redirect lists check" in why
    assert "children" not in why


def test_the_corpus_finds_every_kind_of_entry_that_is_too_broad(whole: Benign) -> None:
    broad = [
        *map(term, ("weather", "children", "T H E", "the rapist", "münchen", "学校", "child helpline")),
        *map(host, ("google.com", "co.uk", "github.io")),
        Entry(Kind.URL, "http://wikipedia.org/", "csam", Confidence.LOW),
        Entry(Kind.ALL, "photos school", "csam", Confidence.LOW),
        Entry(Kind.STEM, "child", "csam", Confidence.MEDIUM),
    ]
    tried = trial(PROVER.body(manifest_of(bundle(*broad)[1]), bundle(*broad)[1]), whole, untold)
    for number, entry in enumerate(broad):
        assert any(known in tried.matched for known in entry_ids(entry, KEYS.list_key)), number


async def test_a_refusal_names_the_worst_ten_entries_and_how_many_more(store: Store, corpus: Benign) -> None:
    frequent = [line for line in corpus.queries if line.isalpha() and line.isascii()][:15]
    why = await refused(store, *bundle(*map(term, frequent)), corpus)
    named = {each for word in frequent for each in entry_ids(term(word), KEYS.list_key) if each in why}
    assert len(named) == 10
    assert "more" in why


async def test_an_exception_makes_a_list_harmless(store: Store, corpus: Benign) -> None:
    listed = term("photo album")
    assert "by entry" in await refused(store, *bundle(listed), corpus)
    innocent = Entry(Kind.EXCEPT, "family photo album", "csam", Confidence.HIGH)
    await publish(store, PROVER, *bundle(listed, innocent), corpus, now=NOW)


async def test_an_entry_past_its_time_matches_nothing_and_does_no_harm(store: Store, corpus: Benign) -> None:
    past = Entry(Kind.TERM, "children", "csam", Confidence.HIGH, expires="2020-01-31")
    await publish(store, PROVER, *bundle(term("zorblax"), past), corpus, now=NOW)


async def test_a_list_that_no_trusted_key_signed_is_refused(store: Store, corpus: Benign) -> None:
    stranger, body = keys().signing, build([term("zorblax")], KEYS.list_key)
    assert stranger
    envelope = bundles.sign(manifest_of(body), stranger)
    assert "not signed by a trusted key" in await refused(store, envelope, body, corpus)


async def test_a_list_under_another_list_key_is_refused(store: Store, corpus: Benign) -> None:
    body = build([term("zorblax")], bytes(32))
    assert "another list key" in await refused(store, sign(manifest_of(body)), body, corpus)


async def test_a_list_that_was_changed_after_it_was_signed_is_refused(store: Store, corpus: Benign) -> None:
    envelope, body = bundle(term("zorblax minku"))
    assert "signed for" in await refused(store, envelope, body[:-1] + bytes([body[-1] ^ 1]), corpus)
    assert "bytes" in await refused(store, envelope, body[:-8], corpus)


async def test_an_empty_list_is_refused(store: Store, corpus: Benign) -> None:
    assert "empty" in await refused(store, *bundle(), corpus)


async def test_an_older_list_is_refused(store: Store, corpus: Benign) -> None:
    await live(store, term("zorblax"), version=5, corpus=corpus)
    assert "not newer" in await refused(store, *bundle(term("minku"), version=5), corpus)
    assert "not newer" in await refused(store, *bundle(term("minku"), version=4), corpus)


@pytest.mark.parametrize("size", [7, 13])
async def test_a_list_that_shrank_or_grew_by_over_a_fifth_needs_a_person_to_say_so(
    store: Store, corpus: Benign, size: int
) -> None:
    await live(store, *map(term, TEN), version=1, corpus=corpus)
    changed = bundle(*(term(f"quellfen{number} drovic") for number in range(size)), version=2)
    assert "--accept-change" in await refused(store, *changed, corpus)
    manifest = await publish(store, PROVER, *changed, corpus, now=NOW, accept_change=True)
    assert manifest.total == size


async def test_accepting_a_change_accepts_nothing_else(store: Store, corpus: Benign) -> None:
    with pytest.raises(ListError, match="everyday queries"):
        await publish(store, PROVER, *bundle(term("children")), corpus, now=NOW, accept_change=True)


async def test_of_two_lists_at_once_the_newer_stays_live(store: Store, corpus: Benign) -> None:
    older, newer = bundle(term("zorblax"), version=1), bundle(term("minku"), version=2)
    await asyncio.gather(
        *(publish(store, PROVER, *each, corpus, now=NOW) for each in (newer, older)), return_exceptions=True
    )
    manifest = await live_manifest(store, PROVER)
    assert manifest is not None
    assert manifest.version == 2


async def test_going_back_needs_no_trial_and_takes_a_higher_version(store: Store, corpus: Benign) -> None:
    await live(store, term("children"), version=1, corpus=Benign((), (), ()))
    await live(store, term("zorblax"), version=2, corpus=corpus)
    manifest = await roll_back(store, PROVER, sign, NOW)
    assert (manifest.previous, manifest.total) == (2, 1)
    assert manifest.version > 2
    assert await live_manifest(store, PROVER) == manifest


async def test_there_is_nothing_to_go_back_to_at_first(store: Store, corpus: Benign) -> None:
    with pytest.raises(ListError, match="no list to go back to"):
        await roll_back(store, PROVER, sign, NOW)
    await live(store, term("zorblax"), version=1, corpus=corpus)
    with pytest.raises(ListError, match="no list to go back to"):
        await roll_back(store, PROVER, sign, NOW)
