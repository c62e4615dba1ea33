"""Fuzzes the canonical form of a URL: BadUrl and nothing else is raised, and canonicalizing twice changes nothing."""

from __future__ import annotations

from tests.canonical import unmasked
from tests.fuzz.driver import instrumented, run

with instrumented():
    from redirect.domain.urls import BadUrl, canonicalize, expressions, quick_host

MOST_EXPRESSIONS = 30
URLS = (
    "http://blocked.example/room/42?page=2#top",
    "HTTP:\\\\user:pw@www.Blocked.Example.:8080/a/./b/%2e%2E/%252e/c;d?",
    "http%3A%2F%2Fblocked.example%2Froom",
    "//blocked.example//a///b/..",
    "http://bücher.example/ä?ö=ü",
    "http://xn--bcher-kva.example%2froom/%",
    "http://0x7f.1/ http://017700000001/ http://3279880203/",
    "http://[2001:db8::1%25eth0]:80/",
    "http://[::ffff:192.0.2.1]/",
    "blocked.example:80/room",
    "ftp://a.b.c.d.e.f.g.blocked.test/1/2/3/4/5.html?x",
    " \t\n http://bl\rocked\u200b.example/\u3000",
    "http://\u00adblocked\uff0eexample/\ud7ff",
    "http://blocked.example/%00%ff%C3%A4%zz%3fq",
)


def target(data: bytes) -> None:
    """The octets as they are, and as a text may come from a program that took them for UTF-8."""
    text = data.decode("utf-8", "surrogateescape")
    for url in (data, text, data.decode("latin-1")):
        try:
            canonical = canonicalize(url)
        except BadUrl:
            continue
        whole = unmasked(canonical)
        assert canonicalize(whole) == canonical, "canonicalizing twice is not canonicalizing once"
        assert whole.isascii(), "a canonical URL has a byte beyond ASCII"
        assert "masked" in repr(canonical) == str(canonical), "a URL shows in a repr"
        found = expressions(canonical)
        assert found[0].startswith(canonical.host), "the first expression is not the whole URL"
        assert len(found) <= MOST_EXPRESSIONS, "there are more expressions than Safe Browsing has"
        if isinstance(url, str):
            assert quick_host(url) in {None, canonical.host}, "the quick host and the canonical one differ"


def seeds() -> list[bytes]:
    """URLs of reserved domains."""
    return [url.encode() for url in URLS]


def main() -> None:
    """See `driver`."""
    run("urls", target, seeds())


if __name__ == "__main__":
    main()
