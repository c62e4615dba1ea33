"""Owns what an operator can set, read once into a frozen value. Must never be imported by web, adapters, journeys or
domain, nor show a secret."""

from __future__ import annotations

import dataclasses
import difflib
import ipaddress
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

import tomli

from redirect.domain.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

PREFIX = "REDIRECT_"
CONFIG = "REDIRECT_CONFIG"
STORE_SCHEMES = ("redis", "rediss", "unix", "cluster", "clusters")
PUBLIC_URL = re.compile(r"https?://[A-Za-z0-9.:\[\]_-]+(/[A-Za-z0-9._~-]+)*/?")
MAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
WEB = re.compile(r"https://[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(:[0-9]+)?(/[!-~]*)?")
COUNTRY = re.compile("[A-Za-z]{2}")
LOOPBACK_NAMES = ("localhost",)
YEAR = timedelta(days=366)


class Secret:
    """A text that must not appear in a traceback, a log or a repr."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return "Secret(…)" if self._text else "Secret()"

    def __bool__(self) -> bool:
        return bool(self._text)

    def reveal(self) -> str:
        """The text itself, for the one place that needs it."""
        return self._text


def _text(value: str) -> str:
    return value.strip()


def _host(value: str) -> str:
    if not value.strip().isascii() or not value.strip():
        raise ValueError("an address to listen on is needed, such as 127.0.0.1, or 0.0.0.0 for all")
    return value.strip()


def _path(value: str) -> Path:
    if not value.strip() or "\0" in value:
        raise ValueError("a path is needed")
    try:
        return Path(value.strip()).expanduser()
    except RuntimeError:
        raise ValueError("there is no such user to whom ~ could point") from None


def _optional_path(value: str) -> Path | None:
    return _path(value) if value.strip() else None


def _number(lowest: int, highest: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        if not value.strip().isdecimal() or not lowest <= int(value) <= highest:
            raise ValueError(f"a whole number from {lowest} to {highest} is needed")
        return int(value)

    return parse


def _minimum_cell(value: str) -> int:
    if not value.strip().isdecimal() or not 10 <= int(value) <= 1000 or int(value) % 5:
        raise ValueError("a multiple of 5 from 10 to 1000 is needed")
    return int(value)


def _optional_port(value: str) -> int | None:
    return _number(0, 65535)(value) if value.strip() else None


def _optional_country(value: str) -> str:
    if value.strip() and not COUNTRY.fullmatch(value.strip()):
        raise ValueError("two letters are needed, such as GB")
    return value.strip().upper()


def _yes(value: str) -> bool:
    known = {
        "1": True,
        "true": True,
        "yes": True,
        "on": True,
        "0": False,
        "false": False,
        "no": False,
        "off": False,
    }
    if value.strip().lower() not in {*known, ""}:
        raise ValueError("1 or 0 is needed")
    return known.get(value.strip().lower(), False)


def _one_of(*allowed: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value.strip() not in allowed:
            raise ValueError(f"one of {', '.join(text or 'nothing' for text in allowed)} is needed")
        return value.strip()

    return parse


def _networks(value: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    try:
        return tuple(ipaddress.ip_network(text.strip()) for text in value.split(",") if text.strip())
    except ValueError:
        raise ValueError("addresses or networks are needed, such as 10.0.0.5 or 10.1.0.0/16") from None


def _words(value: str) -> tuple[str, ...]:
    words = tuple(word.strip() for word in value.split(",") if word.strip())
    if not words:
        raise ValueError("at least one name is needed")
    return words


def _public_url(value: str) -> str:
    parts = urlsplit(value.strip())
    plain = PUBLIC_URL.fullmatch(value.strip()) and not parts.path.startswith("/v1")
    if value.strip() and not (plain and _has_port(parts)):
        raise ValueError("an http or https address of plain letters is needed, such as https://search.example/safety")
    return value.strip().rstrip("/")


def _has_port(parts: SplitResult) -> bool:
    try:
        return parts.port is None or parts.port > 0
    except ValueError:
        return False


def _contact(value: str) -> str:
    text = value.strip().removeprefix("mailto:")
    if text and not (MAIL.fullmatch(text) or WEB.fullmatch(text)):
        raise ValueError("a mail address, or a web address that begins with https://, is needed")
    return text


def _optional_day(value: str) -> date | None:
    try:
        return date.fromisoformat(value.strip()) if value.strip() else None
    except ValueError:
        raise ValueError("a day is needed, such as 2027-06-30") from None


def _store_url(value: str) -> Secret:
    scheme, separator, rest = value.strip().partition("://")
    if value.strip() and (scheme not in STORE_SCHEMES or not separator or not rest):
        raise ValueError(
            f"an address that begins with {', '.join(f'{scheme}://' for scheme in STORE_SCHEMES)} is needed"
        )
    return Secret(value.strip())


def _list_source(value: str) -> str:
    place = value.strip()
    if place.startswith("~") or ("://" in place and not place.startswith("https://")):
        raise ValueError("a directory or an https:// address is needed")
    return place


def _setting(default: str, parse: Callable[[str], Any], about: str) -> Any:
    return dataclasses.field(metadata={"default": default, "parse": parse, "about": about})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything an operator can set; `about` is what `redirect serve --help` says of it."""

    data_dir: Path = _setting(
        "var", _path, "Where the service keeps its data: embedded store, lists, keys, counts on their way"
    )
    host: str = _setting("127.0.0.1", _host, "Address to listen on")
    port: int = _setting("8080", _number(0, 65535), "Port to listen on; 0 takes a free one")
    workers: int = _setting("1", _number(1, 256), "Worker processes; about one for each core")
    connections: int = _setting(
        "4000", _number(1, 1_000_000), "Connections that each worker keeps at once; one more ends the slowest newcomer"
    )
    public_url: str = _setting(
        "", _public_url, "Address under which people reach the pages, path allowed (default http://HOST:PORT)"
    )
    proxies: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = _setting(
        "127.0.0.0/8,::1",
        _networks,
        "Your own proxies, whose X-Forwarded-For is believed, so that no reader counts often",
    )
    platforms: Path | None = _setting(
        "", _optional_path, "Your platforms.toml: shown names, who blocks, appeal, exit address"
    )
    store_url: Secret = _setting(
        "",
        _store_url,
        "redis://, rediss://, unix://, cluster://one:6379,two:6379 (clusters:// with TLS); empty: an embedded Valkey",
    )
    list_source: str = _setting(
        "",
        _list_source,
        "Directory or https:// address where `redirect lists build` puts the live list; empty: the store",
    )
    languages: str = _setting(
        "",
        _one_of("", "reviewed", "draft"),
        "Translations to serve: reviewed (default), or draft (default with demo)",
    )
    contact: str = _setting(
        "",
        _contact,
        "Mail or web address where services write to change or remove their entry; shown in the directory",
    )
    security_contact: str = _setting(
        "", _contact, "Mail or web address for reports of weaknesses, in /.well-known/security.txt; empty: no such file"
    )
    security_expires: date | None = _setting(
        "", _optional_day, "Last day (UTC) on which that address holds, at most a year ahead; then the file is gone"
    )
    experiments: Path | None = _setting(
        "", _optional_path, "Your experiments.toml: which messages are compared; empty: that of this version, with none"
    )
    videos: Path | None = _setting(
        "", _optional_path, "Folder of officers' videos that pages link to, one <CC>.toml a country; see docs/videos.md"
    )
    only: str = _setting("", _one_of("", "pages", "api"), "Serve only the pages people see, or only the API")
    query_parameters: tuple[str, ...] = _setting(
        "q,query,search,text,p", _words, "Parameters in which /v1/forward looks for a search"
    )
    stop_port: int | None = _setting(
        "", _optional_port, "Port of the page that blocked names lead to, whatever the host and path; empty: none"
    )
    stop_host: str = _setting("127.0.0.1", _host, "Address that it listens on; :: takes IPv4 as well")
    stop_platform: str = _setting(
        "", _text, "Who blocks there: a platform of your platforms.toml, with status 451 or 403"
    )
    stop_country: str = _setting("", _optional_country, "Country whose law and help it shows, such as GB")
    minimum_cell: int = _setting(
        "10", _minimum_cell, "Smallest count that is published, a multiple of 5; can be raised, never lowered"
    )
    list_key: Secret = _setting(
        "", lambda text: Secret(text.strip()), "Secret that keys the list digests (32 bytes, base64)"
    )
    token_key: Secret = _setting(
        "",
        lambda text: Secret(text.strip()),
        "Secret that encrypts page addresses; two during rotation, newest first",
    )
    list_trust: str = _setting("", _text, "Public keys whose signature on a list is trusted; two during rotation")
    signing_key: Secret = _setting(
        "",
        lambda text: Secret(text.strip()),
        "Secret that signs lists; only where lists are built, never on a serving node",
    )
    log_format: str = _setting("text", _one_of("text", "json"), "Log lines as text, or as one JSON object each")
    demo: bool = _setting("0", _yes, "Sample list, try page and the key `demo`; only on a loopback address")

    @property
    def embedded(self) -> bool:
        """Whether redirect runs its own store."""
        return not self.store_url

    @property
    def drafts(self) -> bool:
        """Whether translations that two people have not reviewed yet are served."""
        return self.languages == "draft" or (self.demo and not self.languages)

    def ensure_stop_page(self) -> None:
        """Raise SettingsError where the page that blocked names lead to would not be whole."""
        if not self.stop_platform:
            raise SettingsError(f"{PREFIX}STOP_PLATFORM: needed with {PREFIX}STOP_PORT; the page says who blocks")
        if not self.public_url and not self.demo:
            raise SettingsError(f"{PREFIX}PUBLIC_URL: needed with {PREFIX}STOP_PORT; the page leads on to others there")


def load(environ: Mapping[str, str], overrides: Mapping[str, str] | None = None) -> Settings:
    """Settings from `overrides`, then REDIRECT_* variables, then the TOML file that REDIRECT_CONFIG names.

    `overrides` are by field name. Raises SettingsError naming the first setting that is unknown or wrong.
    """
    fields = {field.name: field for field in dataclasses.fields(Settings)}
    given = {name: value for name, value in environ.items() if name.startswith(PREFIX)}
    path = given.pop(CONFIG, "")
    for name in given:
        if name.removeprefix(PREFIX).lower() not in fields or name != name.upper():
            raise SettingsError(f"{name}: there is no such setting; {_meant(name.removeprefix(PREFIX), fields)}")
    texts = {field.name: str(field.metadata["default"]) for field in fields.values()}
    texts.update(_file(Path(path), set(fields)) if path else {})
    texts.update({name.removeprefix(PREFIX).lower(): value for name, value in given.items()})
    texts.update(overrides or {})
    values = {name: _parse(fields[name], text) for name, text in texts.items()}
    settings = Settings(**values)
    _ensure_demo_is_local(settings)
    _ensure_security_contact_ends(settings, datetime.now(UTC).date())
    return settings


def explain() -> list[tuple[str, str, str]]:
    """Name, default and meaning of every setting."""
    rows = [
        (PREFIX + field.name.upper(), field.metadata["default"], field.metadata["about"])
        for field in dataclasses.fields(Settings)
    ]
    return [
        *rows,
        (
            CONFIG,
            "",
            "A TOML file with the same settings in small letters: port = 8080; variables win over it",
        ),
    ]


def _parse(field: dataclasses.Field[Any], text: str) -> Any:
    try:
        return field.metadata["parse"](text)
    except ValueError as error:
        raise SettingsError(f"{PREFIX}{field.name.upper()}: {error}") from None


def _meant(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name.lower(), known, 1)
    return f"did you mean {PREFIX}{near[0].upper()}?" if near else "`redirect serve --help` lists them"


def _file(path: Path, known: set[str]) -> dict[str, str]:
    try:
        table = tomli.loads(path.read_text())
    except OSError as error:
        raise SettingsError(f"{CONFIG}: cannot read {path}: {error.strerror}") from None
    except (tomli.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{CONFIG}: {path}: {error}") from None
    for name in table:
        if name not in known:
            raise SettingsError(f"{CONFIG}: {path}: there is no setting {name!r}; {_meant(name, known)}")
    return {name: ",".join(map(str, value)) if isinstance(value, list) else str(value) for name, value in table.items()}


def _ensure_demo_is_local(settings: Settings) -> None:
    for name, host in (("HOST", settings.host), ("STOP_HOST", settings.stop_host)):
        if settings.demo and not _is_loopback(host):
            raise SettingsError(
                f"{PREFIX}{name}: with --demo only a loopback address such as 127.0.0.1, since its key is public"
            )


def _ensure_security_contact_ends(settings: Settings, today: date) -> None:
    """RFC 9116: it says until when it holds. One that is over stops no start: help matters more."""
    expires = settings.security_expires
    if settings.security_contact and expires is None:
        raise SettingsError(f"{PREFIX}SECURITY_EXPIRES: needed with {PREFIX}SECURITY_CONTACT, such as 2027-06-30")
    if expires is not None and expires > today + YEAR:
        raise SettingsError(f"{PREFIX}SECURITY_EXPIRES: at most a year ahead, so that somebody looks at it again")


def _is_loopback(host: str) -> bool:
    try:
        return host in LOOPBACK_NAMES or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
