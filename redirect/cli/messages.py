"""Owns the commands for texts and translations. Must never change a text."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer
from rich.table import Column, Table
from rich.text import Text

from redirect.adapters.content import shipped
from redirect.cli.preview import LocalesOption, MessagesOption, previewing
from redirect.cli.shown import Format, out, write
from redirect.tools import messages as tools
from redirect.tools.messages import Checked

messages = typer.Typer(name="messages", no_args_is_help=True, help="Look after texts and translations.")
messages.add_typer(previewing)


@messages.callback()
def group() -> None:
    """Look after texts and translations."""


@messages.command()
def check(
    messages_dir: MessagesOption = None,
    locales_dir: LocalesOption = None,
    format_: Annotated[Format, typer.Option("--format", help="How to write the findings.")] = Format.TABLE,
) -> None:
    """Hold every text to the rules, in every language, and say how each language stands.

    Exits with 1 where a text breaks a rule, or a language lacks one and so is not served. messages/README.md explains
    the rules.
    """
    checked = tools.check_texts(messages_dir or shipped("messages"), locales_dir or shipped("locales"))
    if format_ is Format.TABLE:
        _show(checked)
    elif format_ is Format.JSON:
        json.dump({"findings": checked.remarks, "languages": checked.languages}, sys.stdout, ensure_ascii=False)
        sys.stdout.write("\n")
    else:
        write(list(checked.remarks), tools.REMARK_COLUMNS, format_)
    if not checked.fit:
        raise typer.Exit(1)


@messages.command()
def reviewed(
    tag: Annotated[str, typer.Argument(help="The language, as in locales/review.toml.", show_default=False)],
    by: Annotated[str, typer.Option(help="Who you are, by your work: translator, helpline, editor.")],
    native: Annotated[bool, typer.Option("--native/--not-native", help="Whether it is your first language.")],
    messages_dir: MessagesOption = None,
    locales_dir: LocalesOption = None,
) -> None:
    """Write down that you have read a language as it is now. Two people, one of them native, make it reviewed.

    When one of its texts changes later, the review no longer counts, and it is a draft again.
    """
    review = tools.add_reviewer(
        messages_dir or shipped("messages"), locales_dir or shipped("locales"), tag, by, native=native
    )
    out.print(f"{tag}: {len(review.reviewers)} reviews of today's texts; now {review.state}", highlight=False)


def _show(checked: Checked) -> None:
    table = Table(*(Column(name, overflow="fold") for name in ("File", "Language", "Where", "What is wrong", "Text")))
    for remark in checked.remarks:
        told = f"{remark['rule']} ({remark['reason']})" if remark["reason"] else remark["rule"]
        cells = (remark["file"], remark["language"], remark["place"], told, remark["text"])
        table.add_row(*map(Text, cells))
    if checked.remarks:
        out.print(table)
    write(list(checked.languages), tools.LANGUAGE_COLUMNS, Format.TABLE)
    out.print(f"{len(checked.remarks)} findings", highlight=False)
