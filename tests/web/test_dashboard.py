"""Owns what a manager meets at `/reports`: figures with their limits, forms, files, and nobody else's platform."""

from __future__ import annotations

import asyncio
import csv
import io
import re
import time
from typing import TYPE_CHECKING, Any

import pytest
from babel import Locale

from bench.simulated import Simulation
from conftest import WEB, Html, Service, eventually
from redirect.adapters.embedded import EmbeddedStore
from redirect.adapters.ledger import StoreLedger
from redirect.adapters.store import Store
from redirect.domain.figures import month_of, months_before
from redirect.domain.periods import DAY_SECONDS, Span, iso, newest_closed, unit_of, units_within
from redirect.domain.regions import MEMBERS
from redirect.journeys.report import release_closed
from redirect.web.figures_shown import PERCENT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import httpx

CLOSED = newest_closed(time.time())
MONTH = units_within(Span.MONTH, range(CLOSED - 70, CLOSED + 1))[-1]
"""The newest that has closed; its exact counts are kept still."""
CALENDAR = months_before(month_of(time.time()))[0]
ORDER = ["stopping", "help", "helplines", "wrong", "appeals", "trends", "countries", "changes"]
FORM = {"Sec-Fetch-Site": "same-origin"}


SIMULATION = Simulation(MONTH.days[0], CLOSED + 1 - MONTH.days[0], size=0.1, countries=12)


async def fill(store: EmbeddedStore) -> None:
    """Some weeks of invented platforms, before a service is there that would release them unseen."""
    store.start()
    store.wait()
    async with Store(store.url) as client:
        await SIMULATION.count(client)
        await release_closed(client, time.time, asyncio.to_thread)
    store.stop()


def tried(directory: Path) -> Path:
    """The file of the experiment that the simulation counts, and of one that is to come."""
    one, path = SIMULATION.experiment, directory / "experiments.toml"
    path.write_text(
        "".join(
            f"""
[{name}]
question = "{one.question}"
message = "{one.message}"
arms = {{ A = 50, B = 50 }}
assign = "{one.assign}"
platforms = ["{platform}"]
surfaces = ["web"]
start = {iso(one.first + later)}
end = {iso(one.last + later)}
primary = "{one.primary}"
smallest = {100 * one.smallest}
guardrails = ["wrong_match", "crisis_opened"]
"""
            for name, platform, later in ((one.name, "seek", 0), ("to-come", "seek", 200), ("elsewhere", "tube", 0))
        )
    )
    return path


@pytest.fixture(scope="module")
def reported(make_service: Callable[..., Service], tmp_path_factory: pytest.TempPathFactory) -> Service:
    path = tried(tmp_path_factory.mktemp("experiments"))
    service = make_service("--demo", start=False, REDIRECT_EXPERIMENTS=str(path))
    asyncio.run(fill(EmbeddedStore(service.data_dir)))
    return service.start()


class Manager:
    """Somebody with a browser, signed in with keys."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.cookie = ""

    def sign_in(self, key: str) -> httpx.Response:
        response = self.send("/sign-in", {"key": key})
        if "set-cookie" in response.headers:
            self.cookie = response.headers["set-cookie"].partition(";")[0]
        return response

    def look(self, path: str = "", **query: str) -> httpx.Response:
        return WEB.get(f"{self.service.url}/reports{path}", params=query, headers={"Cookie": self.cookie})

    def send(self, path: str, fields: dict[str, str], **request: Any) -> httpx.Response:
        headers = {"Cookie": self.cookie, **request.pop("headers", FORM)}
        return WEB.post(f"{self.service.url}/reports{path}", data=fields, headers=headers, **request)


def key_of(service: Service, platform: str, scope: str = "report") -> str:
    return service.run("keys", "create", "--platform", platform, "--scope", scope).stdout.strip()


@pytest.fixture(scope="module")
def manager(reported: Service) -> Manager:
    manager, key = Manager(reported), key_of(reported, "seek")
    eventually(lambda: manager.sign_in(key).status_code == 303)
    return manager


def sections(page: str) -> dict[str, str]:
    """The text of each section by its name."""
    found = re.findall(r'<section id="(\w+)".*?</section>', page, re.DOTALL)
    return {name: page.split(f'<section id="{name}"')[1].split("</section>", maxsplit=1)[0] for name in found}


def test_nobody_sees_a_figure_without_a_key(reported: Service) -> None:
    stranger = Manager(reported)
    page = stranger.look()
    assert "Sign in" in page.text
    assert "<svg" not in page.text
    assert stranger.look("/csv/countries").text.count("<form") == 1
    assert stranger.sign_in("wrong").status_code == 403
    assert stranger.sign_in(key_of(reported, "seek", "check")).status_code == 403
    assert not stranger.cookie


def test_the_sections_stand_in_the_order_that_the_evidence_asks_for(manager: Manager) -> None:
    assert list(sections(manager.look().text)) == ORDER


def test_every_chart_has_words_a_table_and_a_file(manager: Manager) -> None:
    page = manager.look().text
    figures = page.split('<div class="figure">')[1:]
    charts = [figure for figure in figures if "<svg" in figure]
    assert len(charts) >= 3
    for figure in figures:
        assert "<table>" in figure
        assert figure.index("<table>") > figure.rfind("</svg>")
        file = manager.look(f"/csv/{re.search(r'/reports/csv/([^?]+)', figure)[1]}")  # type: ignore[index]
        assert file.headers["content-type"] == "text/csv; charset=utf-8"
        rows = list(csv.DictReader(io.StringIO(file.text)))
        assert {row["platform"] for row in rows} == {"seek"}
        assert len(rows) == figure.split("<tbody>")[1].split("</tbody>")[0].count("<tr>")


def test_every_share_stands_with_its_limits(manager: Manager) -> None:
    for name in ("stopping-by-month", "help-by-month", "countries"):
        file = manager.look(f"/csv/{name}").text
        rows = list(csv.DictReader(io.StringIO(file)))
        assert rows, file[:500]
        shares = [column for column in rows[0] if f"{column}_low" in rows[0]]
        assert shares, file
        for row in rows:
            for column in shares:
                if row[column]:
                    assert float(row[f"{column}_low"]) <= float(row[column]) <= float(row[f"{column}_high"])


def test_a_region_has_pages_but_no_share_since_its_help_came_from_countries_in_rows_of_their_own(
    manager: Manager,
) -> None:
    territories = Locale("en").territories
    regions = {"All others together", *(territories[region] for region in MEMBERS)}
    rows = list(csv.DictReader(io.StringIO(manager.look("/csv/countries").text)))
    merged = [row for row in rows if row["country"] in regions]
    assert merged
    assert all(row["help_opened"] for row in rows[:3])
    for row in merged:
        assert row["pages"]
        assert [value for name, value in row.items() if name.startswith(("help_opened", "wrong_match"))] == [""] * 6


def test_a_suppressed_figure_is_never_a_zero(manager: Manager) -> None:
    page = manager.look().text
    cells = re.findall(r"<td[^>]*><span[^>]*>([^<]*)</span>", page)
    assert any(cell.startswith(("fewer than", "at most")) for cell in cells)
    assert not {"0", f"0{PERCENT}", f"0.0{PERCENT}"} & set(cells)


def test_the_page_loads_nothing_and_runs_nothing(manager: Manager) -> None:
    response = manager.look()
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "unsafe" not in policy
    page = Html(response.text)
    assert not page.all("script")
    assert not [attributes for _, attributes in page.tags if "style" in attributes]
    assert all(not link["href"].startswith("http") for link in page.all("a"))
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["referrer-policy"] == "same-origin"
    assert response.headers["x-frame-options"] == "DENY"


def test_a_platform_whose_key_is_not_signed_in_is_not_to_be_had(manager: Manager) -> None:
    assert "<h1>seek</h1>" in manager.look(platform="tube").text
    assert "<option>tube" not in manager.look().text


def test_a_second_key_shows_its_platform_beside_the_first(reported: Service) -> None:
    both, keys = Manager(reported), [key_of(reported, platform) for platform in ("tube", "access")]
    for key in keys:
        eventually(lambda key=key: "no-cookie" in both.sign_in(key).headers.get("location", ""))  # type: ignore[misc]
    for platform in ("tube", "access"):
        assert f"<h1>{platform}</h1>" in both.look(platform=platform).text


def test_months_and_surface_are_chosen_and_whatever_cannot_be_is_not(manager: Manager) -> None:
    one = manager.look(**{"from": str(MONTH.number), "to": str(MONTH.number), "surface": "image"}).text
    assert '<option value="image" selected>' in one
    assert f'<option value="{MONTH.number}" selected>' in one
    for query in ({"from": "99999", "to": "0"}, {"from": "x", "to": "-1"}, {"surface": "zorblax", "platform": "<b>"}):
        response = manager.look(**query)
        assert response.status_code == 200
        assert "zorblax" not in response.text


def test_a_platform_that_does_not_say_which_warning_it_is_is_told_how(reported: Service) -> None:
    other, key = Manager(reported), key_of(reported, "access")
    eventually(lambda: other.sign_in(key).status_code == 303)
    assert "does not say which warning" in sections(other.look().text)["stopping"]


def test_figures_of_a_helpline_are_kept_as_they_may_be_shown(manager: Manager) -> None:
    fields = {"platform": "seek", "month": CALENDAR, "source": "stop-it-now-uk", "measure": "calls", "count": "43"}
    assert manager.send("/figures", fields).headers["location"].endswith("told=kept")
    assert manager.send("/figures", {**fields, "measure": "chats", "count": "7"}).status_code == 303
    file = manager.look("/csv/helplines", to=str(unit_of(Span.MONTH, CLOSED).number)).text
    shown = {row["what"]: row["count"] for row in csv.DictReader(io.StringIO(file))}
    if shown:  # the newest calendar month may lie after the newest month of whole weeks
        assert shown == {"Calls answered": "45", "Chats held": ""}
    ledger = asyncio.run(_figures(manager.service))
    assert sorted(each.count or 0 for each in ledger.values()) == [0, 45]
    for measure in ("calls", "chats"):
        manager.send("/figures", {**fields, "measure": measure, "count": ""})
    assert asyncio.run(_figures(manager.service)) == {}


async def _figures(service: Service) -> Any:
    ledger = StoreLedger(EmbeddedStore(service.data_dir).url)
    try:
        return await ledger.figures("seek")
    finally:
        await ledger.close()


def test_a_file_of_figures_is_taken_whole_or_not_at_all(manager: Manager) -> None:
    rows = f"month,source,measure,count\n{CALENDAR},appeals,received,40\n{CALENDAR},appeals,upheld,"
    for count, status in (("x", 400), ("12", 303)):
        response = manager.send("/figures", {"platform": "seek"}, files={"file": ("a.csv", rows + count + "\n")})
        assert response.status_code == status
        assert len(asyncio.run(_figures(manager.service))) == (2 if status == 303 else 0)
    bad = manager.send("/figures", {"platform": "seek"}, files={"file": ("a.csv", rows + "x\n")})
    assert "Line 3 of the file needs a whole number" in bad.text
    assert manager.send("/figures", {}, files={"file": ("a.csv", b"\xff\x00" * 400_000)}).status_code == 413


def test_a_note_stands_among_the_changes_and_can_be_taken_back(manager: Manager) -> None:
    words = "A campaign began <b>"
    day = iso(MONTH.days[3])
    fields = {"platform": "seek", "day": day, "kind": "other", "text": words}
    assert manager.send("/notes", fields).headers["location"].endswith("told=noted")
    changes = sections(manager.look().text)["changes"]
    assert "A campaign began &lt;b&gt;" in changes
    name = re.search(r'name="strike" value="([0-9a-f]+)"', changes)
    assert name
    assert manager.send("/notes", {"platform": "seek", "strike": name[1]}).headers["location"].endswith("told=struck")
    assert "A campaign began" not in manager.look().text
    for wrong in ({"day": "2026-13-01"}, {"day": "1999-01-01"}, {"kind": "x"}, {"text": " "}, {"text": "x" * 201}):
        assert manager.send("/notes", {**fields, **wrong}).headers["location"].endswith("told=bad-note")


def test_a_list_that_is_published_or_rolled_back_is_noted_by_itself(manager: Manager, tmp_path: Any) -> None:
    service, source = manager.service, tmp_path / "list.csv"
    source.write_text("kind,value\n" + "".join(f"term,zorblax{number} minku\n" for number in range(4)))
    service.run("lists", "build", str(source), "--out", str(tmp_path / "bundle"))
    service.run("lists", "publish", str(tmp_path / "bundle"), "--accept-change")
    service.run("lists", "rollback")
    notes = asyncio.run(_notes(service))
    assert [note.text.split(":")[0] for note in notes] == ["New list", "Back to the earlier list"]
    assert {note.day for note in notes} == {iso(int(time.time()) // DAY_SECONDS)}
    assert not any(note.by_hand for note in notes)


async def _notes(service: Service) -> Any:
    ledger = StoreLedger(EmbeddedStore(service.data_dir).url)
    try:
        return [note for _, note in sorted((await ledger.notes("")).items())]
    finally:
        await ledger.close()


@pytest.mark.parametrize("path", ["/sign-in", "/sign-out", "/figures", "/notes"])
def test_no_other_site_can_send_a_form(manager: Manager, path: str) -> None:
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {}):
        assert manager.send(path, {"key": "demo", "platform": "seek"}, headers=headers).status_code == 403
    assert "<h1>" in manager.look().text


def test_a_revoked_key_ends_the_sign_in(reported: Service) -> None:
    someone, key = Manager(reported), key_of(reported, "seek")
    eventually(lambda: someone.sign_in(key).status_code == 303)
    assert "<h1>seek</h1>" in someone.look().text
    before = reported.run("keys", "list").stdout
    for key_id in set(re.findall(r"\b[0-9a-f]{8}\b", before)):
        if key_id in _digest(key):
            reported.run("keys", "revoke", key_id)
    eventually(lambda: "<h1>Sign in</h1>" in someone.look().text)


def _digest(key: str) -> str:
    import hashlib

    return hashlib.sha256(key.encode()).hexdigest()[:8]


def test_signing_out_ends_it_for_every_copy_of_the_cookie(reported: Service) -> None:
    someone = Manager(reported)
    someone.sign_in("demo")
    assert "<h1>demo</h1>" in someone.look().text
    response = someone.send("/sign-out", {})
    assert "Max-Age=0" in response.headers["set-cookie"]
    assert "<h1>Sign in</h1>" in someone.look().text


def test_the_list_of_experiments_has_those_of_the_platform_with_their_state(manager: Manager) -> None:
    assert '<a href="/reports/experiments?platform=seek">' in manager.look().text
    page = manager.look("/experiments").text
    assert page.index("to-come") < page.index("harm-first; ")
    assert "; to come." in page
    assert "; runs." in page
    assert "elsewhere" not in page


def test_the_page_of_an_experiment_says_first_what_follows_and_then_how_it_is_known(manager: Manager) -> None:
    response = manager.look("/experiments/harm-first")
    page = response.text
    order = ["<h1>Do more people stop", "More people stop after arm B", "“Stop here", *EXPERIMENT_PARTS]
    places = [page.index(words) for words in order]
    assert places == sorted(places)
    assert response.headers["content-security-policy"] == manager.look().headers["content-security-policy"]
    assert not Html(page).all("script")
    assert not [attributes for _, attributes in Html(page).tags if "style" in attributes]


EXPERIMENT_PARTS = [f'<section id="{name}"' for name in ("stopped", "help", "harm", "trust", "more", "plan")]


def test_each_table_of_an_experiment_stands_beside_it_as_a_file(manager: Manager) -> None:
    page = manager.look("/experiments/harm-first").text
    files = re.findall(r'href="/reports(/experiments/harm-first/csv/([\w-]+))\?platform=seek"', page)
    assert {name for _, name in files} == {
        *("stopped-arms", "stopped-differences", "help-arms", "help-differences", "guardrails", "shares")
    }
    for path, name in files:
        file = manager.look(path)
        assert f"seek-harm-first-{name}.csv" in file.headers["content-disposition"]
        assert {row["platform"] for row in csv.DictReader(io.StringIO(file.text))} == {"seek"}
    (row,) = csv.DictReader(io.StringIO(manager.look("/experiments/harm-first/csv/stopped-differences").text))
    assert 0 < float(row["points_low"]) < float(row["points"]) < float(row["points_high"])


def test_an_experiment_of_another_platform_or_of_nobody_is_not_to_be_had(reported: Service, manager: Manager) -> None:
    for name in ("elsewhere", "zorblax", "..%2f"):
        assert manager.look(f"/experiments/{name}").status_code == 404
    assert manager.look("/experiments/harm-first/csv/zorblax").status_code == 404
    assert manager.look("/experiments/to-come", platform="tube").status_code == 200
    stranger = Manager(reported)
    for path in ("", "/harm-first", "/harm-first/csv/shares"):
        assert "Sign in" in stranger.look(f"/experiments{path}").text


def test_a_service_that_shows_pages_alone_has_no_dashboard(make_service: Callable[..., Service]) -> None:
    pages = make_service("--demo", REDIRECT_ONLY="pages")
    assert pages.get("/reports").status_code == 404


def test_nothing_of_a_sign_in_is_written_to_a_log(manager: Manager) -> None:
    assert manager.cookie.partition("=")[2] not in manager.service.log.read_text()
    assert "seek" not in manager.service.log.read_text()
