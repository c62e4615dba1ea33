"""Keys that sign, through the front door: what is taken, what is not, and that the key itself never is."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import time
from typing import Any

import httpx
import pytest
from http_message_signatures import HTTPMessageSigner, HTTPSignatureKeyResolver, algorithms

from conftest import LISTED, WEB, Service, eventually
from redirect.adapters.seals import SealBox
from redirect.adapters.tally_client import TallyClient
from redirect.client import Action, AsyncClient, Client
from redirect.client.signing import signed
from redirect.domain.access import Access, Scope
from redirect.domain.counts import CHECKS, Cell, Sums
from redirect.domain.signatures import base
from redirect.web.security import SIGNER
from redirect.web.signed import SignedCalls
from tests.web.test_openapi import ensure_described

BODY = b'{"query":"zorblax minku"}'
NEEDED = ("@method", "@path", "content-digest")
LABELS = ("acme", "web", "allow", "enforce", "unknown", "no")


@pytest.fixture(scope="module")
def key(demo: Service) -> str:
    """One that signs, for most of what there is."""
    scopes = ("--scope", "check", "--scope", "tally", "--scope", "report")
    made = demo.run("keys", "create", "--platform", "acme", *scopes, "--signed").stdout.strip()
    eventually(lambda: ask(demo, made).status_code == 200)
    return made


def ask(service: Service, key: str, path: str = "/v1/check", body: bytes = BODY, **changed: str) -> httpx.Response:
    headers = {**signed(key, "POST", path, body, int(time.time())), **changed}
    return WEB.post(
        service.url + path, content=body, headers={name.replace("_", "-"): headers[name] for name in headers}
    )


def by_hand(key: str, components: dict[str, str], more: str = "", created: float | None = None) -> dict[str, str]:
    """Headers of a signature over just these components."""
    when = int(time.time() if created is None else created)
    key_id = hashlib.sha256(key.encode()).hexdigest()[:8]
    names = " ".join(f'"{name}"' for name in components)
    named = f'({names});created={when};keyid="{key_id}"{more}'
    value = hmac.digest(key.encode(), base(list(components.items()), named), "sha256")
    return {"Signature-Input": f"a={named}", "Signature": f"a=:{base64.b64encode(value).decode()}:"}


def digest(body: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def ensure_refused(answer: httpx.Response, problem: str, status: int = 401) -> None:
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:redirect:problem:{problem}")


def test_the_clients_sign_where_the_key_does(demo: Service, key: str) -> None:
    async def asked() -> Any:
        async with AsyncClient(demo.url, key, timeout=5) as client:
            return await client.check(LISTED), await client.check_batch([])

    assert asyncio.run(asked())[0].action is Action.BLOCK
    with Client(demo.url, key, timeout=5) as client:
        assert client.check(LISTED).action is Action.BLOCK
        assert client.check("weather").action is Action.ALLOW
        assert not client.trouble
        assert key not in repr(client)


def test_sums_of_a_local_checker_are_signed_too(demo: Service, key: str) -> None:
    async def send() -> None:
        client = TallyClient(demo.url, key)
        await client.apply(Sums("00000000000000bb", 1, ((Cell("checks", CHECKS.period(time.time()), LABELS), 40),)))
        await client.close()

    asyncio.run(send())


def test_a_key_that_signs_is_not_taken_itself(demo: Service, key: str) -> None:
    answer = WEB.post(f"{demo.url}/v1/check", content=BODY, headers={"Authorization": f"Bearer {key}"})
    ensure_refused(answer, "unsigned")
    ensure_described(answer, "/v1/check")
    both = ask(demo, key, Authorization=f"Bearer {key}")
    ensure_refused(both, "unsigned")


def test_a_key_that_is_presented_may_be_signed_by_others_besides(demo: Service) -> None:
    """Networks sign what their programs send, too, which is nothing to us."""
    headers = {"Authorization": "Bearer demo", "Signature-Input": 'x=("@authority")', "Signature": "x=:AAAA:"}
    assert WEB.post(f"{demo.url}/v1/check", content=BODY, headers=headers).status_code == 200
    assert WEB.get(f"{demo.url}/en/help", headers=headers).status_code == 200
    for path in ("/w/x", "/v1/resources", "/v1/openapi.json"):
        assert WEB.get(demo.url + path, headers={"Signature-Input": "x", "Signature": "y"}).status_code == 200


def test_nothing_that_is_signed_can_be_changed(demo: Service, key: str) -> None:
    good = signed(key, "POST", "/v1/check", BODY, int(time.time()))
    other = b'{"query":"weather"}'
    ensure_refused(WEB.post(f"{demo.url}/v1/check", content=other, headers=good), "digest-wrong", 400)
    ensure_refused(
        WEB.post(f"{demo.url}/v1/check", content=other, headers={**good, "Content-Digest": digest(other)}),
        "signature-wrong",
    )
    for path in ("/v1/explain", "/v1/check/batch"):
        ensure_refused(WEB.post(demo.url + path, content=BODY, headers=good), "signature-wrong")
    read = by_hand(key, {"@method": "GET", "@path": "/v1/check", "content-digest": digest(BODY)})
    ensure_refused(
        WEB.post(f"{demo.url}/v1/check", content=BODY, headers={**read, "Content-Digest": digest(BODY)}),
        "signature-wrong",
    )
    ensure_refused(WEB.post(f"{demo.url}/v1/check?a=1", content=BODY, headers=good), "signature-incomplete", 400)
    later = good["Signature-Input"].replace(";created=1", ";created=2")
    ensure_refused(
        WEB.post(f"{demo.url}/v1/check", content=BODY, headers={**good, "Signature-Input": later}), "signature-late"
    )


def test_refusals_say_what_is_wrong_and_are_described(demo: Service, key: str) -> None:
    whole = dict(zip(NEEDED, ("POST", "/v1/check", digest(BODY)), strict=True))
    tries: list[tuple[dict[str, str], str, int]] = [
        (by_hand(key, whole), "", 200),
        (by_hand(key, whole, ';nonce="x";alg="hmac-sha256"'), "", 200),
        (by_hand(key, whole, created=time.time() - 120), "signature-late", 401),
        (by_hand(key, whole, created=time.time() + 120), "signature-late", 401),
        (by_hand(key, whole, f";expires={int(time.time()) - 1}"), "signature-late", 401),
        (by_hand("rds_of-nobody", whole), "wrong-key", 401),
        (by_hand(key, whole, ';alg="ed25519"'), "signature-unreadable", 400),
        ({**by_hand(key, whole), "Signature": "b=:AAAA:"}, "signature-unreadable", 400),
        *(
            (by_hand(key, {name: whole[name] for name in NEEDED if name != left_out}), "signature-incomplete", 400)
            for left_out in NEEDED
        ),
    ]
    for headers, problem, status in tries:
        answer = WEB.post(f"{demo.url}/v1/check", content=BODY, headers={"Content-Digest": digest(BODY), **headers})
        ensure_described(answer, "/v1/check")
        assert answer.status_code == status, problem
        assert answer.status_code == 200 or answer.json()["type"].endswith(problem)


def test_a_question_in_an_address_is_covered_with_it(demo: Service, key: str) -> None:
    target = {"@method": "GET", "@path": "/v1/counts", "@query": "?table=checks"}
    assert WEB.get(f"{demo.url}/v1/counts?table=checks", headers=by_hand(key, target)).status_code == 200
    changed = WEB.get(f"{demo.url}/v1/counts?table=funnel", headers=by_hand(key, target))
    ensure_refused(changed, "signature-wrong")


def test_the_headers_that_a_proxy_asks_by_are_covered(demo: Service, key: str) -> None:
    asked = {"X-Original-URI": "/?q=zorblax+minku"}
    short = {"@method": "GET", "@path": "/v1/forward"}
    ensure_refused(
        WEB.get(f"{demo.url}/v1/forward", headers={**asked, **by_hand(key, short)}), "signature-incomplete", 400
    )
    whole = by_hand(key, {**short, "x-original-uri": asked["X-Original-URI"]})
    assert WEB.get(f"{demo.url}/v1/forward", headers={**asked, **whole}).status_code == 302


def test_scopes_hold_for_signers_too(demo: Service, key: str) -> None:
    ensure_refused(ask(demo, key, "/v1/explain"), "wrong-scope", 403)


def test_a_body_that_is_too_large_is_refused(demo: Service, key: str) -> None:
    ensure_refused(ask(demo, key, body=b" " * 70_000), "body-too-large", 413)


def test_a_library_of_others_signs_what_we_take(demo: Service, key: str) -> None:
    class Secret(HTTPSignatureKeyResolver):
        def resolve_private_key(self, key_id: str) -> bytes:
            return key.encode()

        def resolve_public_key(self, key_id: str) -> bytes:
            return key.encode()

    request = httpx.Request("POST", f"{demo.url}/v1/check", content=BODY)
    signer = HTTPMessageSigner(signature_algorithm=algorithms.HMAC_SHA256, key_resolver=Secret())
    key_id = hashlib.sha256(key.encode()).hexdigest()[:8]
    signer.sign(request, key_id=key_id, covered_component_ids=NEEDED, body=BODY)
    assert WEB.send(request).status_code == 200


def test_a_rotated_key_signs_on_and_one_that_is_resealed_too(demo: Service, key: str) -> None:
    key_id = hashlib.sha256(key.encode()).hexdigest()[:8]
    new = demo.run("keys", "rotate", key_id, "--overlap", "1h").stdout.strip()
    assert new.startswith("rds_")
    eventually(lambda: ask(demo, new).status_code == 200)
    assert ask(demo, key).status_code == 200
    assert int(demo.run("keys", "reseal").stdout.split()[0]) >= 2
    assert key not in (demo.data_dir / "access.json").read_text()
    assert ask(demo, new).status_code == ask(demo, key).status_code == 200


@pytest.mark.parametrize("path", ["/safety/v1/check", "/v1/check"])
async def test_the_public_path_is_signed_whether_or_not_a_proxy_takes_it_off(path: str) -> None:
    class Keys:
        def signer(self, key_id: str) -> tuple[bytes, Access] | None:
            return b"rds_secret", Access(key_id, "acme", (Scope.CHECK,), seal="x")

    seen: list[Any] = []

    async def router(scope: Any, receive: Any, send: Any) -> None:
        seen.extend((scope[SIGNER].platform, (await receive())["body"], await receive()))

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: Any) -> None:
        seen.append(message)

    messages: list[dict[str, Any]] = [{"type": "http.request", "body": BODY}, {"type": "http.disconnect"}]
    headers = signed("rds_secret", "POST", "/safety/v1/check", BODY, 5000)
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/check",
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }
    await SignedCalls(router, Keys(), "/safety", lambda: 5000.0)(scope, receive, send)
    assert seen == ["acme", BODY, {"type": "http.disconnect"}]


def test_a_seal_is_opened_by_its_own_keys_alone() -> None:
    old, new = b"o" * 32, b"n" * 32
    sealed = SealBox([old]).seal("rds_secret")
    assert "secret" not in sealed
    assert SealBox([new, old]).open(sealed) == b"rds_secret"
    assert SealBox([new]).open(sealed) is None
    assert SealBox([old]).open("nonsense") is None
