"""Owns what is looked at of one node: settings, keys, directories, the machine. Must never make what is missing."""

from __future__ import annotations

import ipaddress
import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from redirect.adapters import keyring
from redirect.domain.errors import SettingsError
from redirect.domain.findings import fault, fine, warning
from redirect.node import OTHER_FILES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from redirect.adapters.machine import Machine
    from redirect.domain.findings import Finding
    from redirect.settings import Settings

MEGABYTE = 1 << 20
TOO_LITTLE = 100 * MEGABYTE
LITTLE = 1000 * MEGABYTE
OTHERS = 0o077
"""What a group and everybody else may do."""
SETTINGS_OF_FILE = {
    "list.key": ("list_key",),
    "token.key": ("token_key",),
    "signing.key": ("list_trust", "signing_key"),
}
"""Of a key that a file holds where none of them gives it."""


def public_address(settings: Settings) -> Iterator[Finding]:
    """Whether people can open what `page` says, and nobody on the way reads along."""
    url = settings.public_url or f"http://{settings.host}:{settings.port}"
    parts = urlsplit(url)
    is_here = _is_this_machine(parts.hostname or "")
    if settings.demo and not is_here:
        yield fault(
            "demo",
            f"demo mode is on, and people are led to {url}: the key `demo` is public, and the list is a sample",
            "take away REDIRECT_DEMO (or --demo), publish a list of your own, make keys with `redirect keys create`",
        )
    elif is_here and not settings.demo:
        yield warning(
            "public address",
            f"pages are at {url}, which nobody but this machine can open",
            "set REDIRECT_PUBLIC_URL to where people reach the pages, such as https://search.example/safety",
        )
    elif parts.scheme == "http" and not is_here:
        yield warning(
            "public address",
            f"{url} is not encrypted: whoever is on the way sees who opens a warning",
            "let a proxy speak HTTPS before this service, and set REDIRECT_PUBLIC_URL to its https:// address",
        )
    else:
        yield fine("public address", url)


def keys(settings: Settings) -> Iterator[Finding]:
    """Whether the keys are there, good, and for their owner alone."""
    if not settings.embedded:
        if settings.signing_key:
            yield warning(
                "keys",
                "REDIRECT_SIGNING_KEY is set, and this node serves: who breaks into it could sign lists",
                "keep the signing key where lists are built, and take it away here; REDIRECT_LIST_TRUST is enough",
            )
        yield from list(_missing(settings)) or [fine("keys", "given by settings")]
    else:
        yield from _kept(settings, settings.data_dir / "keys")


def has_keys(settings: Settings) -> bool:
    """Whether none is missing or damaged."""
    return not any(_lost(settings) if settings.embedded else _missing(settings))


def _missing(settings: Settings) -> Iterator[Finding]:
    try:
        keyring.given(
            settings.list_key.reveal(),
            settings.token_key.reveal(),
            settings.list_trust,
            settings.signing_key.reveal(),
        )
    except SettingsError as error:
        yield fault("keys", str(error), "set what is named here, the same on every node")


def _kept(settings: Settings, directory: Path) -> Iterator[Finding]:
    if not directory.is_dir():
        yield fine("keys", f"none in {directory} yet; the first start makes them")
        return
    wrong = [*_open_to_others(directory), *_lost(settings)]
    yield from wrong or [fine("keys", f"in {directory}, for its owner alone")]


def _lost(settings: Settings) -> Iterator[Finding]:
    for name, given in SETTINGS_OF_FILE.items():
        path = settings.data_dir / "keys" / name
        if any(getattr(settings, setting) for setting in given):
            continue
        if not path.exists():
            yield fault(
                "keys",
                f"{path} is gone: the next start makes another, and nothing made with the old one is good any more",
                "bring the file back from where you keep keys, before you start the service",
            )
        elif (why := _unreadable(path)) is not None:
            yield fault("keys", why, "bring the file back from where you keep keys")


def _open_to_others(directory: Path) -> Iterator[Finding]:
    for path in (directory, *sorted(directory.glob("*.key"))):
        if path.stat().st_mode & OTHERS:
            right = "700" if path == directory else "600"
            yield fault(
                "keys",
                f"{path} is open to others on this machine: with key and list they could try what is on the list",
                f"chmod {right} {path}; if others use this machine, make new keys as well",
            )


def _unreadable(path: Path) -> str | None:
    try:
        keyring.decode(str(path), path.read_text("ascii", "replace"))
    except SettingsError as error:
        return str(error)
    except OSError as error:
        return f"{path}: {error.strerror}"
    return None


def data_directory(settings: Settings) -> Iterator[Finding]:
    """Whether the service can write there, and nobody else can read."""
    directory = settings.data_dir
    if not directory.exists():
        yield from _to_be_made(directory)
        return
    if not directory.is_dir():
        yield fault("data directory", f"{directory} is no directory", "name a directory in REDIRECT_DATA_DIR")
    elif not os.access(directory, os.W_OK | os.X_OK):
        yield fault(
            "data directory",
            f"{directory} cannot be written by this user",
            "run this as the user of the service; if it is, make it a directory of that user:"
            f" install -d -m 700 -o USER {directory}",
        )
    elif directory.stat().st_mode & OTHERS:
        yield warning("data directory", f"{directory} is open to others on this machine", f"chmod 700 {directory}")
    else:
        yield fine("data directory", f"{directory}, for its owner alone")


def _to_be_made(directory: Path) -> Iterator[Finding]:
    above = next(parent for parent in directory.absolute().parents if parent.exists())
    if above.is_dir() and os.access(above, os.W_OK | os.X_OK):
        yield fine("data directory", f"{directory} is not there yet; the first start makes it")
    else:
        yield fault(
            "data directory",
            f"{directory} is not there, and this user cannot make it in {above}",
            f"make it for the user of the service: install -d -m 700 -o USER {directory}",
        )


def machine(settings: Settings, facts: Machine) -> Iterator[Finding]:
    """Room on the disk, open files, core dumps."""
    room = f"{facts.free // MEGABYTE} MB are free where {settings.data_dir} is"
    if facts.free < TOO_LITTLE:
        yield fault("disk", f"{room}: counts will be lost", "make room, or put REDIRECT_DATA_DIR on a larger disk")
    elif facts.free < LITTLE:
        yield warning("disk", room, "make room soon: counts that find none are lost; /metrics says how many")
    else:
        yield fine("disk", room)
    needed = settings.connections + OTHER_FILES
    if facts.open_files < needed:
        yield warning(
            "open files",
            f"a process may have {facts.open_files} files open; {settings.connections} connections need {needed}",
            f"raise the limit (systemd: LimitNOFILE={needed}; shell: ulimit -n {needed}), or lower"
            " REDIRECT_CONNECTIONS",
        )
    else:
        yield fine("open files", f"{facts.open_files} for each process")
    if facts.core_dumps:
        yield fault(
            "core dumps",
            "this system lets a process that ends badly write its memory to a disk, with queries in it",
            "forbid it for this user: LimitCORE=0 (systemd), ulimit -c 0 (shell); allow prctl in seccomp profiles",
        )
    else:
        yield fine("core dumps", "off for this service")


def _is_this_machine(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return address.is_loopback or address.is_unspecified
