"""Owns the trial of several nodes over a real cluster: what is done to them, and what must hold after each blow. Must
never go on from a blow before the sums in the store have been compared with those acknowledged.

Three primaries with a replica each, nodes behind HAProxy, checks and pages all the while.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

import httpx
import msgspec

from bench.fleet import Balancer, Node
from bench.traffic import CONNECTIONS, LISTED, PAUSE, PLAIN, Traffic
from bench.valkeys import running_cluster, until
from redirect.adapters import access, bundles, keyring
from redirect.adapters.store import Store
from redirect.domain.access import Access, Scope
from redirect.domain.build import build
from redirect.domain.counts import CHECKS, FUNNEL, SHOWN
from redirect.domain.errors import StoreError
from redirect.domain.lists import Confidence, Entry, Kind
from redirect.domain.manifest import Manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from bench.valkeys import Cluster, Valkey

LATER = "quellfen drovic"
"""Listed by the second list alone."""
SWAP_WITHIN = 5.0
FLOW = 0.4
"""Seconds of traffic after a blow before sums are compared."""
NOT_MANY = 30


@dataclass(frozen=True)
class Step:
    """One blow: how long until all was as it should be, and what was answered and counted from the start until then.

    `apart` is what the store holds beyond what was acknowledged: 0 but where a request was in the hands of a node that
    was killed, and was asked again.
    """

    name: str
    seconds: float
    slowest: float
    acknowledged: int
    apart: int
    wrong: tuple[str, ...]


class Trial:
    """A cluster, nodes, a balancer and traffic that are running."""

    def __init__(self, scratch: Path, cluster: Cluster, port: Callable[[], int]) -> None:
        self.cluster = cluster
        self._keys = keyring.generate()
        self._list_key = keyring.decode("", self._keys["REDIRECT_LIST_KEY"])
        self._signing = keyring.decode("", self._keys.pop("REDIRECT_SIGNING_KEY"))
        self.key = access.new_key()
        ports = [port() for _ in range(3)]
        balancer = port()
        settings = {**self._keys, "REDIRECT_STORE_URL": cluster.url, "REDIRECT_LANGUAGES": "draft"}
        settings["REDIRECT_PUBLIC_URL"] = f"http://127.0.0.1:{balancer}"
        self.nodes = [Node(scratch / f"node-{number}", each, settings) for number, each in enumerate(ports)]
        self.balancer = Balancer(scratch, balancer, ports)
        self.serving: list[Node] = []
        self.version = 0
        self.steps: list[Step] = []
        self._last: Traffic | None = None

    def prepare(self) -> None:
        """A key and a list in the store; two nodes, and the balancer."""
        until(self._has_key, "no key could be written")
        self.publish(LISTED)
        self._serve(*self.nodes[:2])
        self.balancer.start()

    def stop(self) -> None:
        """End all but the cluster, also where one of them does not end in order."""
        with ExitStack() as ending:
            for node in self.nodes:
                ending.callback(node.stop)
            self.balancer.stop()

    def publish(self, *terms: str) -> None:
        """Make a list with these terms live in the store."""
        self.version += 1
        body = build([Entry(Kind.TERM, term, "csam", Confidence.HIGH) for term in terms], self._list_key)
        envelope = bundles.sign(_manifest(self.version, body), self._signing)
        asyncio.run(self._write_list(envelope, body))

    def traffic(self, pause: float = PAUSE) -> Traffic:
        """A stream of requests through the balancer."""
        before = self._last.acknowledged if self._last else Counter[str]()
        self._last = Traffic(self.balancer.url, self.key, before, pause)
        return self._last

    def step(self, traffic: Traffic, name: str, act: Callable[[], object], doubled: int = 0) -> Step:
        """Do it, let traffic flow, then compare. `doubled`: how many counts may be there twice."""
        traffic.slowest = 0.0
        began = time.monotonic()
        act()
        seconds = time.monotonic() - began
        time.sleep(FLOW)
        with traffic.quiet():
            until(self._all_sent, f"{name}: counts did not reach the store")
            stored = asyncio.run(self._stored())
        apart = stored - traffic.acknowledged
        lost = traffic.acknowledged - stored
        wrong = [*traffic.wrong, *(f"{count} {what} lost" for what, count in lost.items())]
        if apart.total() > doubled:
            wrong += [f"{count} {what} too many" for what, count in apart.items()]
        traffic.wrong.clear()
        traffic.acknowledged = stored
        step = Step(name, seconds, traffic.slowest, stored.total(), apart.total(), tuple(wrong))
        self.steps.append(step)
        return step

    def add_node(self) -> None:
        """A node with an empty directory: list and keys come from the store, the balancer finds it by itself."""
        new = next(node for node in self.nodes if node not in self.serving)
        self._serve(new)
        assert self._answers(new, LISTED) == "block"

    def remove_node(self) -> None:
        """In order, without telling the balancer before."""
        node = self.serving.pop(0)
        node.stop()

    def kill_node(self) -> None:
        """With all it has; its counts wait on its disk until it is started again."""
        node = self.serving[0]
        node.kill()
        time.sleep(FLOW)
        node.launch()
        node.wait()

    def open_pages_everywhere(self) -> None:
        """An address that one node made shows the same page on each, also the doors behind it."""
        made = {node: self._ask(node, LISTED)["page"] for node in self.serving}
        assert len(set(made.values())) == 1
        address = self.page_of(self.serving[0]).removeprefix(self.serving[0].url)
        pages = {httpx.get(node.url + address, verify=PLAIN, headers=_UNCOUNTED).text for node in self.serving}
        assert len(pages) == 1

    def swap_lists(self) -> None:
        """Another list, live on every node."""
        self.publish(LISTED, LATER)
        until(
            lambda: all(self._answers(node, LATER) == "block" for node in self.serving),
            "the new list was not live on every node",
            SWAP_WITHIN,
        )

    def move_slots(self) -> None:
        """The slots of what is written most: counts of this hour, key by key and back at once."""
        key = _counts_key()
        source = self.cluster.primary(key)
        target = next(server for server in self._primaries() if server is not source)
        self.cluster.move(key, target)
        slot = source.ask("CLUSTER", "KEYSLOT", key)
        self.cluster.move_at_once(slot, slot, target, source)

    def move_list(self) -> None:
        """The slot where list and versions lie."""
        source = self.cluster.primary("list:{live}")
        self.cluster.move("list:{live}", next(server for server in self._primaries() if server is not source))

    def fail_over(self) -> None:
        """Kill the primary of what is written most; until its replica has taken over."""
        key = _counts_key()
        gone = self.cluster.primary(key)
        gone.kill()
        until(lambda: self.cluster.primary(key) is not gone, "no replica took over")
        self._gone = gone

    def come_back(self) -> None:
        """What was killed follows the one that took its place."""
        self._gone.start()
        until(self.cluster.whole, "the one that was killed does not follow")

    def lose_replica(self) -> None:
        """Kill and start again the replica of what is written most."""
        primary = self.cluster.primary(_counts_key())
        port = int(primary.ask("ROLE")[2][0][1])
        replica = next(server for server in self.cluster.servers if server.port == port)
        replica.kill()
        time.sleep(2 * FLOW)
        replica.start()
        until(self.cluster.whole, "the replica does not follow")

    def page_of(self, node: Node) -> str:
        """The page that it shows, at its own address."""
        return node.url + httpx.URL(self._ask(node, LISTED)["page"]).raw_path.decode()

    def _serve(self, *nodes: Node) -> None:
        for node in nodes:
            node.launch()
        for node in nodes:
            node.wait()
            self.serving.append(node)

    def _primaries(self) -> Iterator[Valkey]:
        return (server for server in self.cluster.servers if server.answers() and server.ask("ROLE")[0] == b"master")

    def _answers(self, node: Node, query: str) -> str:
        return str(self._ask(node, query)["action"])

    def _ask(self, node: Node, query: str) -> dict[str, str]:
        """Of one node; on a surface of its own, so that its counts are told from those of traffic."""
        body = {"query": query, "country": "GB", "surface": "dns"}
        headers = {"Authorization": f"Bearer {self.key}"}
        answer: dict[str, str] = httpx.post(f"{node.url}/v1/check", json=body, headers=headers, verify=PLAIN).json()
        return answer

    def _all_sent(self) -> bool:
        return not any(node.holds_counts() for node in self.serving)

    def _has_key(self) -> bool:
        """Written, and on every replica: the first write to a new cluster may find one that is late."""
        with suppress(StoreError):
            asyncio.run(self._make_key())
            return True
        return False

    async def _make_key(self) -> None:
        digest = access.digest(self.key)
        record = Access(id=digest[:8], platform="acme", scopes=(Scope.CHECK,))
        async with Store(self.cluster.url) as store:
            await store.write_access_key(digest, msgspec.json.encode(record))

    async def _write_list(self, envelope: bytes, body: bytes) -> None:
        async with Store(self.cluster.url) as store:
            assert await store.write_list(self.version, envelope, body)

    async def _stored(self) -> Counter[str]:
        """Sums of what traffic asks; what this trial asks nodes itself has a surface of its own."""
        now, sums = time.time(), Counter[str]()
        async with Store(self.cluster.url) as store:
            for _, joined, count in await store.counts(CHECKS, _last(CHECKS.period(now))):
                _, surface, action, *_ = joined.split("|")
                sums[action] += count if surface == "web" else 0
            for _, joined, count in await store.counts(FUNNEL, _last(FUNNEL.period(now))):
                sums[SHOWN] += count if joined.endswith(f"|{SHOWN}") else 0
        return +sums


_UNCOUNTED = {"Sec-Fetch-Dest": "empty"}


def _last(period: int) -> Sequence[int]:
    return range(period - 1, period + 1)


def _counts_key() -> str:
    return f"counts:{{checks:{CHECKS.period(time.time())}}}"


def _manifest(version: int, body: bytes) -> Manifest:
    now = datetime.now(UTC)
    return Manifest(
        version=version,
        previous=version - 1,
        created=now.isoformat(timespec="seconds"),
        refresh_by=now.replace(year=now.year + 1, day=1).isoformat(timespec="seconds"),
        use_until=None,
        entries={"term": NOT_MANY},
        size=len(body),
        sha256=sha256(body).hexdigest(),
    )


@contextmanager
def running_trial(scratch: Path, port: Callable[[], int]) -> Iterator[Trial]:
    """A trial that is ready, until the end of the block."""
    with ExitStack() as running:
        trial = Trial(scratch, running.enter_context(running_cluster(scratch, port)), port)
        running.callback(trial.stop)
        trial.prepare()
        yield trial


def blows(trial: Trial, *, short: bool) -> list[tuple[str, Callable[[], object], int]]:
    """What is done, by name, and how many counts it may double: those in hand at a node that is killed."""
    few: list[tuple[str, Callable[[], object], int]] = [
        ("node added", trial.add_node, 0),
        ("pages opened on every node", trial.open_pages_everywhere, 0),
        ("list published", trial.swap_lists, 0),
        ("slots moved", trial.move_slots, 0),
        ("primary killed", trial.fail_over, 0),
        ("node removed", trial.remove_node, 0),
    ]
    if short:
        return few
    return [
        ("traffic alone", lambda: time.sleep(5), 0),
        *few[:4],
        ("slot of the list moved", trial.move_list, 0),
        few[4],
        ("killed primary back", trial.come_back, 0),
        ("replica killed and back", trial.lose_replica, 0),
        ("primary killed again", trial.fail_over, 0),
        ("killed primary back again", trial.come_back, 0),
        ("node killed and started again", trial.kill_node, CONNECTIONS),
        few[5],
        ("removed node back", trial.add_node, 0),
    ]
