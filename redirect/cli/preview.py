"""Owns the command that shows reviewers every page. Must never need a running service, nor a reviewer's having
anything but a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from redirect.adapters.content import shipped
from redirect.cli.shown import out, working
from redirect.tools import preview as tools

previewing = typer.Typer()

MessagesOption = Annotated[
    Path | None, typer.Option("--messages", help="Another messages/ directory.", show_default=False)
]
LocalesOption = Annotated[
    Path | None, typer.Option("--locales", help="Another locales/ directory, compiled.", show_default=False)
]


@previewing.command()
def preview(
    to: Annotated[Path, typer.Option("--out", help="The directory to write to.", show_default=False)],
    languages: Annotated[
        list[str] | None,
        typer.Option(
            "--languages", metavar="TAGS", help="Only these, such as de,ar; may be given again.", show_default="all"
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write beside files that no preview wrote.")] = False,
    messages_dir: MessagesOption = None,
    locales_dir: LocalesOption = None,
) -> None:
    """Write every page in every state and language as files, with a contact sheet for each language.

    Open index.html in a browser: nothing is counted, asked of a network, or needed beside these files. An earlier
    preview in the same directory is replaced.
    """
    with working() as progress:
        written = tools.preview(
            messages_dir or shipped("messages"),
            locales_dir or shipped("locales"),
            to,
            languages=[tag for tags in languages or () for tag in tags.split(",")],
            force=force,
            progress=progress,
        )
    said = f"{written.pages} pages in {written.languages} languages, {written.findings} findings: {to / 'index.html'}"
    out.print(said, highlight=False, soft_wrap=True)
