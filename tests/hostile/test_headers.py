"""The headers that guard an answer, on every route that there is."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

from starlette.routing import Route, Router

from conftest import LISTED, LISTED_URL, needed
from tests.browser.test_valid_pages import ROOT
from tests.promises.test_7_no_script_no_cookie import HEADERS as PAGE_HEADERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from conftest import Service
    from tests.promises.conftest import Worker

ALWAYS = {
    "referrer-policy": {"no-referrer"},
    "x-content-type-options": {"nosniff"},
    "x-frame-options": {"DENY"},
    "cross-origin-resource-policy": {"same-origin", "cross-origin"},
    "cache-control": {"no-store", "public, max-age=60"},
}
OF_REPORTS = {"referrer-policy": {"same-origin", "no-referrer"}}
"""Its forms are known by the origin that a browser tells, and it tells none without a referrer."""
NEVER = ("server", "x-powered-by", "set-cookie", "via", "etag ")
OPEN = ("/v1/resources",)
"""Open data, for any other site to read and keep a minute."""
EVALUATOR = """
const {CspParser} = require('csp_evaluator/dist/parser.js');
const {CspEvaluator} = require('csp_evaluator/dist/evaluator.js');
const policies = JSON.parse(require('fs').readFileSync(0));
console.log(JSON.stringify(policies.map(policy =>
  new CspEvaluator(new CspParser(policy).csp).evaluate().map(found => [found.directive, found.description]))));
"""


def routes(app: Any) -> Iterator[tuple[str, str]]:
    """Every method and path; what stands in braces is filled with a word."""
    router: Router = app._router._router
    for route in router.routes:
        assert isinstance(route, Route)
        for method in sorted(route.methods or {"GET", "POST", "PUT"}):
            yield method, re.sub(r"{lang:language}", "en", re.sub(r"{rest:rest}|{\w+}", "word", route.path))


def ensure_guarded(where: str, headers: dict[str, str]) -> None:
    own = OF_REPORTS if " /reports" in where else {}
    for name, allowed in (ALWAYS | own).items():
        assert headers.get(name) in allowed, (where, name)
    assert "default-src 'none'" in headers["content-security-policy"], where
    assert "frame-ancestors 'none'" in headers["content-security-policy"], where
    assert not [name for name in NEVER if name in headers], where
    if headers.get("content-type", "").startswith("text/html"):
        assert {name: headers.get(name) for name in PAGE_HEADERS if name not in own} == {
            name: value for name, value in PAGE_HEADERS.items() if name not in own
        }, where
    if not where.endswith(OPEN):
        assert headers["cross-origin-resource-policy"] == "same-origin", where
        assert headers["cache-control"] == "no-store", where


def test_every_route_guards_its_answer(worker: Worker) -> None:
    walked = list(routes(worker.app))
    assert len({path for _, path in walked}) > 15
    for method, path in walked:
        _, headers, _ = worker.call(method, path, b"{}")
        ensure_guarded(f"{method} {path}", headers)


def test_so_do_refusals_failures_and_unknown_addresses(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    for method, path in (("DELETE", "/v1/check"), ("GET", "/v1/nothing"), ("GET", "/Nothing"), ("POST", "/v1/check")):
        for accept in ("text/html", "*/*"):
            _, headers, _ = worker.call(method, path, b"{", accept=accept)
            ensure_guarded(f"{method} {path}", headers)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("redirect.journeys.check.Checker.check", broken)
    status, headers, _ = worker.call("POST", "/v1/check", b'{"query":"x"}')
    assert status == 500
    ensure_guarded("a failure", headers)


def policies(demo: Service) -> set[str]:
    pages = [demo.check(LISTED, country="GB")["page"], demo.check(url=LISTED_URL)["page"], "/w/x", "/en/help", "/"]
    doors = [demo.page(pages[0]).doors[door] for door in ("work-or-mistake", "under-18")]
    others = ["/v1/openapi.json", "/livez", "/metrics", "/nowhere"]
    answers = (demo.get(address) for address in itertools.chain(pages, doors, others))
    return {answer.headers["content-security-policy"] for answer in answers}


def test_the_evaluator_of_policies_finds_nothing(demo: Service) -> None:
    found = sorted(policies(demo))
    assert len(found) > 2
    done = subprocess.run(
        [needed("node"), "-e", EVALUATOR], input=json.dumps(found), capture_output=True, text=True, check=True,
        cwd=ROOT / "tests" / "validator", timeout=60,
    )  # fmt: skip
    assert json.loads(done.stdout) == [[] for _ in found]
