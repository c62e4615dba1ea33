"""Owns the way from facts/law.jsonl to messages/law/*.toml. Must never answer what the facts leave open, nor
overwrite what a lawyer has checked.

    python -m scripts.convert_law
"""

from __future__ import annotations

import argparse
import json
import re
import textwrap
import tomllib
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from babel import Locale

from redirect.adapters.vocabulary import load_words
from redirect.domain.wording import harmful_in_address
from scripts.convert_facts import ROOT, Record, value

ANSWERS = {
    "making": "production_distribution_crime",
    "possession": "possession_crime",
    "viewing": "access_crime",
    "ai": "ai_or_virtual_covered",
}
DECISIONS = {"hold", "statutes", "reason"}
HEADER = """\
# The law in {place}, as far as it was read
#
# Made from facts/law.jsonl by scripts/convert_law.py. Which sentence follows from it: redirect/domain/law.py.
#
# To check it: read the statute as it stands today, correct what is wrong, then set checked_by to your name and
# profession and checked_on to the day (YYYY-MM-DD). From then on the file is yours, and the script leaves it as it is.
# Until then it is a draft. A sentence needs "yes" to its question, confidence "statute" (its wording was read) or
# "official" (an authority says so), and a source with a page that says it. A line that is missing means unknown, never
# no. `hold` names the questions whose answer is not to be said, and hold_reason why. `link` stands on pages instead of
# a source whose address has words that no page may have.
#
# What was noted when it was read:
{notes}

"""


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m scripts.convert_law", description=__doc__)
    parser.add_argument("--facts", type=Path, default=ROOT / "facts", metavar="DIR", help="where the facts are")
    parser.add_argument("--out", type=Path, default=ROOT / "messages" / "law", metavar="DIR", help="write there")
    options = parser.parse_args(arguments)
    rows = read_rows(options.facts / "law.jsonl")
    decisions = read_decisions(options.facts / "law_editorial.toml", rows)
    checked = checked_countries(options.out)
    fresh = {country: written(row, decisions.get(country, {})) for country, row in rows.items()}
    write(options.out, {country: text for country, text in fresh.items() if country not in checked}, checked)
    print(f"{len(fresh)} countries, of which {len(checked & fresh.keys())} were checked and stay as they are")


def read_rows(path: Path) -> dict[str, Record]:
    """The rows of the fact file by country."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    return {row["country"]: row for row in rows}


def read_decisions(path: Path, rows: dict[str, Record]) -> dict[str, Record]:
    """Editorial decisions by country. Ends the program at one that cannot be followed."""
    decisions: dict[str, Record] = tomllib.loads(path.read_text("utf-8"))
    for country, decision in decisions.items():
        if country not in rows:
            raise SystemExit(f"{path.name}: {country} stands not in law.jsonl")
        if not decision.get("reason") or not decision.keys() <= DECISIONS:
            raise SystemExit(f"{path.name}: {country} needs a reason and nothing but {', '.join(sorted(DECISIONS))}")
        if unknown := set(decision.get("hold", [])) - ANSWERS.keys():
            raise SystemExit(f"{path.name}: {country} holds {', '.join(sorted(unknown))}, which is no question")
        if not words(decision.get("statutes", [])) <= words(rows[country]["statutes"]):
            raise SystemExit(f"{path.name}: {country} cites what stands nowhere in the facts")
    return decisions


def words(texts: list[str]) -> set[str]:
    return set(re.findall(r"\w+", " ".join(texts)))


def checked_countries(folder: Path) -> set[str]:
    """The countries whose file a lawyer has checked."""
    files = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in folder.glob("*.toml")}
    return {country for country, law in files.items() if law.get("checked_by")}


def written(row: Record, decision: Record) -> str:
    """A country's file."""
    law = convert(row, decision)
    header = HEADER.format(place=f"{row['country']} ({name(row['country'])})", notes=comment(row["notes"]))
    return header + "".join(f"{field} = {value(item)}\n" for field, item in law.items())


def convert(row: Record, decision: Record) -> Record:
    """One row as it stands in messages/law: what is unknown is absent."""
    answers = {field: row[fact] for field, fact in ANSWERS.items()}
    law = {
        **answers,
        "child_under": row["child_under"],
        "statutes": decision.get("statutes", row["statutes"]),
        "sources": row["source_urls"],
        "source_dates": [day or "" for day in row["source_dates"]],
        "confidence": row["confidence"],
        "link": link(row["source_urls"]),
        **({"hold": decision["hold"], "hold_reason": decision["reason"]} if decision.get("hold") else {}),
        "checked_by": "",
        "checked_on": "",
    }
    return {field: item for field, item in law.items() if item is not None}


def link(sources: list[str]) -> str | None:
    """The site alone, where the address of the page itself has words that harm. The statute beside it says what to
    look for there."""
    page = next((source for source in sources if source.partition("://")[2].partition("/")[2]), "")
    harmful = {word for words in load_words("harmful_words").values() for word in words}
    if not harmful_in_address(page, harmful):
        return None
    site = urlunsplit((*urlsplit(page)[:2], "/", "", ""))
    return None if harmful_in_address(site, harmful) else site


def name(country: str) -> str:
    return str(Locale("en").territories.get(country, country))


def comment(text: str) -> str:
    return textwrap.fill(text, 118, initial_indent="# ", subsequent_indent="# ", break_long_words=False)


def write(folder: Path, files: dict[str, str], checked: set[str]) -> None:
    """Write these files, and take away those that are neither among them nor checked."""
    folder.mkdir(parents=True, exist_ok=True)
    for stale in {path.stem for path in folder.glob("*.toml")} - files.keys() - checked:
        (folder / f"{stale}.toml").unlink()
    for country, text in files.items():
        (folder / f"{country}.toml").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
