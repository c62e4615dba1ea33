"""Owns how errors look to callers (RFC 9457). Must never echo input, not even the name of a field."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec
from starlette.responses import Response

from redirect.domain.subject import TEXT_LIMIT

if TYPE_CHECKING:
    from collections.abc import Mapping

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = 1
"""Seconds after which who was refused for want of time may ask again."""


class Problem(NamedTuple):
    """Status, short title, and what the caller can do."""

    status: int
    title: str
    detail: str


PROBLEMS: dict[str, Problem] = {
    "malformed-json": Problem(400, "The body is not JSON", "Send one JSON object."),
    "invalid-request": Problem(
        400,
        "The body does not fit the description",
        "A field is unknown, missing or of a wrong type; /v1/openapi.json describes them all.",
    ),
    "query-or-url": Problem(400, "One subject is needed", "Give exactly one of query and url."),
    "text-too-long": Problem(
        413,
        "The text is too long",
        f"A query or url has at most {TEXT_LIMIT} bytes of UTF-8; cut it before asking.",
    ),
    "body-too-large": Problem(413, "The body is too large", "See the limits in /v1/openapi.json."),
    "bad-period": Problem(400, "No such period", "Give dates such as 2026-11-22 or times such as 2026-11-22T01:00Z."),
    "no-table": Problem(404, "No such table", "docs/data.md names the tables."),
    "no-audience": Problem(400, "No such audience", "Give one of main, under-18 and the other doors."),
    "no-key": Problem(401, "A key is needed", "Send Authorization: Bearer and a key of this service."),
    "wrong-key": Problem(401, "This key is not known", "Keys are made with `redirect keys create`."),
    "unsigned": Problem(401, "This key signs", "Send a signature instead of the key, as docs/keys.md says."),
    "signature-unreadable": Problem(
        400,
        "The signature cannot be read",
        "Send one, with created and keyid, by hmac-sha256, in Signature-Input and Signature as RFC 9421 writes them.",
    ),
    "signature-incomplete": Problem(
        400,
        "The signature covers too little",
        "It must cover @method, @path, @query where there is one, and content-digest where there is a body; "
        "for /v1/forward also the headers that say what is asked.",
    ),
    "signature-late": Problem(
        401, "The signature is of another time", "Sign anew, and look at the clock: a minute's difference is taken."
    ),
    "signature-wrong": Problem(
        401, "The signature does not fit the request", "See docs/keys.md for what is signed, and with which bytes."
    ),
    "digest-wrong": Problem(400, "The body does not fit its digest", "Content-Digest has sha-256 of the body as sent."),
    "foreign-form": Problem(403, "This form came from elsewhere", "Open /reports itself, and send it from there."),
    "wrong-scope": Problem(403, "This key does not allow that", "Use a key with the scope that this call needs."),
    "too-many-requests": Problem(
        429, "This key was used too often", "Wait as Retry-After says; RateLimit-Policy names the limit."
    ),
    "not-found": Problem(404, "There is nothing here", "/v1/openapi.json lists every call."),
    "wrong-method": Problem(405, "This call has another method", "/v1/openapi.json lists every call."),
    "bad-parameter": Problem(400, "No such parameter", "/v1/openapi.json names them, and what each may be."),
    "store-unreachable": Problem(503, "The store does not answer", "Send the same again later: nothing is lost."),
    "overloaded": Problem(
        503,
        "More is asked than can be answered in time",
        "Act as your on_error setting says; Retry-After says when to ask.",
    ),
    "internal": Problem(500, "Something broke on our side", "Act as your on_error setting says; we have counted it."),
}


def type_of(name: str) -> str:
    """The URI that identifies a kind of problem."""
    return f"urn:redirect:problem:{name}"


def respond(name: str, headers: Mapping[str, str] | None = None) -> Response:
    """The answer for one of PROBLEMS."""
    problem = PROBLEMS[name]
    body = {"type": type_of(name), "title": problem.title, "status": problem.status, "detail": problem.detail}
    extra = {"WWW-Authenticate": "Bearer"} if problem.status == 401 else {}
    if name == "overloaded":
        extra = {"Retry-After": str(RETRY_AFTER)}
    return Response(
        msgspec.json.encode(body),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers={
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            **extra,
            **(headers or {}),
        },
    )
