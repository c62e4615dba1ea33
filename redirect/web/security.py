"""Owns who may call what, and the headers that guard a page and its host. Must never compare a key itself, nor speak
for a host that is not ours alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from redirect.domain import rates
from redirect.domain.errors import BadRequest
from redirect.web.http import header

if TYPE_CHECKING:
    from starlette.types import Scope as Request

    from redirect.domain.access import Access, Scope
    from redirect.domain.rates import Spent

BEARER = b"bearer "
HSTS = ("strict-transport-security", "max-age=31536000")
LIMIT_HEADERS = "redirect.limit"
"""Where a request keeps what its caller is to be told of its limit."""
SIGNER = "redirect.signer"
"""Where a signed request keeps the access of its signer, or the BadRequest that its signature is."""


class KnownKeys(Protocol):
    """Finds the access that a presented key gives, and counts how often it is used."""

    def find(self, presented: bytes) -> Access | None: ...
    def spend(self, access: Access, scope: Scope, calls: int, *, owed: bool = False) -> Spent | None: ...


def admit(request: Request, keys: KnownKeys, scope: Scope) -> Access:
    """The access of the request's key or signer. Raises BadRequest where there is none that allows this scope, or it
    was used too often."""
    access = known(request, keys, scope)
    spent = charge(request, keys, access, scope, 1)
    if spent and spent.wait:
        raise BadRequest("too-many-requests")
    return access


def charge(
    request: Request, keys: KnownKeys, access: Access, scope: Scope, calls: int, *, owed: bool = False
) -> Spent | None:
    """Count calls against the limit of a key, and note what its caller is to be told."""
    spent, limit = keys.spend(access, scope, calls, owed=owed), access.limit_of(scope)
    if spent and limit:
        told = rates.headers(scope, limit, spent)
        request[LIMIT_HEADERS] = [(name.lower().encode(), value.encode()) for name, value in told.items()]
    return spent


def known(request: Request, keys: KnownKeys, scope: Scope) -> Access:
    """The same access, without counting its use."""
    presented = header(request, b"authorization")
    access = keys.find(presented[7:].strip()) if presented[:7].lower() == BEARER else _signer(request)
    if access is None:
        raise BadRequest("wrong-key")
    if access.seal and SIGNER not in request:
        raise BadRequest("unsigned")
    if scope not in access.scopes:
        raise BadRequest("wrong-scope")
    return access


def _signer(request: Request) -> Access:
    signer: Access | BadRequest | None = request.get(SIGNER)
    if signer is None:
        raise BadRequest("no-key")
    if isinstance(signer, BadRequest):
        raise signer
    return signer


def page_headers(style_source: str, language: str, *, form: bool, media: bool) -> dict[str, str]:
    """Headers of every page that people see. `form` allows the one form, `media` the one video, to our own address."""
    target, video = "'self'" if form else "'none'", " media-src 'self';" if media else ""
    policy = (
        f"default-src 'none'; style-src {style_source}; img-src data:; base-uri 'none';"
        f"{video} form-action {target}; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "Content-Language": language,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Robots-Tag": "noindex, nofollow",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=(), browsing-topics=()",
        "Vary": "Accept, Accept-Language, Accept-Encoding",
    }


def host_headers(url: str) -> list[tuple[str, str]]:
    """Headers of every answer under `url` that hold for its whole host: browsers are told to stay on https."""
    return [HSTS] if owns_its_host(url) else []


def owns_its_host(url: str) -> bool:
    """Under a path of the platform's own host, what holds for the host is the platform's to say."""
    parts = urlsplit(url)
    return parts.scheme == "https" and not parts.path.strip("/")
