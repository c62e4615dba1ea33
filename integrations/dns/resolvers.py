"""Owns the resolvers that the DNS exports are tried with: the real programs, each in the foreground with the shipped
configuration, on a port of its own on loopback. Must never ask anyone outside, nor touch a resolver of the machine."""

from __future__ import annotations

import re
import signal
import subprocess
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from conftest import eventually, needed
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
READY = "up.example"
UNLOADED = "{'priming', 'ta_update', 'ta_signal_query', 'ta_sentinel'}"
"""Parts of Knot Resolver that ask the root servers by themselves."""


class Answer(NamedTuple):
    """What a resolver said: the status, records as `TYPE data`, and an extended error, if it gave one."""

    status: str
    records: tuple[str, ...]
    extended: str = ""


@dataclass
class Resolver:
    """One running resolver. All that it writes stands in `directory`, but for `cache`."""

    program: list[str]
    directory: Path
    port: int
    exported: Path
    reload: list[list[str]] = field(default_factory=list)
    hangs_up: bool = False
    restarts: bool = False
    cache: Path | None = None
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> Resolver:
        """Start it, and wait until it answers."""
        with (self.directory / "output.log").open("ab") as log:
            self.process = subprocess.Popen(self.program, stdout=log, stderr=log, cwd=self.directory)
        eventually(self._answers, 30, "the resolver did not start")
        return self

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.directory / "output.log").read_text()
        return self.ask(READY).status == "NOERROR"

    def stop(self) -> None:
        """End it, if it still runs."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(20)

    def ask(self, name: str, kind: str = "A") -> Answer:
        """Ask for a name, as a person's program would."""
        return next(iter(self.ask_all([(name, kind)])), Answer("", ()))

    def ask_all(self, questions: list[tuple[str, str]]) -> list[Answer]:
        """The same for many, one after the other; without those that are not answered."""
        asked = [part for name, kind in questions for part in ("-q", name, "-t", kind)]
        how = ["@127.0.0.1", "-p", str(self.port), "+tries=1", "+time=3", "+noall", "+comments", "+answer"]
        said = subprocess.run([needed("dig"), *how, *asked], capture_output=True, text=True, check=False, timeout=60)
        return [_answer(one) for one in said.stdout.split("->>HEADER<<-")[1:]]

    def renew(self) -> None:
        """Let it read its list anew, as the README says."""
        assert self.process is not None
        for command in self.reload:
            subprocess.run(command, check=True, capture_output=True, cwd=self.directory, timeout=30)
        if self.hangs_up:
            self.process.send_signal(signal.SIGHUP)
        if self.restarts:
            self.stop()
            self.start()

    def written(self) -> Iterator[Path]:
        """What it has written, but for its cache, which the README puts into memory."""
        for file in self.directory.rglob("*"):
            if file.is_file() and file != self.exported and not (self.cache and file.is_relative_to(self.cache)):
                yield file


def _answer(said: str) -> Answer:
    status = re.search(r"status: (\w+)", said)
    records = re.findall(r"^(?!;)\S+\s+\d+\s+IN\s+(\S+)\s+(.*)$", said, re.MULTILINE)
    extended = re.search(r"^; EDE: (.*)$", said, re.MULTILINE)
    return Answer(
        status[1] if status else "",
        tuple(f"{kind} {data}" for kind, data in records),
        extended[1] if extended else "",
    )


def bind(directory: Path, exported: Path, world: int) -> Resolver:
    """BIND with the zone."""
    port, control = free_port(), free_port()
    log = f'channel plain {{ file "{directory}/named.log"; severity info; }};'
    options = directory / "redirect.options.conf"
    options.write_text(_shipped("bind.options.conf", {}))
    top = _shipped(
        "bind.conf",
        {"/var/lib/bind/redirect.rpz": str(exported), "channel plain { syslog daemon; severity info; };": log},
    )
    key = directory / "rndc.key"
    subprocess.run([needed("rndc-confgen"), "-a", "-c", str(key)], check=True, capture_output=True, timeout=30)
    (directory / "named.conf").write_text(
        f'options {{ directory "{directory}"; pid-file "{directory}/pid"; session-keyfile "{directory}/session.key";'
        f" listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; dnssec-validation no; forward only;"
        f' forwarders {{ 127.0.0.1 port {world}; }}; include "{options}"; }};\n'
        f'include "{key}";\n'
        f"controls {{ inet 127.0.0.1 port {control} allow {{ 127.0.0.1; }} keys {{ rndc-key; }}; }};\n{top}"
    )
    program = [needed("named"), "-f", "-n", "1", "-c", str(directory / "named.conf")]
    rndc = [needed("rndc"), "-k", str(key), "-p", str(control), "reload", "rpz.invalid"]
    return Resolver(program, directory, port, exported, [rndc])


def unbound(directory: Path, exported: Path, world: int) -> Resolver:
    """Unbound with the zone."""
    own = {"/var/lib/unbound/redirect.rpz": str(exported)}
    return _unbound(directory, exported, world, _shipped("unbound.conf", own), "auth_zone_reload", "rpz.invalid")


def unbound_without_zone(directory: Path, exported: Path, world: int) -> Resolver:
    """Unbound with its own words in place of a zone."""
    shipped = _shipped("unbound.conf", {}).partition("rpz:")[0]
    return _unbound(directory, exported, world, f'{shipped}\ninclude: "{exported}"\n', "reload")


def _unbound(directory: Path, exported: Path, world: int, shipped: str, *reload: str) -> Resolver:
    port = free_port()
    (directory / "unbound.conf").write_text(
        f'server:\n username: ""\n chroot: ""\n directory: "{directory}"\n pidfile: "{directory}/pid"\n'
        f' use-syslog: no\n logfile: "{directory}/unbound.log"\n interface: 127.0.0.1@{port}\n'
        f" do-not-query-localhost: no\n num-threads: 1\n{shipped}\n"
        f'remote-control:\n control-enable: yes\n control-interface: "{directory}/control"\n control-use-cert: no\n'
        f'forward-zone:\n name: "."\n forward-addr: 127.0.0.1@{world}\n'
    )
    conf = ["-c", str(directory / "unbound.conf")]
    renewal = [needed("unbound-control"), *conf, *reload]
    return Resolver([needed("unbound"), "-d", "-p", *conf], directory, port, exported, [renewal])


def knot(directory: Path, exported: Path, world: int) -> Resolver:
    """Knot Resolver with the zone."""
    port = free_port()
    own = {"/etc/knot-resolver/redirect.rpz": str(exported)}
    cache = directory / "cache"
    # Names let through would be looked up at the root servers; here they lead to the world on this machine instead.
    (directory / "kresd.conf").write_text(
        f"net.listen('127.0.0.1', {port}, {{ kind = 'dns' }})\ncache.open(10 * MB, 'lmdb://{cache}')\n"
        "trust_anchors.remove('.')\n"
        f"for _, each in ipairs({UNLOADED}) do modules.unload(each) end\n"
        f"policy.PASS = policy.STUB('127.0.0.1@{world}')\n{_shipped('kresd.conf', own)}"
        f"policy.add(policy.all(policy.STUB('127.0.0.1@{world}')))\n"
    )
    program = [needed("kresd"), "-n", "-c", str(directory / "kresd.conf"), str(directory)]
    return Resolver(program, directory, port, exported, cache=cache)


def recursor(directory: Path, exported: Path, world: int) -> Resolver:
    """PowerDNS Recursor with the zone."""
    port = free_port()
    (directory / "recursor.lua").write_text(_shipped("recursor.lua", {"/etc/powerdns/redirect.rpz": str(exported)}))
    (directory / "recursor.conf").write_text(
        _shipped("recursor.conf", {"/etc/powerdns/": f"{directory}/"})
        + f"local-address=127.0.0.1\nlocal-port={port}\nforward-zones-recurse=.=127.0.0.1:{world}\ndnssec=off\n"
        f"security-poll-suffix=\nsocket-dir={directory}\ndaemon=no\nwrite-pid=no\ndisable-syslog=yes\nthreads=1\n"
    )
    program = [needed("pdns_recursor"), f"--config-dir={directory}"]
    control = [needed("rec_control"), f"--config-dir={directory}", f"--socket-dir={directory}"]
    return Resolver(
        program, directory, port, exported, [[*control, "reload-lua-config"], [*control, "wipe-cache", "$"]]
    )


def dnsmasq(directory: Path, exported: Path, world: int) -> Resolver:
    """dnsmasq with its own words, which it reads at its start alone."""
    return replace(_dnsmasq(directory, exported, world, f"conf-file={exported}"), restarts=True)


def dnsmasq_with_hosts(directory: Path, exported: Path, world: int) -> Resolver:
    """dnsmasq with a hosts file, which knows no names below a name."""
    return replace(_dnsmasq(directory, exported, world, f"addn-hosts={exported}"), hangs_up=True)


def _dnsmasq(directory: Path, exported: Path, world: int, reads: str) -> Resolver:
    port = free_port()
    (directory / "dnsmasq.conf").write_text(
        f"port={port}\nlisten-address=127.0.0.1\nbind-interfaces\nno-resolv\nno-hosts\nserver=127.0.0.1#{world}\n"
        f"pid-file={directory}/pid\nuser=\n{_shipped('dnsmasq.conf', {})}{reads}\n"
    )
    program = [needed("dnsmasq"), "--keep-in-foreground", f"--conf-file={directory}/dnsmasq.conf"]
    return Resolver(program, directory, port, exported)


def _shipped(name: str, changes: dict[str, str]) -> str:
    text = (HERE / name).read_text()
    for old, new in changes.items():
        assert old in text, f"{old!r} does not stand in {name}"
        text = text.replace(old, new)
    return text
