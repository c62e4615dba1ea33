"""Owns the face of a page: all that it says, in its reader's language, before it becomes JSON, text, a card or an
error of another protocol. Must never say what the page itself does not say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from redirect.domain.content import Door, Element

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Said(msgspec.Struct, frozen=True, omit_defaults=True):
    """A paragraph above the fold and, in a warning, what it is for."""

    text: str
    element: Element | None = None


class Way(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A link: its label and its absolute address. `door` names whose page it leads to; with `post`, the address takes
    an empty POST and is followed by nothing else."""

    label: str
    href: str
    door: Door | None = None
    post: bool = False


class Line(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A label, with the text that stands under it and the address that belongs to it, where there are such."""

    label: str
    text: str = ""
    href: str = ""


class Contact(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A service, by one way to reach it at least. `name` is empty for an emergency number, `lang` where the language of
    the name is unknown. `call` is what a button with the number says, `facts` all that the page tells of it."""

    id: str
    name: str = ""
    lang: str = ""
    url: str = ""
    phone: str = ""
    phone_display: str = ""
    call: str = ""
    facts: tuple[str, ...] = ()


class Part(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A part of a page: its title, texts, services, links, and a note at its end. `lang` and `dir` are given where it
    is in another language than the page."""

    title: str
    lang: str = ""
    dir: str = ""
    texts: tuple[str, ...] = ()
    contacts: tuple[Contact, ...] = ()
    ways: tuple[Way, ...] = ()
    note: str = ""


class Crisis(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The crisis line or the emergency number; without either, `text` says what to do. Then the general directory,
    after the words of `elsewhere`."""

    title: str
    text: str
    contact: Contact | None = None
    elsewhere: str
    directory: Contact


class Notes(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What the page says of itself. `keeps` is true of our page alone: a platform that shows a face on a page of its
    own has to say there what is true of that one."""

    appears: str = ""
    keeps: str
    fraud: str
    notice: Line | None = None


class Tongue(msgspec.Struct, frozen=True):
    """A language that the page can be had in, and its own name for itself."""

    lang: str
    name: str


class Face(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """All that one page says, in `language`. `page` is its address, `message` the message and variant it belongs to
    (`V1.A`), `layout` one of `first`, `repeat` and `door`. `draft` is the line to show for as long as nobody has
    reviewed these words.

    `act` is the main action with the service to begin with, or the one tap for a wrong match. `step` and `choices` are
    a question's, `onward` leads to more of ours, `doors` to the pages for other readers, `also` is further advice.
    `sections` are those of the directory, `entry` says how a service changes what stands there.
    """

    page: str
    language: str
    dir: str
    layout: str
    title: str
    exit: Way
    history: str
    crisis: Crisis
    notes: Notes
    message: str = ""
    draft: str = ""
    back: tuple[Way, ...] = ()
    step: str = ""
    blocked: tuple[Line, ...] = ()
    paragraphs: tuple[Said, ...] = ()
    choices: tuple[Way, ...] = ()
    act: Part | None = None
    onward: tuple[Way, ...] = ()
    doors: Part | None = None
    help: Part | None = None
    also: tuple[str, ...] = ()
    report: Part | None = None
    law: Part | None = None
    transcript: Part | None = None
    sections: tuple[Part, ...] = ()
    entry: Line | None = None
    languages: tuple[Tongue, ...] = ()


class Brief(msgspec.Struct, frozen=True, kw_only=True):
    """A warning in a sentence or two, for where there is no room for more: `act` is what the main action says, `draft`
    as in `Face`. Nothing is told of the services of `crisis` but how to reach them."""

    page: str
    language: str
    dir: str
    title: str
    said: tuple[str, ...]
    act: str
    crisis: Crisis
    draft: str = ""


class MatrixError(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a Matrix server's 403 to a search for rooms (MSC4228), with a text for each language (MSC4176, under
    the name that the proposal asks for until it is accepted)."""

    errcode: Literal["M_FORBIDDEN"] = "M_FORBIDDEN"
    error: str
    messages: dict[str, str] = msgspec.field(name="org.matrix.msc4176.messages")


def lead(paragraphs: Sequence[Said]) -> tuple[str, ...]:
    """How a warning begins, and that there is help."""
    offers = [said for said in paragraphs if said.element is Element.HELP]
    return tuple(dict.fromkeys(said.text for said in (*paragraphs[:1], *offers[:1])))


def matrix_error(briefs: Iterable[Brief]) -> MatrixError:
    """Each text leads to the page in its own language. The first one is for clients that do not choose."""
    texts = {brief.language: _in_a_line(brief) for brief in briefs}
    return MatrixError(error=next(iter(texts.values())), messages=texts)


def _in_a_line(brief: Brief) -> str:
    """Clients show it as it is, and it should be printable: so there is neither markup nor a line break in it."""
    return " ".join(filter(None, (brief.title, *brief.said, brief.draft, brief.act, brief.page)))
