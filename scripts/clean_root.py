"""Owns trying what we give away in a clean Debian: the wheel with Python alone, the Dockerfile without an engine, and
the unit of systemd.
Must never change the machine that it runs on, nor leave anything there.

    python -m scripts.clean_root wheel
    python -m scripts.clean_root image
    python -m scripts.clean_root unit

Needs root and mmdebstrap; the clean Debian is of this machine's release. Services run without a network.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.booted import booted
from scripts.dockerfile import Image, follow
from scripts.inside import LIST
from scripts.weight import LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
USER = "10001"
PLAIN = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
# Its own processes, mounts and network, where only loopback is up; the root cannot be written, but for /tmp and data.
CLOSED = """
ip link set lo up
mount --bind "$1" "$1"
mount -o remount,bind,ro "$1"
mount -t proc proc "$1/proc"
mount -t tmpfs -o size=64m,mode=1777,noexec,nosuid,nodev tmpfs "$1/tmp"
mount -t tmpfs -o uid=10001,gid=10001,mode=700,nosuid,nodev tmpfs "$1/var/lib/redirect"
root=$1; shift
exec chroot "$root" "$@"
"""
INSTALL = """
python3 -m venv /opt/redirect
/opt/redirect/bin/pip install --quiet --require-hashes --only-binary :all: --requirement /dist/requirements.txt
/opt/redirect/bin/pip install --quiet --no-index --no-deps /dist/*.whl
"""
BARE = ("setpriv", "--reuid", USER, "--regid", USER, "--clear-groups", "--no-new-privs",
        "--bounding-set=-all", "--inh-caps=-all")  # fmt: skip


def main() -> None:
    kinds = {"wheel": wheel, "image": image, "unit": unit}
    if len(sys.argv) != 2 or sys.argv[1] not in kinds:
        raise SystemExit(__doc__)
    if os.geteuid() != 0 or not all(map(shutil.which, ("mmdebstrap", "unshare", "ip"))):
        raise SystemExit("This needs root, and: apt-get install mmdebstrap iproute2")
    with tempfile.TemporaryDirectory(prefix="rd-root-") as scratch:
        kinds[sys.argv[1]](Path(scratch))


def wheel(scratch: Path) -> None:
    """Install it by hash with nothing but Python, serve the demo as a user without rights, weigh it."""
    root = debian(scratch / "root", "python3", "python3-venv")
    (root / "var/lib/redirect").mkdir()
    (root / "dist").mkdir()
    shutil.copy2(ROOT / "requirements.txt", root / "dist")
    run([BIN / "hatchling", "build", "--target", "wheel", "--directory", root / "dist"], cwd=ROOT)
    inside(root, ["sh", "-euc", INSTALL], PLAIN)
    found = trial(root, ["/opt/redirect/bin/redirect", "serve", "--demo"], PLAIN, [], "/opt/redirect/lib")
    print(f"The wheel serves its demo in a clean Debian with Python {found['python']} alone.")
    files, compiled = (found["weight"][name] / 1e6 for name in ("files", "compiled"))
    print(
        f"The core weighs {files:.1f} MB, of {LIMIT / 1e6:.0f}; what Python compiles of it takes {compiled:.1f} more."
    )
    if files * 1e6 > LIMIT:
        raise SystemExit("That is too much.")


def image(scratch: Path) -> None:
    """Carry out the Dockerfile; run what it makes as compose.yaml does, health check included."""
    base = debian(scratch / "base")
    made = follow(ROOT / "Dockerfile", base, scratch, inside)
    left = [name for name in ("usr/bin/pip", "usr/bin/pip3", "opt/redirect/bin/pip") if (made.root / name).exists()]
    if left or made.user != f"{USER}:{USER}":
        raise SystemExit(f"The image runs as {made.user or 'root'} and holds {left}")
    environ = {**made.environ, "REDIRECT_PUBLIC_URL": "http://127.0.0.1:8080"}
    trial(made.root, [*made.entrypoint, *made.command], environ, made.health, "")
    print("The Dockerfile holds, step by step: a list goes live, a page is served, the health check is well;")
    print("with a root that cannot be written, without rights, without a package installer, without a network.")
    print(f"The image adds {_added(base, made)} MB to its base.")


def unit(scratch: Path) -> None:
    """Follow deploy/README.md word for word: the installation, then all else with systemd running."""
    root = debian(scratch / "root", "systemd", "dbus", "sudo", "make", "curl", "procps", "python3", "python3-venv")
    checkout = root / "root/checkout"
    checkout.mkdir(parents=True)
    run(["git", "-C", ROOT, "archive", "--output", scratch / "tree.tar", "HEAD"])
    run(["tar", "--extract", "--file", scratch / "tree.tar", "--directory", checkout])
    (checkout / "my-list.csv").write_text(LIST)
    (root / "etc/sudoers.d/lent").write_text('Defaults env_keep += "PIP_CERT"\n')
    install, *then = _of_systemd((ROOT / "deploy/README.md").read_text())
    inside(root, ["sh", "-euc", f"cd /root/checkout\n{install}"], PLAIN)
    asking = "redirect keys create --platform acme --scope check > /root/key\n"
    with booted(root) as in_there:
        in_there(["bash", "-eu", "-c", "cd /root/checkout\n" + "\n".join([*then, asking])], "")
        key = in_there(["tail", "-n1", "/root/key"], "").strip()
        told = in_there(["python3", "-", key], (ROOT / "scripts/inside_unit.py").read_text())
    print(f"deploy/README.md holds, word for word, under systemd:\n{told}", end="")


def _of_systemd(text: str) -> list[str]:
    """Its blocks of commands."""
    section = text.partition("## systemd\n")[2].partition("\n## ")[0]
    return re.findall(r"```sh\n(.*?)```", section, re.DOTALL)


def _added(base: Path, made: Image) -> int:
    def size(root: Path) -> int:
        return int(run(["du", "--summarize", "--one-file-system", "--bytes", root]).split()[0])

    return round((size(made.root) - size(base)) / 1e6)


def debian(root: Path, *packages: str) -> Path:
    """A clean Debian with these packages, from where this machine has its own."""
    sources = [*Path("/etc/apt").glob("sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*.sources"))]
    given = [str(path) for path in sources if path.read_text().strip()]
    include = [f"--include={','.join(packages)}"] if packages else []
    run(["unshare", "--mount", "mmdebstrap", "--quiet", "--variant=minbase", *include,
         platform.freedesktop_os_release()["VERSION_CODENAME"], root, *given])  # fmt: skip
    return root


def inside(root: Path, command: Sequence[str], environ: Mapping[str, str]) -> None:
    """Run a step of an installation, as root in there; pip trusts whom it trusts out here."""
    with lent(root) as more:
        told: list[str | Path] = [
            "unshare",
            "--mount",
            "--pid",
            "--fork",
            "--kill-child",
            f"--mount-proc={root / 'proc'}",
            "chroot",
            root,
        ]
        run([*told, *variables({**environ, **more, "DEBIAN_FRONTEND": "noninteractive"}), *command])


def variables(environ: Mapping[str, str], directory: str = "/") -> list[str]:
    """Begin a command with these, and nothing of out here."""
    return [
        "env",
        "--ignore-environment",
        f"--chdir={directory}",
        *(f"{name}={value}" for name, value in environ.items()),
    ]


@contextmanager
def lent(root: Path) -> Iterator[dict[str, str]]:
    """What a network of a company needs to be asked at all: names, and an authority of its own."""
    copied = {Path("/etc/resolv.conf"): root / "etc/resolv.conf"}
    if authority := os.environ.get("PIP_CERT"):
        copied[Path(authority)] = root / "run/authority.crt"
    kept = {place: place.read_bytes() if place.exists() else None for place in copied.values()}
    for source, place in copied.items():
        place.write_bytes(source.read_bytes())
    try:
        yield {"PIP_CERT": "/run/authority.crt"} if authority else {}
    finally:
        for place, before in kept.items():
            place.unlink()
            if before is not None:
                place.write_bytes(before)


def trial(
    root: Path, command: Sequence[str], environ: Mapping[str, str], health: Sequence[str], weigh: str
) -> dict[str, Any]:
    """Start a service in there and ask it; what it says of itself."""
    plan = json.dumps({"command": command, "health": health, "weigh": weigh})
    told: list[str | Path] = [
        "unshare",
        "--mount",
        "--pid",
        "--net",
        "--fork",
        "--kill-child",
        "sh",
        "-euc",
        CLOSED,
        "sh",
        root,
    ]
    home = "/var/lib/redirect"
    known = variables({**environ, "HOME": home}, home)
    text = (ROOT / "scripts" / "inside.py").read_text()
    out = run([*told, *BARE, *known, "python3", "-", plan], given=text)
    found: dict[str, Any] = json.loads(out.splitlines()[-1])
    return found


def run(command: Sequence[str | Path], cwd: Path | None = None, given: str = "") -> str:
    """What a command says; it ends this program where it fails."""
    words = [str(part) for part in command]
    done = subprocess.run(words, input=given, capture_output=True, text=True, check=False, cwd=cwd)
    if done.returncode:
        raise SystemExit(f"{command}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
    return done.stdout


if __name__ == "__main__":
    main()
