"""Owns how Valkey or Redis is reached, one server or a cluster, and writes that outlive the primary they were sent to.
Must never hand on the words of its library: they may quote what was sent, or a password."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AskError,
    AuthenticationError,
    MovedError,
    RedisClusterException,
    RedisError,
    ResponseError,
)
from redis.exceptions import (
    ConnectionError as Unreachable,
)
from redis.exceptions import (
    TimeoutError as Late,
)

from redirect.domain.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TIMEOUT = 2.0
CLUSTER_PORT = 6379
WHAT: dict[type[Exception] | tuple[type[Exception], ...], str] = {
    AuthenticationError: "refuses the password, or wants one",
    (Late, TimeoutError): "did not answer in time",
    (Unreachable, OSError): "cannot be reached",
    RedisClusterException: "cannot be reached, or is no cluster",
}
"""What the errors of the library come to, the first that fits."""
HOPS = 4
"""Nodes of a cluster that a write is sent on to while slots move, before it is given up until the next try."""


def connect(url: str, timeout: float | None = None) -> Any:
    """A client of the store at `url`. Raises what its library raises for an address that is none.

    Of a cluster several nodes may be named, `cluster://one:6379,two:6379`: any that answers tells of the others.
    """
    patience = TIMEOUT if timeout is None else timeout
    settings: dict[str, Any] = {
        "socket_timeout": patience,
        "socket_connect_timeout": min(patience, TIMEOUT),
        "retry": Retry(NoBackoff(), 0),
    }
    scheme, _, rest = url.partition("://")
    if scheme not in {"cluster", "clusters"}:
        return Redis.from_url(url, **settings)
    first, *others = rest.split(",")
    named = [ClusterNode(*_host_and_port(other)) for other in others]
    tls = "s" if scheme == "clusters" else ""
    return RedisCluster.from_url(f"redis{tls}://{first}", startup_nodes=named, **settings)


def _host_and_port(text: str) -> tuple[str, int]:
    host, separator, port = text.strip().rpartition(":")
    if not separator or text.endswith("]"):
        return text.strip().strip("[]"), CLUSTER_PORT
    return host.strip("[]"), int(port)


async def write(client: Any, key: str, *command: Any, patience: float | None = None) -> Any:
    """Run a command on the primary of `key`; return once every replica that it has now has taken it over, so that
    what was acknowledged is still there when one of them takes its place.

    Raises what the library raises, and StoreError where a replica is late. The command may have been done then, so it
    must be one that can be repeated; and it must write something, also where it has been done before: a replica is
    waited for up to what this connection wrote.
    """
    wait = int((TIMEOUT if patience is None else patience) * 500)
    if isinstance(client, RedisCluster):
        return await _write_to_cluster(client, key, command, wait)
    answer = await _confirmed(client, [command], wait)
    if isinstance(answer, Exception):
        raise answer
    return answer


async def _write_to_cluster(client: Any, key: str, command: Sequence[Any], wait: int) -> Any:
    await client.initialize()
    node, commands = client.get_node_from_key(key), [command]
    for _ in range(HOPS):
        try:
            answer = await _confirmed(client, commands, wait, target_nodes=node)
        except (RedisError, RedisClusterException, OSError):
            await _look_around(client)
            raise
        if isinstance(answer, AskError):
            node, commands = await _node(client, answer), [("ASKING",), command]
        elif isinstance(answer, MovedError):
            await _look_around(client)
            node, commands = client.get_node_from_key(key), [command]
        elif isinstance(answer, Exception):
            raise answer
        else:
            return answer
    raise StoreError("the store is moving what was written to")


async def _confirmed(client: Any, commands: Sequence[Sequence[Any]], wait: int, **where: Any) -> Any:
    """The answer to the last of these commands, or its error."""
    replicas = await _replicas(client, **where)
    pipeline = client.pipeline(transaction=False)
    for command in commands:
        pipeline.execute_command(*command, **where)
    if replicas:
        # On the connection that wrote: on another one there would be nothing to wait for.
        pipeline.execute_command("WAIT", replicas, wait, **where)
    # A redirection that the library follows would leave the replicas of another node waited for.
    follow = {"allow_redirections": False} if where else {}
    answers = await pipeline.execute(raise_on_error=False, **follow)
    answer = answers[len(commands) - 1]
    if replicas and not isinstance(answer, Exception):
        _ensure_taken_over(answers[-1], replicas)
    return answer


def _ensure_taken_over(waited: Any, replicas: int) -> None:
    if isinstance(waited, Exception):
        raise waited
    if waited < replicas:
        raise StoreError("a replica of the store is late")


async def _replicas(client: Any, **where: Any) -> int:
    """How many follow now. None where a store does not say: its operator has forbidden the question."""
    try:
        role, *_, following = await client.execute_command("ROLE", **where)
    except ResponseError:
        return 0
    return len(following) if role in {b"master", "master"} else 0


async def run(client: Any, pipeline: Any) -> list[Any]:
    """What a pipeline answers. In a cluster its library would go on asking a node that is gone."""
    try:
        return list(await pipeline.execute())
    except (RedisError, RedisClusterException, OSError):
        if isinstance(client, RedisCluster):
            await _look_around(client)
        raise


async def _node(client: Any, error: AskError) -> Any:
    """Where a slot is moving to, which may have joined a moment ago."""
    if client.get_node(error.host, error.port) is None:
        await _look_around(client)
    node = client.get_node(error.host, error.port)
    if node is None:
        raise StoreError("the store is moving what was written to")
    return node


async def _look_around(client: Any) -> None:
    """Learn anew which node has which slots."""
    with suppress(RedisError, RedisClusterException, OSError):
        await client.nodes_manager.initialize()


@contextmanager
def store_errors() -> Iterator[None]:
    """Turn the client's errors into ours. Their texts may quote what was sent, so only the class is kept."""
    try:
        yield
    except (RedisError, RedisClusterException, OSError, ValueError) as error:
        permanent = isinstance(error, (ResponseError, AuthenticationError))
        what = next((words for kinds, words in WHAT.items() if isinstance(error, kinds)), "did not answer as it should")
        raise StoreError(f"the store {what} ({type(error).__name__})", permanent=permanent) from None
