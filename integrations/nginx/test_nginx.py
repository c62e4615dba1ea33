"""Owns what the nginx adapter promises, on the real nginx and the real service. Must never touch the nginx of the
machine: each one runs in the foreground from a directory of its own, and is stopped by its own process id."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from conftest import eventually, needed
from integrations.conftest import LISTED_HOST, RESULTS, Reply, StandIn, ask
from integrations.contract import CANARY, PERSON, Front, MakeFront, SearchAdapter, assert_unwritten, hung
from integrations.proxy_contract import FORGED, vouched
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Service

    MakeNginx = Callable[..., "Nginx"]

HERE = Path(__file__).parent
LISTED = "/search?q=zorblax+minku"
UNLISTED = "/search?q=weather+tomorrow"
FAILURE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d [0-9, ]+")
KEY_LINE = 'proxy_set_header Authorization "Bearer {}";\n'
CLOSED = {"default open;": "default closed;"}
EVERYWHERE = {"location / {": "location / {\nauth_request /redirect-check; error_page 403 = @redirect_stop;"}


@dataclass
class Nginx(Front):
    """A running nginx with the shipped files."""

    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> Nginx:
        conf, own = self.directory / "nginx.conf", str(self.directory)
        with (self.directory / "stderr.log").open("ab") as log:
            self.process = subprocess.Popen(
                [needed("nginx"), "-p", own, "-e", "stderr", "-c", str(conf)], stdout=log, stderr=log
            )
        eventually(self._answers, 20, "nginx did not start")
        return self

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.directory / "stderr.log").read_text()
        try:
            return ask(self.port, "/").status > 0
        except OSError:
            return False

    def stop(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)

    def get(self, target: bytes | str, method: str = "GET", **headers: str) -> Reply:
        return ask(self.port, target, method, headers=headers)

    def failures(self) -> list[str]:
        """Lines that tell of searches which redirect could not decide."""
        return (self.directory / "redirect-failures.log").read_text().splitlines()


@pytest.fixture(scope="module")
def directories() -> Iterator[list[Path]]:
    """Where every nginx of this file wrote, until all its tests are done."""
    made: list[Path] = []
    yield made
    for directory in made:
        shutil.rmtree(directory)


@pytest.fixture(scope="module")
def make_nginx(platform: StandIn, service: Service, directories: list[Path]) -> Iterator[MakeNginx]:
    """Make one from the shipped files: `make_nginx(port, {"text in a file": "what to write instead"}, key)`."""
    made: list[Nginx] = []

    def make(
        asked: int | None = None, changes: dict[str, str] | None = None, key: str = "demo", behind: int | None = None
    ) -> Nginx:
        directory = Path(tempfile.mkdtemp(prefix="nginx-"))
        directory.chmod(0o711)  # workers of an nginx that root starts have another user, and keep long bodies here
        directories.append(directory)
        nginx = Nginx(free_port(), directory)
        shutil.copy(HERE / "nginx.conf", directory)
        shutil.copytree(HERE / "redirect", directory / "redirect")
        (directory / "redirect" / "key.conf").write_text(KEY_LINE.format(key))
        paths = [f"{kind}_temp_path {directory}/{kind};" for kind in ("proxy", "fastcgi", "uwsgi", "scgi")]
        _edit(directory, {
            "/var/log/nginx/": f"{directory}/",
            "/run/redirect-example.pid": f"{directory}/pid",
            "http {\n": "\n".join(["http {", f"client_body_temp_path {directory}/body;", *paths, ""]),
            "listen 127.0.0.1:8081;": f"listen 127.0.0.1:{nginx.port};",
            "listen 127.0.0.1:8082;": f"listen 127.0.0.1:{free_port()};",
            "proxy_pass http://127.0.0.1:8082;": f"proxy_pass http://127.0.0.1:{behind or platform.port};",
            "server 127.0.0.1:8080;": f"server 127.0.0.1:{asked or service.port};",
        })  # fmt: skip
        _edit(directory, changes or {})
        made.append(nginx.start())
        return nginx

    yield make
    for nginx in made:
        nginx.stop()


def _edit(directory: Path, changes: dict[str, str]) -> None:
    files = sorted(directory.rglob("*.conf"))
    for old, new in changes.items():
        assert any(old in file.read_text() for file in files), f"{old!r} stands in no file"
        for file in files:
            file.write_text(file.read_text().replace(old, new))


@pytest.fixture(scope="module")
def nginx(make_nginx: MakeNginx) -> Nginx:
    return make_nginx()


@pytest.fixture(scope="module")
def make_front(make_nginx: MakeNginx) -> MakeFront:
    def make(
        asked: int | None = None, *, on_error: str = "open", key: str = "demo", behind: int | None = None
    ) -> Front:
        return make_nginx(asked, CLOSED if on_error == "closed" else None, key, behind)

    return make


class TestContract(SearchAdapter):
    asks = "nginx"
    sees_bodies = False
    takes_40_kilobytes = False
    gives_up_at = frozenset({"no HTTP", "nothing"})


is_stopped, passes = TestContract().is_stopped, TestContract().passes


def test_the_page_learns_no_referrer(nginx: Nginx) -> None:
    assert nginx.get(LISTED).headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("path", ["/se%61rch", "//search", "/x/../search", "http://search.example/search", "/search/"])
def test_no_spelling_of_the_path_passes(nginx: Nginx, path: str) -> None:
    assert is_stopped(nginx.get(f"{path}?q=zorblax+minku"))


def test_40_kilobytes_are_refused_by_nginx_itself_and_decided_where_it_is_set_to_take_them(
    nginx: Nginx, make_nginx: MakeNginx
) -> None:
    long = LISTED + "+x" * 20_000
    assert nginx.get(long).status == 414
    roomy = make_nginx(changes={"http {\n": "http {\nlarge_client_header_buffers 4 64k;\n"})
    assert is_stopped(roomy.get(long))
    assert passes(roomy.get(UNLISTED + "+x" * 20_000))


def test_a_post_to_a_listed_address_turns_into_a_get_of_the_page(nginx: Nginx) -> None:
    assert is_stopped(ask(nginx.port, LISTED, "POST", b"a=b"), "POST")


def test_only_what_the_decision_needs_reaches_redirect(make_nginx: MakeNginx, stand_in: Callable[..., StandIn]) -> None:
    redirect = stand_in()
    make_nginx(redirect.port).get(
        LISTED, Cookie="a=b", User_Agent="curl", Referer="http://a.example/", Accept_Language="es",
        X_Forwarded_For="192.0.2.1", X_Original_URI="/", X_Forwarded_Uri="/", Authorization="Basic YQ==",
    )  # fmt: skip
    assert redirect.seen[-1].headers == {
        "host": "redirect",
        "authorization": "Bearer demo",
        "accept-language": "es",
        "x-original-uri": LISTED,
        "x-original-method": "GET",
        "x-forwarded-host": "search.example",
    }


@pytest.mark.parametrize(("said", "told"), [("GB", "GB"), ("ZZ&style=none", ""), ("-", "")])
def test_the_country_is_told_where_nginx_knows_it(
    make_nginx: MakeNginx, stand_in: Callable[..., StandIn], said: str, told: str
) -> None:
    redirect = stand_in()
    make_nginx(redirect.port, {'map "" $redirect_country': f'map "{said}" $redirect_country'}).get(LISTED)
    assert redirect.seen[-1].target == f"/v1/forward?country={told}&style=nginx"


def test_one_connection_to_redirect_serves_many_searches(
    make_nginx: MakeNginx, stand_in: Callable[..., StandIn]
) -> None:
    redirect = stand_in()
    nginx = make_nginx(redirect.port)
    for _ in range(20):
        assert passes(nginx.get(UNLISTED))
    assert (len(redirect.seen), redirect.connections) == (20, 1)


def test_a_wrong_key_shows_no_login_window(make_nginx: MakeNginx, stand_in: Callable[..., StandIn]) -> None:
    redirect = stand_in(status=401, headers={"WWW-Authenticate": "Bearer"})
    for changes in ({}, CLOSED):
        assert "www-authenticate" not in make_nginx(redirect.port, changes).get(LISTED).headers


@pytest.mark.parametrize("status", [302, 401, 403, 404, 429, 500])
def test_a_failure_names_its_status_once_for_each_search_and_nothing_else(
    make_nginx: MakeNginx, stand_in: Callable[..., StandIn], status: int
) -> None:
    nginx = make_nginx(stand_in(status=status).port)
    assert passes(nginx.get(LISTED))
    (line,) = nginx.failures()
    assert FAILURE.fullmatch(line)
    assert line.endswith(f" {status}")


def test_a_key_of_another_scope_is_named_too(make_nginx: MakeNginx, service: Service) -> None:
    other = service.run("keys", "create", "--platform", "acme", "--scope", "tally").stdout.strip()
    wrong = make_nginx(key=other)
    eventually(lambda: passes(wrong.get(LISTED)) and wrong.failures()[-1].endswith(" 403"))


def test_a_hung_service_is_named_504(nginx: Nginx, service: Service) -> None:
    with hung(service):
        assert passes(nginx.get(LISTED))
    assert nginx.failures()[-1].endswith(" 504")
    eventually(lambda: is_stopped(nginx.get(LISTED)))


def test_closed_can_be_set_for_one_host_alone(make_nginx: MakeNginx) -> None:
    nginx = make_nginx(free_port(), {"default open;": "default open;\nstrict.example closed;"})
    assert passes(nginx.get(LISTED))
    assert nginx.get(LISTED, Host="strict.example").status == 503


def test_a_decided_search_writes_no_line(nginx: Nginx) -> None:
    before = nginx.failures()
    nginx.get(LISTED)
    nginx.get(UNLISTED)
    assert nginx.failures() == before


def test_a_403_of_the_platform_stays_its_own(
    make_nginx: MakeNginx, platform: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = 'error_page 403 /own; location = /own { internal; return 403 "Members only."; }\nlocation /search {'
    nginx = make_nginx(
        changes={"location /search {": f"{page}\nrecursive_error_pages on; if ($arg_closed) {{ return 403; }}"}
    )
    reply = nginx.get("/search?closed=1")
    assert (reply.status, reply.body) == (403, b"Members only.")
    assert is_stopped(nginx.get(LISTED))
    monkeypatch.setattr(platform, "status", 403)
    reply = nginx.get(UNLISTED)
    assert (reply.status, reply.body) == (403, RESULTS)


@pytest.mark.parametrize("language", ["es-AR,es;q=0.9", "ar", "en"])
def test_the_page_opens_under_the_host_of_the_platform_in_the_language_of_the_reader(
    nginx: Nginx, language: str
) -> None:
    where = urlsplit(nginx.get(LISTED, Accept_Language=language).headers["location"]).path
    for headers in ({"Accept_Language": language}, {}):
        page = nginx.get(where, Host=LISTED_HOST, **headers)
        assert page.status == 200
        assert page.headers["content-language"].startswith(language[:2])
        assert f'href="{where}/leave"'.encode() in page.body
    assert nginx.get(f"{where}/leave", Host=LISTED_HOST).status == 303


def test_the_page_gets_no_cookie_key_or_referrer(make_nginx: MakeNginx, stand_in: Callable[..., StandIn]) -> None:
    redirect = stand_in()
    make_nginx(redirect.port).get(
        "/safety/w/abc", Cookie="a=b", Referer="http://a.example/", Authorization="Basic YQ=="
    )
    assert {"cookie", "referer", "authorization"}.isdisjoint(redirect.seen[-1].headers)


def test_no_reader_can_say_whose_click_it_is_but_a_proxy_that_the_operator_names(
    make_nginx: MakeNginx, stand_in: Callable[..., StandIn]
) -> None:
    redirect = stand_in()
    nginx = make_nginx(redirect.port)
    for connection in ("close", "close, X-Forwarded-For"):
        assert vouched(nginx, redirect, connection) == PERSON
    named = "include redirect/pages.conf;\nset_real_ip_from 127.0.0.0/8; real_ip_header X-Forwarded-For;"
    assert vouched(make_nginx(redirect.port, {"include redirect/pages.conf;": named}), redirect) == FORGED[1]


@pytest.mark.parametrize(
    "path",
    ["v1/check", "v1/forward", "metrics", "livez", "reports", "", "w/../metrics", "w/%2e%2e/metrics", "w/..%2fmetrics"],
)
def test_nothing_but_pages_is_open_to_the_world(nginx: Nginx, path: str) -> None:
    assert passes(nginx.get(f"/safety/{path}"))


def test_the_page_never_stops_itself_even_where_everything_is_checked_and_its_host_is_listed(
    make_nginx: MakeNginx,
) -> None:
    pages = (HERE / "redirect" / "pages.conf").read_text()
    checked = pages.replace("proxy_pass", "auth_request /redirect-check; error_page 403 = @redirect_stop;\nproxy_pass")
    nginx = make_nginx(changes={**EVERYWHERE, pages: checked})
    reply = nginx.get("/anything", Host=LISTED_HOST)
    assert is_stopped(reply)
    page = nginx.get(urlsplit(reply.headers["location"]).path, Host=LISTED_HOST)
    assert page.status == 200
    onward = re.findall(r'(?:href|action)="(/safety/w/[^"]*)"', page.body.decode())
    assert len(onward) > 4
    for link in onward:
        assert not is_stopped(nginx.get(link, Host=LISTED_HOST))
    assert is_stopped(nginx.get("/safety/w/../../anything", Host=LISTED_HOST))


def test_a_missing_socket_writes_no_query_or_address(make_nginx: MakeNginx, service: Service) -> None:
    gone = make_nginx(changes={f"server 127.0.0.1:{service.port};": "server unix:/nonexistent/redirect.sock;"})
    for query in (CANARY, CANARY + "x" * 40_000):
        ask(gone.port, f"/search?q={query}", source=PERSON)
    assert set(map(len, gone.failures())) == {len("2026-11-22T01:07 502")}
    assert_unwritten([gone.directory])


def test_with_crit_instead_of_emerg_or_a_plain_access_log_nginx_would_have_written_them(make_nginx: MakeNginx) -> None:
    loud = make_nginx(changes={
        "redirect-error.log emerg": "redirect-error.log crit",
        "server 127.0.0.1:": "server unix:/nonexistent/redirect.sock; #",
    })  # fmt: skip
    ask(loud.port, f"/search?q={CANARY}", source=PERSON)
    written = (loud.directory / "redirect-error.log").read_text()
    assert CANARY in written
    assert PERSON in written


def test_the_readme_shows_what_is_shipped() -> None:
    readme, example = (HERE / "README.md").read_text(), (HERE / "nginx.conf").read_text()
    snippet = readme.partition("```nginx\n")[2].partition("```")[0]
    for line in (line.strip() for line in snippet.splitlines()):
        assert line in example or line.startswith("#")
    for setting in re.findall(r"^\| [^|]*\| (?:`([^`|*]+)`[, ]*)", readme, re.MULTILINE):
        assert any(setting in file.read_text() for file in (HERE / "redirect").iterdir()), setting
