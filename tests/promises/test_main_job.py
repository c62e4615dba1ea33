"""Owns the main job, as a newcomer would try it: from the line that is pasted to the page that helps and the number
that counts."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from conftest import LISTED, LISTED_URL, PROGRAM, WEB, Html, Service, eventually
from redirect.adapters import keyring

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MISSING = "REDIRECT_LIST_KEY, REDIRECT_TOKEN_KEY, REDIRECT_LIST_TRUST"


def refused(service: Service, *arguments: str) -> str:
    """What the program says when it refuses to start; one sentence, no traceback."""
    done = subprocess.run(
        [*PROGRAM, "serve", *arguments], env=service.environ, capture_output=True, text=True, check=False, timeout=30
    )
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    return done.stderr


def test_the_line_that_is_printed_can_be_pasted(demo: Service) -> None:
    eventually(lambda: "redirect counts" in demo.log.read_text() or " counts\n" in demo.log.read_text())
    printed = [line.strip() for line in demo.log.read_text().splitlines() if line.startswith("  curl ")]
    pasted = subprocess.run(["bash", "-c", printed[0]], capture_output=True, text=True, check=True)
    answer = json.loads(pasted.stdout)
    assert (answer["action"], answer["category"]) == ("block", "csam")
    assert demo.page(answer["page"]).contacts


def test_a_listed_search_is_blocked_however_it_is_written(demo: Service) -> None:
    for query in ("ZORBLAX   minku", "zorblax minku", "Zorblax\u200bMinku", "\uff5a\uff4f\uff52blax minku"):
        answer = demo.check(query)
        assert (answer["action"], answer["category"], answer["degraded"]) == ("block", "csam", False)
    allowed = demo.check("chocolate cake")
    assert allowed.keys() == {"action", "list_version", "degraded"}
    assert allowed["action"] == "allow"


def test_a_likely_match_warns_and_keeps_the_results(demo: Service) -> None:
    answer = demo.check("quellfen drovic")
    assert (answer["action"], answer["category"]) == ("warn", "csam-ai")
    assert demo.page(answer["page"]).contacts


@pytest.mark.parametrize(
    ("url", "action"),
    [
        ("http://BLOCKED.example:80/a/../room/42#x", "block"),
        ("https://user:word@blocked.example/room/%34%32", "block"),
        ("http://blocked.example/room/42?q=1", "block"),
        ("http://blocked.example/room/43", "allow"),
        ("http://blocked.example/", "allow"),
        ("http://www.wholly-blocked.example/any/where", "block"),
    ],
)
def test_a_listed_address_is_found_and_its_neighbours_are_not(demo: Service, url: str, action: str) -> None:
    assert demo.check(url=url)["action"] == action


def test_shadow_allows_and_says_nothing(demo: Service) -> None:
    assert demo.check(LISTED, mode="shadow").keys() == {"action", "list_version", "degraded"}
    assert demo.check(LISTED, mode="shadow")["action"] == "allow"


def test_the_address_of_a_page_tells_nothing(demo: Service) -> None:
    pages = [demo.check(LISTED, country=country, languages="es")["page"] for country in ("AR", "GB", "FI")]
    assert len(set(pages)) == 3
    for page in pages:
        parts = urlsplit(page)
        assert re.fullmatch(r"/w/[A-Za-z0-9_-]+", parts.path)
        assert not parts.query + parts.fragment
    assert len({len(page) for page in pages}) == 1


def test_argentina_reads_spanish_and_finds_its_own_help_behind_the_doors(demo: Service) -> None:
    for given in ({"languages": "es-AR"}, {}):
        answer = demo.check(LISTED, country="AR", **given)
        text = demo.get(answer["page"], headers={"Accept-Language": "es-AR,es;q=0.8"}).text
        main = Html(text)
        assert main.all("html") == [{"lang": "es-419", "dir": "ltr"}]
        child = demo.get(main.doors["under-18"], headers={"Accept-Language": "es-AR"}).text
        assert Html(child).all("html")[0]["lang"] == "es-419"
        assert "tel:102" in Html(child).contacts
        work = demo.page(main.doors["work-or-mistake"])
        ways = [demo.get(link).headers["location"] for link in work.contacts if "/go/" in link]
        assert any("report.iwf.org.uk/ar" in way for way in ways), ways
        assert "tel:102" not in main.contacts


def test_arabic_is_written_from_right_to_left(demo: Service) -> None:
    page = demo.page(demo.check(LISTED, country="EG", languages="ar")["page"])
    assert page.all("html") == [{"lang": "ar", "dir": "rtl"}]
    assert demo.page(f"{demo.check(LISTED)['page']}?lang=ar").all("html") == [{"lang": "ar", "dir": "rtl"}]


def test_a_language_chosen_on_a_page_goes_on_through_the_doors(demo: Service) -> None:
    page = demo.page(f"{demo.check(LISTED, languages='en')['page']}?lang=ar")
    for door in page.doors.values():
        assert demo.page(door).all("html") == [{"lang": "ar", "dir": "rtl"}]


def test_twenty_requests_count_twenty(make_service: Callable[..., Service]) -> None:
    service = make_service("--demo")
    for _ in range(20):
        service.check(LISTED)
    (row,) = service.counts()
    assert {name: row[name] for name in ("platform", "surface", "action", "mode", "count")} == {
        "platform": "demo",
        "surface": "web",
        "action": "block",
        "mode": "enforce",
        "count": 20,
    }


def test_pages_may_live_under_a_path_of_the_platform(make_service: Callable[..., Service]) -> None:
    service = make_service("--demo", REDIRECT_PUBLIC_URL="https://search.example/safety")
    address = service.check(LISTED, country="GB")["page"]
    assert address.startswith("https://search.example/safety/w/")
    for cut in ("", "/safety"):  # whether the proxy takes the path off or leaves it on
        path = cut + address.removeprefix("https://search.example/safety")
        page = service.page(path)
        ours = [link for link in page.links if link.startswith("/")]
        assert ours
        assert all(link.startswith("/safety/w/") for link in ours)
        for link in ours:
            assert service.get(link).status_code in {200, 303}
    assert service.get("/safety/en/help").status_code == 200
    assert service.ask("/safety/v1/check", json={"query": LISTED}).json()["action"] == "block"


def test_pages_and_api_can_be_served_apart(make_service: Callable[..., Service]) -> None:
    pages, api = make_service("--demo", "--only", "pages"), make_service("--demo", "--only", "api")
    assert pages.ask("/v1/check", json={"query": LISTED}).status_code == 404
    assert pages.get("/metrics").status_code == 404
    assert pages.page("/w/x").contacts
    assert pages.page("/en/help").contacts
    assert api.check(LISTED)["action"] == "block"
    assert api.get("/metrics").status_code == 200
    calls = [path for path in api.get("/v1/openapi.json").json()["paths"] if path.startswith("/v1/")]
    assert len(calls) > 7
    for path in calls:
        for answer in (pages.get(path), pages.ask(path, json={"query": LISTED})):
            assert (answer.status_code, "action" in answer.text) == (404, False), path
    for path in ("/w/x", "/en/help"):
        assert api.get(path).headers["content-type"] == "application/problem+json"
    for service in (pages, api):
        assert service.get("/livez").status_code == 200
        assert service.get("/readyz").json()["ready"] is True


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"REDIRECT_PROT": "1"}, "REDIRECT_PROT"),
        ({"REDIRECT_PORT": "zorblax"}, "REDIRECT_PORT"),
        ({"REDIRECT_PLATFORMS": "/nonexistent/platforms.toml"}, "REDIRECT_PLATFORMS"),
        (
            {"REDIRECT_STORE_URL": "redis://quellfen.example"},
            "REDIRECT_LIST_KEY, REDIRECT_TOKEN_KEY, REDIRECT_LIST_TRUST",
        ),
        ({"REDIRECT_HOST": "203.0.113.1"}, "REDIRECT_HOST"),
    ],
)
def test_a_wrong_setting_stops_the_start_and_is_named(
    make_service: Callable[..., Service], settings: dict[str, str], named: str
) -> None:
    assert named in refused(make_service(start=False, **settings))


def test_demo_never_listens_where_others_reach_it(make_service: Callable[..., Service]) -> None:
    service = make_service(start=False)
    for host in ("0.0.0.0", "search.example"):  # noqa: S104 (refused, which is the point)
        assert "REDIRECT_HOST" in refused(service, "--demo", "--host", host)


def test_a_path_too_long_for_a_socket_is_named(make_service: Callable[..., Service], tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 60) / ("y" * 60)
    said = refused(make_service(start=False, REDIRECT_DATA_DIR=str(deep)))
    assert "REDIRECT_DATA_DIR" in said
    assert str(deep / "valkey.sock") in said


def test_two_services_never_share_a_data_directory_or_a_port(
    demo: Service, make_service: Callable[..., Service]
) -> None:
    assert "REDIRECT_DATA_DIR" in refused(make_service(start=False, REDIRECT_DATA_DIR=str(demo.data_dir)))
    assert "REDIRECT_PORT" in refused(make_service(start=False, REDIRECT_PORT=str(demo.port)))


def test_without_demo_there_is_no_demo_key_no_list_and_no_trial(make_service: Callable[..., Service]) -> None:
    service = make_service()
    assert service.ask("/v1/check", json={"query": LISTED}).status_code == 401
    assert service.get("/readyz").status_code == 503
    assert "textarea" not in service.get("/").text
    service.key = service.run("keys", "create", "--platform", "acme", "--scope", "check").stdout.strip()
    eventually(lambda: service.ask("/v1/check", json={"query": LISTED}).status_code == 200)
    assert service.check(LISTED) == {
        "action": "allow",
        "list_version": 0,
        "degraded": True,
        "degraded_reason": "no_list",
    }


def test_without_a_list_the_platform_gets_what_it_chose(make_service: Callable[..., Service], tmp_path: Path) -> None:
    platforms = tmp_path / "platforms.toml"
    platforms.write_text('[acme]\non_error = "closed"\n')
    service = make_service(REDIRECT_PLATFORMS=str(platforms), start=False)
    service.key = service.run(
        "keys", "create", "--platform", "acme", "--scope", "check", "--scope", "lists"
    ).stdout.strip()
    answer = service.start().check("chocolate cake")
    assert (answer["action"], answer["degraded"]) == ("block", True)
    assert service.get(answer["page"]).status_code == 200
    why = service.ask("/v1/explain", json={"query": "chocolate cake"}).json()
    assert (why["matched"], why["action"]) == (False, answer["action"])
    assert service.page(answer["page"]).contacts


def test_the_operators_own_store_serves_as_the_embedded_one_does(
    make_service: Callable[..., Service], valkey: str, tmp_path: Path
) -> None:
    (tmp_path / "list.csv").write_text(
        "kind,value,category,confidence,language,source,expires,note\nterm,morquil besh,csam,high,,own,,\n"
    )
    service = make_service(REDIRECT_STORE_URL=valkey, start=False, **keyring.generate()).start()
    service.key = service.run("keys", "create", "--platform", "acme", "--scope", "check").stdout.strip()
    service.run("lists", "build", str(tmp_path / "list.csv"), "--out", str(tmp_path / "bundle"))
    service.run("lists", "publish", str(tmp_path / "bundle"))
    eventually(lambda: service.get("/readyz").status_code == 200, 6)
    eventually(lambda: service.ask("/v1/check", json={"query": "x"}).status_code == 200)
    for _ in range(20):
        assert service.check("MORQUIL besh")["action"] == "block"
    assert {row["action"]: row["count"] for row in service.counts()} == {"block": 20}
    assert "1 term" in service.run("lists", "status").stdout
    assert "acme" in service.run("keys", "list").stdout
    assert not (service.data_dir / "valkey.sock").exists()
    assert not (service.data_dir / "keys").exists()


def test_a_node_starts_with_its_last_list_and_keys_while_the_store_is_away(
    make_service: Callable[..., Service], valkey: str, tmp_path: Path
) -> None:
    (tmp_path / "urls.txt").write_text(f"{LISTED_URL}\n")
    service = make_service(REDIRECT_STORE_URL=valkey, start=False, **keyring.generate())
    service.key = service.run("keys", "create", "--platform", "acme", "--scope", "check").stdout.strip()
    service.run("lists", "build", str(tmp_path / "urls.txt"), "--out", str(tmp_path / "bundle"))
    service.run("lists", "publish", str(tmp_path / "bundle"))
    service.start()
    eventually(lambda: service.get("/readyz").status_code == 200, 6)
    assert service.stop() == 0
    service.environ["REDIRECT_STORE_URL"] = "redis://127.0.0.1:1"
    service.start()
    assert service.check(url=LISTED_URL)["action"] == "block"
    assert service.get("/readyz").json()["store"] == "unreachable"
    assert WEB.get(f"{service.url}/w/x").status_code == 200
