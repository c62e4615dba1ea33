"""Fuzzes the readers of lists: of any file, in any shape, come entries and errors that name lines; what stands there
is in no error."""

from __future__ import annotations

import io
import zipfile
from itertools import islice

import openpyxl

from tests.fuzz.driver import instrumented, run

with instrumented():
    from redirect.adapters.sheets import parse_sheet
    from redirect.domain.build import entry_ids
    from redirect.domain.errors import ListError
    from redirect.domain.list_formats import Shape, detect, parse
    from redirect.domain.list_records import Labels, Parsed
    from redirect.domain.lists import COLUMNS, LONGEST_VALUE, Confidence, Kind, parse_csv

KEY = bytes(range(32))
LABELS = Labels("csam", Confidence.HIGH, kind=Kind.TERM)
MAPPED = {"value": "keyword"}
FILED = 8
"""Entries of a file that are also filed, as a build would do."""
WORD = "quellfen"
"""Stands in every seed; no error may repeat it."""
FILES = (
    ",".join(COLUMNS) + f"\nterm,{WORD} drovic,csam,high,en,own,2027-01-31,x\nhost,{WORD}.example,csam,low,,,,\n",
    f'Title;;\nKeyword;Category\n"{WORD} ""minku""";csam\n"open;csam\n',
    f"http://{WORD}.example/room/42 # why\nwww.{WORD}.test\n\nhttps://[2001:db8::1]/\n",
    f"# names\n*.{WORD}.example\n.{WORD}.test.\nbücher.{WORD}.invalid\n",
    f"0.0.0.0 {WORD}.example www.{WORD}.example # x\n127.0.0.1\tlocalhost\n::1 {WORD}.test\n",
    f"[Adblock Plus 2.0]\n! t\n||{WORD}.example^\n@@||{WORD}.test^\n||{WORD}.test^$third-party,domain=x\n##.{WORD}\n",
    f"$TTL 60\n$ORIGIN rpz.test.\n@ SOA a. b. (1 2\n 3 4 5)\n*.{WORD}.example CNAME .\n{WORD}.test IN CNAME *.\n",
    f"@ IN SOA a. b. 1 2 3 4 5\n32.1.2.0.192.rpz-ip CNAME .\n$GENERATE 1-9 {WORD}$ A 192.0.2.1\n NS a.\n",
    f"{WORD} drovic\n# note\n#{WORD}tag\n早上好世界\n",
)


def target(data: bytes) -> None:
    """The first byte says whether the rest is text, a workbook, or one part of a workbook."""
    way, data = data[0] % (2 + len(PARTS)) if data else 0, data[1:]
    if way == 0:
        _texts(data.decode("utf-8", "surrogateescape"))
    elif way == 1:
        _sheets(data)
    else:
        _sheets(_with_part(PARTS[way - 2], data))


def _texts(text: str) -> None:
    for name in ("list", "list.csv"):
        try:
            detect(text, name)
        except ListError as error:
            _ensure_silent(error)
    lines = text.count("\n") + 1
    for shape in Shape:
        for columns in ({}, MAPPED) if shape is Shape.CSV else ({},):
            try:
                _ensure_sound(parse(text, "list", shape, LABELS, columns), lines)
            except ListError as error:
                _ensure_silent(error)
    try:
        entries, errors = parse_csv(text, "list")
        _ensure_sound(Parsed("list", entries, [1] * len(entries), errors), lines)
    except ListError as error:
        _ensure_silent(error)


def _sheets(data: bytes) -> None:
    for columns in ({}, MAPPED):
        try:
            for parsed in parse_sheet(data, "list", LABELS, columns):
                _ensure_sound(parsed)
        except ListError as error:
            _ensure_silent(error)


def _ensure_sound(parsed: Parsed, most_lines: int = 1 << 21) -> None:
    assert len(parsed.entries) == len(parsed.lines), "an entry has no line"
    assert all(1 <= line <= most_lines for line in parsed.lines), "a line that the file does not have"
    assert all(0 < len(entry.value) <= LONGEST_VALUE for entry in parsed.entries), "an empty or overlong value"
    assert WORD not in repr(parsed), "a repr shows what stands there"
    for error in parsed.unread:
        assert error.line <= most_lines, "a line that the file does not have"
        _ensure_silent(error)
    for entry in islice(parsed.entries, FILED):
        entry_ids(entry, KEY)


def _ensure_silent(error: ListError) -> None:
    assert WORD not in str(error), "an error repeats what stands there"


def _workbook() -> bytes:
    book = openpyxl.Workbook()
    for row in (COLUMNS, ("term", f"{WORD} minku", "csam", "high", "en", "own", "2027-01-31", 7), ("=1+1", 2.0, True)):
        book.active.append(row)
    book.create_sheet("more").append(("keyword",))
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def _parts(book: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        return {part.filename: archive.read(part) for part in archive.infolist()}


def _with_part(name: str, content: bytes) -> bytes:
    """The workbook with one part replaced: a mutated archive would not even open, its checksums being wrong."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for part, was in BOOK.items():
            archive.writestr(part, content if part == name else was)
    return written.getvalue()


WORKBOOK = _workbook()
BOOK = _parts(WORKBOOK)
PARTS = sorted(BOOK)


def seeds() -> list[bytes]:
    """A file in each shape, a workbook, and each of its parts."""
    parts = [bytes([number]) + BOOK[name] for number, name in enumerate(PARTS, 2)]
    return [*(b"\0" + text.encode() for text in FILES), b"\1" + WORKBOOK, *parts]


def main() -> None:
    """See `driver`."""
    run("lists", target, seeds())


if __name__ == "__main__":
    main()
