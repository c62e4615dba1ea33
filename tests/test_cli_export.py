"""`redirect export`, as an operator types it."""

from __future__ import annotations

import grp
import os
import re
import stat
from typing import TYPE_CHECKING, NamedTuple

import pytest
from typer.testing import CliRunner

from redirect.cli import application
from redirect.domain.errors import RedirectError
from redirect.domain.zones import Format
from redirect.tools.live import SAMPLE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Service

    Run = Callable[..., "Done"]

HEADER = "kind,value,category,confidence,language,source,expires,note"
SERIAL = re.compile(r"^@ SOA \S+ \S+ (\d+) ", re.MULTILINE)
GROUP = grp.getgrgid(os.getegid()).gr_name


class Done(NamedTuple):
    """What came of a command."""

    code: int
    out: str
    err: str


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run `redirect export` within this process, which saves a second or two each time: `run("rpz", path, …)`."""
    monkeypatch.setenv("REDIRECT_DATA_DIR", str(tmp_path_factory.mktemp("data") / "var"))

    def run(*arguments: object, code: int = 0) -> Done:
        result = CliRunner().invoke(application("export"), ["export", *map(str, arguments)])
        refused = isinstance(result.exception, RedirectError | OSError)
        done = Done(2 if refused else result.exit_code, result.stdout, result.stderr + str(result.exception or ""))
        assert done.code == code, done
        return done

    return run


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a list of our own columns."""

    def write(*rows: str) -> Path:
        path = tmp_path / "list.csv"
        path.write_text("\n".join((HEADER, *rows)) + "\n")
        return path

    return write


def host(*names: str) -> tuple[str, ...]:
    return tuple(f"host,{name},csam,high,,,," for name in names)


def test_the_hosts_of_a_list_become_a_zone_that_its_owner_alone_can_read(
    make_service: Callable[..., Service], tmp_path: Path
) -> None:
    operator, out = make_service(start=False), tmp_path / "zone"
    done = operator.run("export", "rpz", str(SAMPLE), "--out", str(out), "--stop-name", "stop.example")
    assert "*.wholly-blocked.example CNAME stop.example.\n" in out.read_text()
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert re.search(r"1 hosts, serial \d{10}, in ", done.stdout)
    assert "lines 2, 3, 4, 5, 6, 7: it is no host" in done.stderr
    assert "example" not in done.stdout.replace(str(out), "") + done.stderr


@pytest.mark.parametrize("format_", Format)
def test_every_format_is_written_and_stays_while_nothing_changes(run: Run, tmp_path: Path, format_: Format) -> None:
    out = tmp_path / "file"
    command = (format_, SAMPLE, "--out", out, "--stop-address", "192.0.2.80", "--group", GROUP)
    run(*command)
    assert stat.S_IMODE(out.stat().st_mode) == 0o640
    before = (out.stat().st_ino, out.read_bytes())
    assert b"192.0.2.80" in before[1]
    assert run(*command).out.startswith("No host has changed")
    assert (out.stat().st_ino, out.read_bytes()) == before


def test_the_serial_rises_with_each_change_also_from_a_zone_of_another_hand(
    run: Run, tmp_path: Path, write: Callable[..., Path]
) -> None:
    out = tmp_path / "zone"
    out.write_text("$TTL 60\n@ IN SOA ns.example. me.example. ( 3026112201 1 1 1 1 )\n")
    serials = []
    for names in (("a.example", "b.example"), ("a.example", "c.example"), ("a.example", "b.example")):
        run("rpz", write(*host(*names)), "--out", out)
        serials.append(int(SERIAL.search(out.read_text())[1]))  # type: ignore[index]
    assert serials == [3026112202, 3026112203, 3026112204]


def test_who_may_read_it_is_mended_also_where_no_host_has_changed(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "zone"
    run("rpz", SAMPLE, "--out", out)
    out.chmod(0o644)
    run("rpz", SAMPLE, "--out", out)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


def test_a_line_that_cannot_be_read_is_named_by_number_and_the_exit_code_says_so(
    run: Run, tmp_path: Path, write: Callable[..., Path]
) -> None:
    out = tmp_path / "zone"
    rows = (
        *host("blocked.example", "not a host", "192.0.2.1", "x.rpz-ip"),
        "host,drovic",
        "term,quellfen,csam,high,,,,",
    )
    done = run("rpz", write(*rows), "--out", out, code=1)
    assert "lines 3, 4, 5: this is no host name" in done.err
    assert "line 6: the record" in done.err
    assert "line 7: it is no host" in done.err
    assert "rpz-ip" not in out.read_text() + done.err
    for entry in ("blocked", "192.0.2.1", "drovic", "quellfen"):
        assert entry not in done.out + done.err


def test_an_exception_spares_a_host_up_to_its_last_day_and_no_longer(
    run: Run, tmp_path: Path, write: Callable[..., Path]
) -> None:
    out = tmp_path / "zone"
    gone, good = "except,gone.example,csam,high,,,2020-01-31,", "except,good.example,csam,high,,,2999-12-31,"
    done = run("rpz", write(*host("gone.example", "good.example"), gone, good), "--out", out, code=1)
    assert "line 4: it has expired" in done.err
    assert "\ngone.example CNAME .\n" in out.read_text()
    assert "good.example" not in out.read_text()


def test_likely_entries_pass_as_policy_says(run: Run, tmp_path: Path, write: Callable[..., Path]) -> None:
    out = tmp_path / "zone"
    path = write(*host("blocked.example"), "host,likely.example,csam,medium,,,,")
    assert "line 3: messages/categories.toml" in run("rpz", path, "--out", out).err
    assert "likely" not in out.read_text()


@pytest.mark.parametrize(
    ("name", "because"),
    [
        ("github.io", "a whole public suffix"),
        ("amazonaws.com", "what stands above one"),
        ("google.com", "everybody's site"),
        ("samaritans.org", "a service that helps"),
        ("stop.example", "the stop page"),
        ("safety.example", "our own pages"),
    ],
)
def test_what_would_block_everybody_or_help_itself_is_never_written(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    write: Callable[..., Path],
    name: str,
    because: str,
) -> None:
    monkeypatch.setenv("REDIRECT_PUBLIC_URL", "https://warn.safety.example/pages")
    out = tmp_path / "zone"
    path = write(*host("blocked.example", name))
    done = run("rpz", path, "--out", out, "--stop-name", "stop.example", code=2)
    assert "nothing is written: it would block" in done.err
    assert "list.csv, line 3" in done.err
    assert name not in done.err
    assert not out.exists(), because
    path = write(*host("blocked.example", name), f"except,{name},csam,high,,,,")
    run("rpz", path, "--out", out, "--stop-name", "stop.example")


def test_a_file_that_would_shrink_or_grow_by_more_than_a_fifth_waits_for_a_word(
    run: Run, tmp_path: Path, write: Callable[..., Path]
) -> None:
    out = tmp_path / "zone"
    names = [f"host-{number}.example" for number in range(10)]
    run("rpz", write(*host(*names)), "--out", out)
    before = out.read_text()
    done = run("rpz", write(*host(*names[:7])), "--out", out, code=2)
    assert "7 hosts, and 10 before" in done.err
    assert out.read_text() == before
    run("rpz", write(*host(*names[:8])), "--out", out)
    run("rpz", write(*host(*names[:1])), "--out", out, "--accept-change")


def test_no_host_left_writes_nothing(run: Run, tmp_path: Path, write: Callable[..., Path]) -> None:
    path = write("term,zorblax minku,csam,high,,,,")
    run("hosts", path, "--out", tmp_path / "hosts", code=2)
    assert not (tmp_path / "hosts").exists()


def test_a_bundle_cannot_be_exported(make_service: Callable[..., Service], tmp_path: Path) -> None:
    operator = make_service(start=False)
    operator.run("lists", "build", str(SAMPLE), "--out", str(tmp_path / "bundle"))
    for file in (tmp_path / "bundle").iterdir():
        done = operator.run("export", "rpz", str(file), "--out", str(tmp_path / "zone"), fails=True)
        assert done.returncode == 2
    assert not (tmp_path / "zone").exists()


def test_what_somebody_else_wrote_is_never_replaced(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "hosts"
    for text in ("127.0.0.1 localhost\n", "# redirect export unbound: 1 hosts\n"):
        out.write_text(text)
        done = run("hosts", SAMPLE, "--out", out, code=2)
        assert "move it away first" in done.err
        assert out.read_text() == text
    out.write_text("")
    run("hosts", SAMPLE, "--out", out)


def test_it_is_written_only_where_nobody_else_can_put_another_in_its_place(run: Run, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    for out, why in ((shared / "zone", "everybody may write"), (tmp_path, "no regular file"), ("-", "never shown")):
        done = run("rpz", SAMPLE, "--out", out, code=2)
        assert not done.out
        assert why in done.err
    run("rpz", SAMPLE, "--out", tmp_path / "no" / "zone", code=2)


@pytest.mark.parametrize(
    "options",
    [
        ("--policy", "redirect"),
        ("--policy", "nxdomain", "--stop-name", "stop.example"),
        ("--stop-address", "here"),
        ("--origin", "a b"),
        ("--group", "no-such-group-here"),
        ("--ttl", "-1"),
    ],
)
def test_options_that_cannot_be_meant_write_nothing(run: Run, tmp_path: Path, options: tuple[str, ...]) -> None:
    out = tmp_path / "zone"
    done = run("rpz", SAMPLE, "--out", out, *options, code=2)
    assert not out.exists()
    assert options[0] in done.err


def test_nothing_of_an_export_is_left_anywhere_else(make_service: Callable[..., Service], tmp_path: Path) -> None:
    operator = make_service(start=False)
    operator.run("export", "rpz", str(SAMPLE), "--out", str(tmp_path / "zone"))
    assert [file.name for file in tmp_path.iterdir()] == ["zone"]
    assert not operator.data_dir.exists()
