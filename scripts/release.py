"""Owns what a release consists of, and that it is right. Must never sign what it has not checked.

    python -m scripts.release dist      build and check: dist/ holds what would be released
    python -m scripts.release sign KEY  the same, from a clean checkout whose changelog has a date; then sign

KEY is a private key that ssh-keygen reads (Ed25519). docs/releasing.md says what is promised by a version, and how
anyone checks a signature.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from redirect import __version__
from scripts import weight

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[1]
DIST = ROOT / "dist"
BIN = Path(sys.executable).parent
SUMS = "SHA256SUMS"
NAMESPACE = "redirect-release"
NEWEST = re.compile(r"^## (\S+), (.+)$", re.MULTILINE)


def main() -> None:
    match sys.argv[1:]:
        case ["dist"]:
            dist()
        case ["sign", key]:
            ensure_ready()
            dist()
            sign(DIST / SUMS, Path(key).expanduser())
        case _:
            raise SystemExit(__doc__)


def dist() -> None:
    """Everything but the signature."""
    shutil.rmtree(DIST, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="rd-release-") as scratch:
        wheel, source = build(ROOT, DIST)
        ensure_same(wheel, build_again(source, Path(scratch)))
        run(BIN / "twine", "check", "--strict", wheel, source)
        ensure_light(wheel)
        bill_of_materials(wheel, Path(scratch), DIST / f"redirect-{__version__}.cdx.json")
    files = sorted(DIST.iterdir())
    (DIST / SUMS).write_text("".join(f"{sum_of(file)}  {file.name}\n" for file in files))
    print((DIST / SUMS).read_text(), end="")


def ensure_ready() -> None:
    """The changelog names this version with a day, and nothing stands beside what is committed."""
    found = NEWEST.search((ROOT / "CHANGELOG.md").read_text())
    if not found or found[1] != __version__ or not re.fullmatch(r"\d{4}-\d\d-\d\d", found[2]):
        raise SystemExit(f"CHANGELOG.md must begin with `## {__version__}, ` and the day of the release")
    if run("git", "status", "--porcelain", cwd=ROOT).strip():
        raise SystemExit("The checkout has changes that are not committed")


def build(checkout: Path, into: Path) -> tuple[Path, Path]:
    """Wheel and source archive of a checkout."""
    return _built("wheel", ".whl", checkout, into), _built("sdist", ".tar.gz", checkout, into)


def _built(target: str, ending: str, checkout: Path, into: Path) -> Path:
    run(BIN / "hatchling", "build", "--target", target, "--directory", into, cwd=checkout)
    return next(into.glob(f"*{ending}"))


def build_again(source: Path, scratch: Path) -> Path:
    """The wheel once more, from the source archive, in another place."""
    with tarfile.open(source) as archive:
        archive.extractall(scratch, filter="data")
    (unpacked,) = (path for path in scratch.iterdir() if path.is_dir())
    return _built("wheel", ".whl", unpacked, scratch / "again")


def ensure_same(one: Path, other: Path) -> None:
    if one.read_bytes() != other.read_bytes():
        raise SystemExit(f"{one.name} is not the same when it is built from the source archive")


def ensure_light(wheel: Path) -> None:
    weighed = sum(weight.of_dependencies().values()) + unpacked_size(wheel)
    if weighed > weight.LIMIT:
        raise SystemExit(f"The core weighs {weighed / 1e6:.1f} MB, and may weigh {weight.LIMIT / 1e6:.0f}")


def unpacked_size(wheel: Path) -> int:
    """Bytes of its files."""
    with zipfile.ZipFile(wheel) as archive:
        return sum(entry.file_size for entry in archive.infolist())


def bill_of_materials(wheel: Path, scratch: Path, out: Path) -> None:
    """CycloneDX, of what an installation by requirements.txt consists of; the same for the same pins."""
    python = scratch / "bare" / "bin" / "python"
    run(sys.executable, "-m", "venv", "--without-pip", scratch / "bare")
    install = (BIN / "pip", "--python", python, "install", "--quiet")
    run(*install, "--require-hashes", "--requirement", ROOT / "requirements.txt")
    run(*install, "--no-index", "--no-deps", wheel)
    run(BIN / "cyclonedx-py", "environment", "--output-reproducible", "--validate", "--mc-type", "application",
        "--gather-license-texts", "--pyproject", ROOT / "pyproject.toml", "--output-file", out, python)  # fmt: skip
    _say_version(out)


def _say_version(file: Path) -> None:
    """The tool reads no version that a build backend computes."""
    bill = json.loads(file.read_text())
    bill["metadata"]["component"]["version"] = __version__
    file.write_text(json.dumps(bill, indent=2, ensure_ascii=False) + "\n")


def sum_of(file: Path) -> str:
    """Its SHA-256."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def sign(file: Path, key: Path) -> None:
    """Write a signature beside it, and try it as a stranger would."""
    run("ssh-keygen", "-Y", "sign", "-f", key, "-n", NAMESPACE, file)
    with tempfile.TemporaryDirectory(prefix="rd-signers-") as scratch:
        signers = Path(scratch) / "signers"
        signers.write_text(f"release@redirect {run('ssh-keygen', '-y', '-f', key)}")
        verify(file, signers)
    print(f"{file}.sig")


def verify(file: Path, signers: Path) -> None:
    """Raise SystemExit unless one of the signers signed it for this purpose."""
    signature = file.with_name(f"{file.name}.sig")
    run("ssh-keygen", "-Y", "verify", "-f", signers, "-I", "release@redirect", "-n", NAMESPACE, "-s", signature,
        given=file.read_bytes())  # fmt: skip


def run(*command: str | Path, cwd: Path = ROOT, given: bytes = b"") -> str:
    """What a command says; it ends this program where it fails."""
    words: Sequence[str] = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, input=given, capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(f"{words[0]} failed:\n{(done.stdout + done.stderr).decode(errors='replace')[-4000:]}")
    return done.stdout.decode()


if __name__ == "__main__":
    main()
