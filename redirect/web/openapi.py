"""Owns `/v1/openapi.json`: paths by hand, schemas from the types that parse and write. Must never drift from them."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

from redirect import __version__
from redirect.domain.counts import TABLES
from redirect.domain.faces import Face
from redirect.domain.subject import TEXT_LIMIT, Subject
from redirect.journeys.check import Answer, Explanation
from redirect.journeys.report import USUAL_DAYS
from redirect.journeys.tally import TallyBatch
from redirect.web.check import BATCH_LIMIT, BATCH_SUBJECTS, CHECK_LIMIT, Answers, Batch
from redirect.web.counts import CSV, FORMATS, JSON, Counts
from redirect.web.forward import NGINX
from redirect.web.health import Ready
from redirect.web.problems import MEDIA_TYPE, PROBLEMS, type_of
from redirect.web.resources import Resources
from redirect.web.tallies import Taken

REF = "#/components/schemas/{name}"
SIGNING = "A key that begins with rds_ signs the call (RFC 9421) and is not sent: docs/keys.md"
SIGNATURE_PROBLEMS = (
    "unsigned", "signature-unreadable", "signature-incomplete", "signature-late", "signature-wrong", "digest-wrong",
)  # fmt: skip
CALLER_PROBLEMS = ("malformed-json", "invalid-request", "query-or-url", "text-too-long", "body-too-large")
KEY_PROBLEMS = ("no-key", "wrong-key", "wrong-scope", "too-many-requests", "overloaded", *SIGNATURE_PROBLEMS)


def document() -> dict[str, Any]:
    """The OpenAPI 3.1 description of this version."""
    (subject, answer, explanation, batch, answers, tally_batch, taken, ready, resources, counts, face), schemas = (
        msgspec.json.schema_components(
            (Subject, Answer, Explanation, Batch, Answers, TallyBatch, Taken, Ready, Resources, Counts, Face),
            ref_template=REF,
        )
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "redirect",
            "version": __version__,
            "summary": "What to do when someone searches for, or opens, child sexual abuse material",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{"key": []}],
        "paths": {
            "/v1/check": {"post": _call("check", "Decide on one query or URL", subject, answer, CHECK_LIMIT)},
            "/v1/check/batch": {
                "post": _call("checkBatch", f"Decide on up to {BATCH_SUBJECTS} subjects", batch, answers, BATCH_LIMIT)
            },
            "/v1/explain": {"post": _call("explain", "Say why a subject matches", subject, explanation, CHECK_LIMIT)},
            "/v1/tallies": {
                "post": _call(
                    "tallies",
                    "Add a numbered batch of sums, once",
                    tally_batch,
                    taken,
                    BATCH_LIMIT,
                    "store-unreachable",
                )
            },
            "/v1/forward": {"get": _forward("forwardGet"), "post": _forward("forwardPost")},
            "/v1/resources": {"get": _resources(resources)},
            "/v1/counts": {"get": _counts(counts)},
            "/w/{token}": {"get": _page(face)},
            "/v1/openapi.json": {"get": _open("openapi", "This document", {"type": "object"})},
            "/livez": {"get": _open("livez", "The process answers", {"type": "string"}, "text/plain")},
            "/readyz": {"get": _ready(ready)},
            "/metrics": {"get": _open("metrics", "Prometheus metrics", {"type": "string"}, "text/plain")},
        },
        "components": {
            "schemas": {**schemas, **_subjects(schemas), "Problem": _problem_schema()},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": SIGNING}},
        },
    }


def endpoint(_request: object) -> Response:
    """`GET /v1/openapi.json`."""
    return Response(msgspec.json.encode(document()), media_type="application/json")


def _subjects(schemas: dict[str, Any]) -> dict[str, Any]:
    """What types alone cannot say: one of two fields, a length in bytes, no `face` in a batch."""
    null = {"type": "null"}
    text = {
        "description": f"At most {TEXT_LIMIT} bytes of UTF-8, which any {TEXT_LIMIT // 4} characters are",
        "anyOf": [
            {"type": "string", "maxLength": TEXT_LIMIT // 4},
            {"type": "string", "maxLength": TEXT_LIMIT, "pattern": r"^[\x00-\x7F]*$"},
        ],
    }
    pairs = (("query", "url"), ("url", "query"))
    one = [{"required": [this], "properties": {this: text, other: null}} for this, other in pairs]
    without_face = {"allOf": [{"$ref": REF.format(name="Subject")}, {"properties": {"face": null}}]}
    batch = schemas["Batch"]
    subjects = {**batch["properties"]["subjects"], "items": without_face}
    return {
        "Subject": {**schemas["Subject"], "oneOf": one},
        "Batch": {**batch, "properties": {"subjects": subjects}},
    }


def _call(
    name: str, summary: str, request: dict[str, Any], answer: dict[str, Any], limit: int, *problems: str
) -> dict[str, Any]:
    return {
        "operationId": name,
        "summary": summary,
        "description": f"At most {limit} bytes. Read as JSON whatever the Content-Type says.",
        "requestBody": {"required": True, "content": {"application/json": {"schema": request}}},
        "responses": {
            "200": {"description": "The decision", "content": {"application/json": {"schema": answer}}},
            **_problems(*CALLER_PROBLEMS, *KEY_PROBLEMS, *problems),
        },
    }


def _forward(name: str) -> dict[str, Any]:
    text = {"type": "string"}
    problems = _problems("invalid-request", *KEY_PROBLEMS)
    problems["403"]["description"] += "; without a body, where style is nginx: send the person to Location"
    return {
        "operationId": name,
        "summary": "Decide on another request, for a reverse proxy that asks before it passes it on",
        "description": "Any other method does the same: some proxies ask with that of the request.",
        "parameters": [
            {
                "name": "style",
                "in": "query",
                "schema": {"enum": [NGINX, ""]},
                "description": "403 instead of 302; empty is absent, as for the others",
            },
            {"name": "country", "in": "query", "schema": text, "description": "ISO 3166-1 alpha-2, if known"},
            {
                "name": "surface",
                "in": "query",
                "schema": {"anyOf": [{"$ref": REF.format(name="Surface")}, {"const": ""}]},
            },
            {
                "name": "X-Original-URI",
                "in": "header",
                "required": True,
                "schema": {"type": "string", "pattern": "[!-~]"},
                "description": "Path and query asked for. X-Forwarded-Uri is understood instead, and so are the path "
                "behind this one, and search parameters in its query",
            },
            {
                "name": "X-Forwarded-Host",
                "in": "header",
                "schema": text,
                "description": "Its host: the URL is checked too",
            },
        ],
        "responses": {
            "200": {"description": "Let it pass"},
            **{status: {"description": "Send the person to Location"} for status in ("302", "303")},
            **problems,
        },
    }


def _page(face: dict[str, Any]) -> dict[str, Any]:
    text = {"type": "string"}
    faces = {"text/html": {"schema": text}, "text/plain": {"schema": text}, "application/json": {"schema": face}}
    call = _open("page", "A page, to be shown by the platform itself where JSON is asked for", face)
    call["description"] = (
        "HTML unless Accept prefers one of the others by its full name. JSON is for programs and not counted as shown. "
        "Whatever the address and the method, there is help: the general page, where it is not the page that was made."
    )
    call["parameters"] = [
        {"name": "token", "in": "path", "required": True, "schema": text, "description": "As in `page` of an answer"},
        {"name": "lang", "in": "query", "schema": text, "description": "A BCP 47 tag; else what Accept-Language says"},
    ]
    blocks = {"403": "The same, for a platform that blocks by policy", "451": "The same, blocked by legal order"}
    call["responses"] = {
        status: {"description": about, "content": faces} for status, about in {"200": "The page", **blocks}.items()
    }
    return call


def _open(name: str, summary: str, schema: dict[str, Any], media_type: str = "application/json") -> dict[str, Any]:
    return {
        "operationId": name,
        "summary": summary,
        "security": [],
        "responses": {"200": {"description": summary, "content": {media_type: {"schema": schema}}}},
    }


def _resources(schema: dict[str, Any]) -> dict[str, Any]:
    call = _open("resources", "The directory of services, as open data", schema)
    call["parameters"] = [
        {
            "name": "country",
            "in": "query",
            "schema": {"type": "string"},
            "description": "ISO 3166-1 alpha-2: its services, with those for everywhere; all where absent",
        },
        {
            "name": "audience",
            "in": "query",
            "schema": {"$ref": REF.format(name="Door")},
            "description": "Only what may stand behind this door",
        },
    ]
    call["responses"] |= {"304": {"description": "Nothing has changed"}, **_problems("no-audience", "overloaded")}
    return call


def _counts(schema: dict[str, Any]) -> dict[str, Any]:
    day = {"type": "string", "format": "date"}
    parameters = [
        ("table", {"enum": list(TABLES)}, "One of the tables of docs/data.md"),
        ("from", day, f"First day, UTC; {USUAL_DAYS - 1} days before `to` where absent"),
        ("to", day, "Last day, included; the newest that has closed where absent"),
        ("format", {"enum": list(FORMATS)}, "Wins over the Accept header"),
    ]
    return {
        "operationId": "counts",
        "summary": "Published counts of the key's platform, for whoever reports on them",
        "parameters": [
            {"name": name, "in": "query", "required": name == "table", "schema": schema, "description": about}
            for name, schema, about in parameters
        ],
        "responses": {
            "200": {
                "description": "Only periods that have closed; never a small cell",
                "content": {JSON: {"schema": schema}, CSV: {"schema": {"type": "string"}}},
            },
            **_problems("bad-parameter", "bad-period", "no-table", *KEY_PROBLEMS, "store-unreachable"),
        },
    }


def _ready(schema: dict[str, Any]) -> dict[str, Any]:
    call = _open("readyz", "A usable list and a catalogue are loaded", schema)
    call["responses"]["503"] = {**call["responses"]["200"], "description": "They are not"}
    return call


def _problems(*names: str) -> dict[str, Any]:
    """Responses by status; kinds of problems with one status share it."""
    described: dict[str, list[str]] = {}
    for name in names:
        described.setdefault(str(PROBLEMS[name].status), []).append(f"{type_of(name)}: {PROBLEMS[name].title}")
    content = {MEDIA_TYPE: {"schema": {"$ref": REF.format(name="Problem")}}}
    return {status: {"description": "; ".join(texts), "content": content} for status, texts in described.items()}


def _problem_schema() -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string", "enum": [type_of(name) for name in PROBLEMS]},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
        },
    }
