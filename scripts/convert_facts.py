"""Owns the way from facts/ to messages/resources/*.toml. Must never fill in what the facts do not say, nor
overwrite what a person has checked."""

from __future__ import annotations

import argparse
import json
import tomllib
from pathlib import Path
from typing import Any

Record = dict[str, Any]

ROOT = Path(__file__).resolve().parent.parent
FACTS = ("help_services.jsonl", "report_services.jsonl", "crisis_lines.jsonl")
CONFIDENCE = ("weak", "secondary", "official-page")
EVERYWHERE = "world.toml"
ALWAYS = "24/7"
REVIEW = ("verified_on", "verified_by", "agreed_on", "paused_until")
REPLACING = (
    "hold",
    "made_for_young_people",
    "minimum_age",
    "region",
    "phone_display",
    "native_name",
    "languages",
    "passes_on",
    "time_zone",
)
DECISIONS = {*REPLACING, "entrance", "url", "hours", "reason"}
ORDER = (
    *("id", "name", "native_name", "operator", "network", "audience", "kind", "countries", "region"),
    *("languages", "url", "phone", "phone_display", "channels", "hours", "time_zone", "free", "anonymous"),
    *("confidential", "passes_on", "minimum_age", "works_from_abroad", "made_for_young_people", "hold"),
    *("confidence", "sources", "source_date", *REVIEW),
)
LONG_LIST = 90
HEADER = """\
# Services for {where}
#
# Made from facts/ by scripts/convert_facts.py. Who is sent to which service: redirect/domain/chains.py.
#
# To review a service: open its address, call its number, correct what is wrong, then set verified_on to the
# day (YYYY-MM-DD) and verified_by to your name. From then on the record is yours, and the script leaves it as
# it is. Set agreed_on to the day the service agreed to be listed; that is kept, too, and so is paused_until: the
# day from which it answers again, or further-notice. Anything else that you change in a record without
# verified_on is overwritten, and so are comments: write the reason for a change into facts/editorial.toml. A line
# that is missing means unknown, never no. `redirect resources --help` names the commands that help with this.

"""


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m scripts.convert_facts", description=__doc__)
    parser.add_argument("--facts", type=Path, default=ROOT / "facts", metavar="DIR", help="where the facts are")
    parser.add_argument("--out", type=Path, default=ROOT / "messages" / "resources", metavar="DIR", help="write there")
    options = parser.parse_args(arguments)
    records = read_facts(options.facts)
    decisions = read_decisions(options.facts / "editorial.toml", records)
    fresh = [convert(record, decisions.get(record["id"], {})) for record in best(records)]
    files = sort_into_files(merge(fresh, read_services(options.out)))
    write(options.out, files)
    print(f"{sum(map(len, files.values()))} services in {len(files)} files under {options.out}")
    for record in best(records):
        decision = decisions.get(record["id"], {})
        if record["url"] and not decision:
            print(f"{record['id']}: no decision in editorial.toml, so its address is not linked")
        if record["hours"] not in {None, ALWAYS} and "hours" not in decision:
            print(f"{record['id']}: no decision in editorial.toml on its hours, so they are not said")


def read_facts(folder: Path) -> list[Record]:
    """Every record of every fact file, in order."""
    lines = (line for name in FACTS for line in (folder / name).read_text("utf-8").splitlines())
    return [json.loads(line) for line in lines if line.strip()]


def best(records: list[Record]) -> list[Record]:
    """Of one id in two files the one with the higher confidence; none that is weak."""
    chosen: dict[str, Record] = {}
    for record in records:
        known = chosen.get(record["id"])
        if known is None or rank(record) > rank(known):
            chosen[record["id"]] = record
    return [record for record in chosen.values() if record["confidence"] != "weak"]


def rank(record: Record) -> int:
    return CONFIDENCE.index(record["confidence"])


def read_decisions(path: Path, records: list[Record]) -> dict[str, Record]:
    """Editorial decisions by id. Ends the program at one that cannot be followed."""
    decisions: dict[str, Record] = tomllib.loads(path.read_text("utf-8"))
    ids = {record["id"] for record in records}
    addresses = {address for record in records for address in (record["url"], *record["source_urls"])}
    for id_, decision in decisions.items():
        if id_ not in ids:
            raise SystemExit(f"{path.name}: {id_} stands in no fact file")
        if not decision.get("reason") or not decision.keys() <= DECISIONS:
            raise SystemExit(f"{path.name}: {id_} needs a reason and nothing but {', '.join(sorted(DECISIONS))}")
        if "url" in decision and decision["url"] not in addresses:
            raise SystemExit(f"{path.name}: {id_} has an address that stands nowhere in the facts")
        if decision.get("hours") and decision["hours"] != ALWAYS and not decision.get("time_zone"):
            raise SystemExit(f"{path.name}: {id_} has hours without the time_zone they are in")
    return decisions


def convert(record: Record, decision: Record) -> Record:
    """One record as it stands in messages/resources: what is unknown is absent, notes stay behind."""
    kind = record["kind"]
    service = {
        **{field: record.get(field) for field in ORDER},
        "operator": record["operator"] or "",
        "audience": record.get("audience") or [],
        "kind": [kind] if isinstance(kind, str) else kind,
        "countries": record["countries"] or [],
        "languages": record["languages"] or [],
        "anonymous": record.get("anonymous", record.get("anonymous_reporting")),
        # Two records also name a software package: nothing that a reviewer could open, so no source.
        "sources": [source for source in record["source_urls"] if source.startswith("http")],
        **dict.fromkeys(REVIEW, ""),
        **{field: decision[field] for field in REPLACING if field in decision},
        "url": entrance(record, decision),
        "hours": opening(record, decision),
    }
    if service["native_name"] in ("", service["name"]):
        del service["native_name"]
    if not service["phone"]:
        del service["phone_display"]
    return {field: service[field] for field in ORDER if service.get(field) is not None}


def entrance(record: Record, decision: Record) -> str | None:
    """The address where a person can start, once somebody has judged it to be one; unknown is not linked."""
    address: str | None = decision.get("url") or (record["url"] if decision.get("entrance") else None)
    return address


def opening(record: Record, decision: Record) -> str | None:
    """Hours in the syntax of OpenStreetMap: as somebody has put them, never as a program might guess them."""
    hours: str | None = decision.get("hours", record["hours"] if record["hours"] == ALWAYS else None)
    return hours or None


def read_services(folder: Path) -> dict[str, Record]:
    """The services that stand under messages/resources now, by id."""
    tables = (tomllib.loads(path.read_text("utf-8"))["service"] for path in sorted(folder.glob("*.toml")))
    return {service["id"]: service for services in tables for service in services}


def merge(fresh: list[Record], standing: dict[str, Record]) -> list[Record]:
    """Fresh services, except that what a person has checked stays as that person left it."""
    checked = {id_: service for id_, service in standing.items() if service.get("verified_on")}
    merged = dict(checked)
    for service in fresh:
        known = standing.get(service["id"], {})
        review = {field: known[field] for field in REVIEW if field in known}
        merged.setdefault(service["id"], service | review)
    return list(merged.values())


def sort_into_files(services: list[Record]) -> dict[str, list[Record]]:
    """Each service in the file of its first country, by id; those for everywhere, or for nobody knows where,
    in `world.toml`."""
    files: dict[str, list[Record]] = {}
    for service in sorted(services, key=lambda service: str(service["id"])):
        first = next(iter(service["countries"]), "*")
        files.setdefault(EVERYWHERE if first == "*" else f"{first}.toml", []).append(service)
    return dict(sorted(files.items()))


def write(folder: Path, files: dict[str, list[Record]]) -> None:
    """Write these files, and take away those that no service stands in any more."""
    folder.mkdir(parents=True, exist_ok=True)
    for stale in {path.name for path in folder.glob("*.toml")} - files.keys():
        (folder / stale).unlink()
    for name, services in files.items():
        where = "everywhere" if name == EVERYWHERE else name.removesuffix(".toml")
        body = "\n".join(table(service) for service in services)
        (folder / name).write_text(HEADER.format(where=where) + body, "utf-8")


def table(service: Record) -> str:
    lines = (f"{field} = {value(service[field])}\n" for field in sorted(service, key=place))
    return "[[service]]\n" + "".join(lines)


def place(field: str) -> int:
    return ORDER.index(field) if field in ORDER else len(ORDER)


def value(item: object) -> str:
    """A TOML value; JSON writes text, numbers, booleans and lists of text the same way."""
    short = json.dumps(item, ensure_ascii=False, default=str)
    if not isinstance(item, list) or len(short) < LONG_LIST:
        return short
    return "[\n" + "".join(f"  {value(part)},\n" for part in item) + "]"


if __name__ == "__main__":
    main()
