"""Owns the canonical form of a URL and the expressions it is looked up by (Safe Browsing v5 rules).

Must never keep a URL, put one into an error or a repr, or cache anything by one.

A URL is read three times, so that no disguise gets round: as a browser takes it apart (WHATWG: tabs and
newlines vanish, `\\` is `/`, the last `@` of the authority ends the userinfo, `.` and `..` are walked while
`%2f` is no slash yet); then unescaped until nothing is left to unescape; then as a server may take apart what
arrives (`%2f` and `%5c` are slashes now, runs of them are one, dots are walked again, `%3f` opens the query).
Inside, text is held as octets: a str in which every character stands for one byte.
"""

import ipaddress
import pkgutil
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final, NamedTuple, NoReturn

from ada_url import idna_to_ascii

from redirect.domain.errors import RedirectError

_SPECIAL_SCHEMES: Final = frozenset({"http", "https", "ftp"})
# A plain host as most URLs have it. No IGNORECASE: under it [a-z] also takes the Kelvin sign and the long s.
# The last label never starts with a digit here, as the whole might be an IPv4 address.
_PLAIN_HOST: Final = re.compile(
    r"([hH][tT][tT][pP][sS]?|[fF][tT][pP])://"
    r"((?:[A-Za-z0-9_-]++\.)*+(?![0-9])[A-Za-z0-9_-]++)(?::[0-9]*+)?(?=[/?#]|\Z)"
)

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_C0_AND_SPACE: Final = "".join(map(chr, range(0x21)))
# Comes along when an address is copied from a text; a browser could not open the address with it.
_INVISIBLE: Final = _C0_AND_SPACE + "\u00a0\u200b\u200c\u200d\u200e\u200f\u2060\u3000\ufeff"
_LINE_BREAK: Final = re.compile("[\t\n\r]")
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*+):([/\\]*+)")
_PORT: Final = re.compile(r":[0-9]+(?:[/\\?]|\Z)")
_AUTHORITY_END: Final = re.compile(r"[/\\?]")

_ESCAPE: Final = re.compile("%[0-9A-Fa-f]{2}")
_HEX: Final = "0123456789ABCDEFabcdef"
_OCTETS: Final = {f"%{high}{low}": chr(int(high + low, 16)) for high in _HEX for low in _HEX}
_LOWER: Final = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
_MUST_ESCAPE: Final = re.compile(r"[^!-~]|[#%]")
_ESCAPES: Final = {octet: f"%{octet:02X}" for octet in range(256) if _MUST_ESCAPE.match(chr(octet))}
_DOT_SEGMENT: Final = re.compile(r"/(?:\.|%2[eE])")
_SLASHES: Final = re.compile("/{2,}")

_IPV4: Final = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)(?:\.(?:0x[0-9a-f]*|[0-9]+)){0,3}")
_OCTAL: Final = re.compile("[0-7]*")
_NAT64: Final = 0x64_FF9B << 96
# What WHATWG forbids in a domain; ada's ToASCII leaves this check to its caller.
_FORBIDDEN_IN_DOMAIN: Final = re.compile(r"[\x00-\x20#%/:<>?@\[\\\]^|\x7f]")
# What IDNA maps to nothing: taken out first, as it could pad a name to any length.
_IGNORED_BY_IDNA: Final = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u2060-\u2064\u206a-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0100-\U000e01ef]"
)
# Punycode and sorting of marks are quadratic. A name that resolves has 253 octets, and at most 4 characters
# compose to one; over these limits nobody could open the name, and it is not mapped.
_LONGEST_IDN: Final = 4 * 253
_MOST_DISTINCT: Final = 300
_SUFFIX_RULE: Final = re.compile(rb"^(?!//)\S+", re.MULTILINE)
# Deepest rule plus wildcard plus four: what lies further left decides nothing.
_LABELS_LOOKED_AT: Final = 12


class BadUrl(RedirectError, ValueError):  # noqa: N818 -- named as its siblings in errors.py
    """Nothing here names a host. The message says why in fixed words and never carries the URL."""


class CanonicalUrl(NamedTuple):
    """A URL as lists know it: ASCII, escaped with upper-case hex, without userinfo, port or fragment.

    `path` starts with `/`; `query` is None where there is no `?`, and may be empty. `scheme` is no part of
    any expression. str() and repr() are masked, so that no traceback or log can show a person's URL.
    """

    host: str
    path: str
    query: str | None
    scheme: str = "http"

    def __repr__(self) -> str:
        return "CanonicalUrl(masked)"


def canonicalize(url: str | bytes) -> CanonicalUrl:
    """The canonical form. Raises BadUrl, and nothing else, for whatever has no host that could be opened.

    Without a scheme, `http` is meant. Lone surrogates count as U+FFFD. Linear in the length of the URL, but
    for the mapping of a Unicode host, which is bounded.
    """
    octets = _to_octets(url)
    if plain := _PLAIN_HOST.match(octets):
        scheme, host, tail = plain[1].lower(), plain[2].lower(), octets[plain.end() :]
    else:
        scheme, host, tail = _split(octets)
    path, query = _path_and_query(tail)
    return CanonicalUrl(host, path, query, scheme)


def quick_host(url: str) -> str | None:
    """The canonical host where one glance is enough to be sure of it; None means: canonicalize and see."""
    found = _PLAIN_HOST.match(url)
    return found[2].lower() if found else None


def expressions(url: CanonicalUrl) -> tuple[str, ...]:
    """What the URL is looked up by, at most 5 hosts × 6 paths; the first is what a list holds."""
    paths = path_prefixes(url)
    return tuple([host + path for host in host_suffixes(url.host) for path in paths])


def host_suffixes(host: str) -> tuple[str, ...]:
    """The canonical host itself, then up to four more, longest first, down to the registrable domain.

    An address, or a public suffix, stands for itself alone. Private suffixes (hosting platforms) count as
    public ones, so that a platform's entry never covers its customers. The first call reads the suffix list.
    """
    if host.startswith("[") or (host[-1:].isdigit() and _ipv4(host) == host):
        return (host,)
    rules, registrable, tails = _suffix_rules(), 2, [""]
    for label in reversed(host.rsplit(".", _LABELS_LOOKED_AT)):
        tails.append(f"{label}.{tails[-1]}" if tails[-1] else label)
        if (more := rules.get(tails[-1])) is not None:
            registrable = len(tails) + more
    return (host, *reversed(tails[registrable : min(registrable + 4, len(tails) - 1)]))


def is_public_suffix(host: str) -> bool:
    """Whether nobody can register the canonical host itself, only names below it; so too for a single label."""
    return not host.startswith("[") and host_suffixes(f"x.{host}") == (f"x.{host}",)


def public_suffixes() -> Iterator[str]:
    """Every public suffix that has a rule of its own, hosting platforms included."""
    return (name for name, more in _suffix_rules().items() if more >= 0)


def path_prefixes(url: CanonicalUrl) -> tuple[str, ...]:
    """The path with its query, without it, then `/` and up to three directories. An empty query is none."""
    path = url.path
    found = [f"{path}?{url.query}", path] if url.query else [path]
    end = 0
    for _ in range(4):
        if end + 1 == len(path):
            break
        found.append(path[: end + 1])
        end = path.find("/", end + 1)
        if end < 0:
            break
    return tuple(found)


def _refuse(reason: str) -> NoReturn:
    raise BadUrl(reason)


def _to_octets(url: str | bytes) -> str:
    """The URL without fragment and without what browsers drop, one character a byte."""
    text = url.decode("utf-8", "surrogateescape") if isinstance(url, bytes) else url
    if isinstance(url, str) and not url.isascii():
        text = _SURROGATE.sub("\ufffd", url)
    text = _LINE_BREAK.sub("", text.lstrip(_INVISIBLE).rstrip(_C0_AND_SPACE)).partition("#")[0]
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("latin-1")


def _split(octets: str) -> tuple[str, str, str]:
    """Scheme, canonical host and what follows, for every kind of URL."""
    scheme, slashes, rest = _split_scheme(octets)
    scheme, authority, tail = _split_authority(scheme, rest)
    host = _host(authority)
    # Browsers forgive too few and too many slashes (`http:///blocked.example/`); the Safe Browsing vectors
    # want `http:///blah` refused. A dot, or an address, tells them apart.
    if not host or (slashes != 2 and "." not in host and not host.startswith("[")):
        _refuse("the URL has no host")
    return scheme, host, tail


def _split_scheme(octets: str) -> tuple[str, int, str]:
    """Scheme, number of slashes behind it (2 where none are needed), and the rest.

    A scheme that browsers do not know needs its `//`. `name.example:…` and `name:80/` are host and port.
    """
    if found := _SCHEME.match(octets):
        scheme, slashes = found[1].lower(), len(found[2])
        if scheme in _SPECIAL_SCHEMES:
            return scheme, slashes, octets[found.end() :]
        if slashes >= 2:
            return scheme, 2, octets[found.start(2) + 2 :]
        if "." not in scheme and not _PORT.match(octets, found.end(1)):
            _refuse("the URL has a scheme without hosts")
    rest = octets.lstrip("/\\")
    slashes = len(octets) - len(rest)
    if slashes == 1:
        _refuse("the URL is only a path")
    return "http", slashes or 2, rest


def _split_authority(scheme: str, rest: str) -> tuple[str, str, str]:
    """Scheme, host with port, and what follows.

    The userinfo goes before anything is unescaped: in `http://other.example%2f@blocked.example/` the host is
    the last name.
    """
    authority, tail = _cut_authority(rest)
    if "%" in authority:
        authority = _unescape(authority)
        # The whole URL may have been escaped: http%3A%2F%2Fname.example%2Froom.
        if (found := _SCHEME.match(authority)) and found[1].lower() in _SPECIAL_SCHEMES and found[2]:
            scheme, authority = found[1].lower(), authority[found.end() :]
        authority, more = _cut_authority(authority)
        tail = more + tail
    return scheme, authority, tail


def _cut_authority(octets: str) -> tuple[str, str]:
    end = _AUTHORITY_END.search(octets)
    at = end.start() if end else len(octets)
    return octets[:at].rpartition("@")[2], octets[at:]


def _unescape(octets: str) -> str:
    """Percent-unescape until nothing is left to unescape, in linear time.

    No two escapes overlap, since `%` is no hex digit; so every order of replacing them ends in the same text,
    also this one: a first pass over all, then from left to right with a look back after each replacement.
    """
    if "%" not in octets:
        return octets
    octets = _ESCAPE.sub(lambda found: _OCTETS[found[0]], octets)
    if not _ESCAPE.search(octets):
        return octets
    done: list[str] = []
    for octet in octets:
        done.append(octet)
        while len(done) > 2 and done[-3] == "%" and (unescaped := _OCTETS.get("".join(done[-3:]))):
            done[-3:] = unescaped
    return "".join(done)


def _escape(octets: str) -> str:
    return octets.translate(_ESCAPES) if _MUST_ESCAPE.search(octets) else octets


def _host(authority: str) -> str:
    """Host in canonical form, or empty."""
    if authority.lstrip(".").startswith("["):
        return _ipv6(authority.lstrip("."))
    name = _collapse_dots(authority.partition(":")[0].lower() if authority.isascii() else _map_idn(authority))
    return _ipv4(name) or _escape(name)


def _collapse_dots(name: str) -> str:
    return ".".join(filter(None, name.split(".")))


def _map_idn(authority: str) -> str:
    """IDNA as browsers do it; what they refuse stays, ASCII letters lowered, to be escaped later."""
    octets = _collapse_dots(authority.partition(":")[0])
    try:
        name = _IGNORED_BY_IDNA.sub("", octets.encode("latin-1").decode("utf-8"))
    except UnicodeDecodeError:
        name = ""
    if name and len(name) <= _LONGEST_IDN and len(set(name)) <= _MOST_DISTINCT:
        mapped = "" if _FORBIDDEN_IN_DOMAIN.search(name) else idna_to_ascii(name).decode("ascii")
        if mapped and not _FORBIDDEN_IN_DOMAIN.search(mapped):
            return mapped
    return octets.translate(_LOWER)


def _ipv6(authority: str) -> str:
    """`[…]` in its shortest form (RFC 5952); an IPv4 address inside IPv6 (mapped, NAT64) becomes IPv4."""
    inside, closed, after = authority[1:].partition("]")
    try:
        address = ipaddress.IPv6Address(inside.partition("%")[0])
    except ValueError:
        address = None
    # Raised out here: the error caught above carries the text.
    if address is None or not closed or after[:1] not in {"", ":"}:
        _refuse("the URL has a malformed IPv6 address")
    number = int(address)
    if address.ipv4_mapped is not None or number & ~0xFFFF_FFFF == _NAT64:
        return _dotted(number & 0xFFFF_FFFF)
    return f"[{address}]"


def _ipv4(name: str) -> str | None:
    """Dotted quad of any spelling of an IPv4 address (decimal, octal, hex, one to four parts), else None.

    Lenient as Safe Browsing is: leading parts over 255 lose their high bits.
    """
    if not _IPV4.fullmatch(name):
        return None
    parts = [_number(part) for part in name.split(".")]
    bits = [8] * (len(parts) - 1) + [8 * (5 - len(parts))]
    value = 0
    for part, width in zip(parts, bits, strict=True):
        if part is None:
            return None
        value = value << width | part & ((1 << width) - 1)
    return _dotted(value)


def _number(part: str) -> int | None:
    """A part of an IPv4 address as C reads it, None over 32 bits or for `08`."""
    base = 16 if part.startswith("0x") else 8 if part.startswith("0") else 10
    digits = part.removeprefix("0x").lstrip("0")
    if len(digits) > 11 or (base == 8 and not _OCTAL.fullmatch(digits)):
        return None
    value = int(digits or "0", base)
    return value if value < 1 << 32 else None


def _dotted(value: int) -> str:
    return ".".join(str(byte) for byte in value.to_bytes(4))


def _path_and_query(tail: str) -> tuple[str, str | None]:
    requested, mark, query = tail.partition("?")
    path = _walk_dots(requested.replace("\\", "/"))
    path = _walk_dots(_SLASHES.sub("/", _unescape(path).replace("\\", "/")))
    path, inner_mark, inner = path.partition("?")
    if inner_mark:
        path = _walk_dots(path)
        query = f"{inner}?{query}" if mark else inner
    return _escape(path) or "/", _escape(_unescape(query)) if mark or inner_mark else None


def _walk_dots(path: str) -> str:
    """Resolve `.` and `..`, also where the dot is escaped once. `..` takes an empty segment too."""
    if not _DOT_SEGMENT.search(path):
        return path
    kept: list[str] = []
    name = ""
    for segment in path.split("/")[1:]:
        name = segment.replace("%2e", ".").replace("%2E", ".") if len(segment) <= 6 else segment
        if name == "..":
            del kept[-1:]
        elif name != ".":
            kept.append(segment)
    if name in {".", ".."}:
        kept.append("")
    return "/" + "/".join(kept)


@cache
def _suffix_rules() -> Mapping[str, int]:
    """Public suffix rules by name: 0 for a plain one, 1 for `*.name` (a label more), -1 for `!name`.

    Read once a process from the data of the `publicsuffixlist` package, which is constant like an import: no
    reason to pass it through every caller. The package's own class takes 0.28 s and 2.2 MB for the same.
    """
    rules: dict[str, int] = {}
    data = pkgutil.get_data("publicsuffixlist", "public_suffix_list.dat") or b""
    for found in _SUFFIX_RULE.finditer(data):
        rule = found[0].decode()
        name = rule.removeprefix("*.").removeprefix("!")
        name = name if name.isascii() else idna_to_ascii(name).decode("ascii")
        rules[name] = max(rules.get(name, -1), {"*": 1, "!": -1}.get(rule[0], 0))
    return rules
