"""Owns putting a view into words: each text of a page, in its language, under the name of its part. Must never say
anything that the templates do not, nor in other words; tests hold the two to each other."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypedDict

from markupsafe import Markup
from msgspec.structs import replace

from redirect.domain.faces import Brief, Contact, Crisis, Face, Line, Notes, Part, Said, Tongue, Way, lead
from redirect.domain.guide import Ending
from redirect.domain.law import placed
from redirect.domain.listing import DirectoryView, Group
from redirect.domain.views import GuideView, PageView, action_label
from redirect.web import phrases
from redirect.web.render import host, is_draft, is_unreviewed, main_action, shown_name, site, told, who_blocks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from redirect.domain.content import Message
    from redirect.domain.listing import Section
    from redirect.domain.services import Card
    from redirect.domain.services import Crisis as Slot
    from redirect.domain.views import Frame, Help, Link, VideoView
    from redirect.journeys.situations import Summary
    from redirect.web.render import View

    Say = Callable[[str], str]
    Facts = Callable[[Card], str]

FACTS_KEPT: Final = 128


class _Frame(TypedDict):
    page: str
    language: str
    dir: str
    exit: Way
    history: str
    crisis: Crisis
    notes: Notes
    languages: tuple[Tongue, ...]


class _Message(TypedDict):
    message: str
    draft: str


class Scribe:
    """Writes faces in one language. `facts` is what a page tells of a service, in HTML: a list; `origin` stands before
    the paths of our own addresses."""

    def __init__(self, say: Say, facts: Facts, origin: str) -> None:
        self._say = say
        # Keyed by records of our own directory.
        self._facts = lru_cache(FACTS_KEPT)(lambda card: _items(facts(card)))
        self._origin = origin

    def face(self, view: View, page: str) -> Face:
        """The face of a page that stands at the absolute address `page`."""
        if isinstance(view, PageView):
            return self._said(view, page)
        return self._asked(view, page) if isinstance(view, GuideView) else self._shown(view, page)

    def brief(self, summary: Summary) -> Brief:
        """A first page in a sentence or two."""
        message, locale = summary.message, summary.locale
        title, paragraphs = self._words(message, summary.place)
        unreviewed = is_unreviewed(locale, message.review, summary.law)
        return Brief(
            page=summary.page,
            language=locale.tag,
            dir=locale.dir,
            title=title,
            said=lead(paragraphs),
            act=self._say(action_label(message, summary.cards[0])),
            crisis=self._crisis(summary.crisis, locale.tag, told_of=False),
            draft=self._say(phrases.DRAFT) if unreviewed else "",
        )

    def listed(self, view: DirectoryView) -> Face:
        """The face of a page of the directory."""
        say, writes_to = self._say, told(view.contact)
        entry = Line(label=say(phrases.ENTRY), text=writes_to.text, href=writes_to.href)
        return Face(
            **self._frame(view, self._at(view.languages.near[0].href)),  # which is the page itself
            layout="door",
            draft="" if view.locale.reviewed else say(phrases.DRAFT),
            title=f"{say(phrases.DIRECTORY)}: {view.place}" if view.place else say(phrases.DIRECTORY),
            back=self._ways((phrases.ALL_COUNTRIES, view.everywhere)),
            sections=tuple(self._sections(view)),
            also=(say(phrases.ASK_FIRST), *([] if view.contact else [say(phrases.ENTRY_ELSEWHERE)])),
            entry=entry if view.contact else None,
            onward=self._ways((phrases.OPEN_DATA, view.open_data)),
        )

    def _said(self, view: PageView, page: str) -> Face:
        message, asks_wrong = view.message, bool(view.wrong or view.thanked)
        title, paragraphs = self._words(message, view.place)
        rest = view.help if asks_wrong else view.help[1:]
        return Face(
            **self._frame(view, page),
            **self._message(view),
            layout=message.layout,
            title=title,
            back=self._ways((phrases.FIRST_PAGE, view.back)),
            blocked=tuple(self._blocked(view)),
            paragraphs=paragraphs,
            act=self._wrong(view) if asks_wrong else self._first(view),
            onward=(*self._ways((phrases.VIDEO, view.video)), *([self._way(view.guide)] if view.guide else [])),
            doors=self._doors(view.doors),
            help=self._more(phrases.MORE_HELP, rest, view, note=phrases.ASK_FIRST),
            also=() if view.thanked else tuple(map(self._say, message.more)),
            report=self._report(view),
            law=self._law(view),
        )

    def _asked(self, view: GuideView, page: str) -> Face:
        say, says = self._say, view.place.says
        step = say(phrases.STEP).format(number=view.place.number, total=view.place.questions)
        return Face(
            **self._frame(view, page),
            **self._message(view),
            layout="door",
            title=say(says.headline),
            back=self._ways((phrases.FIRST_PAGE, view.back), (phrases.ONE_BACK, view.before)),
            step=step if view.choices else "",
            paragraphs=(Said(say(says.text)),),
            choices=tuple(map(self._way, view.choices)),
            act=self._first(view) if view.help else None,
            onward=self._ways((says.again, view.again)) if isinstance(says, Ending) else (),
            doors=self._doors(view.doors),
            help=self._more(phrases.OTHER_HELP, view.help[1:], view),
        )

    def _shown(self, view: VideoView, page: str) -> Face:
        say, said = self._say, view.video.transcript(view.locale.tag)
        clips = ((phrases.VIDEO, f"{view.media}/{clip.name}") for clip in view.video.clips)
        return Face(
            **self._frame(view, page),
            **self._message(view),
            layout="door",
            title=say(phrases.VIDEO),
            back=self._ways((phrases.FIRST_PAGE, view.back)),
            paragraphs=(Said(view.video.force), Said(say(phrases.VIDEO_LOADS))),
            transcript=Part(title=say(phrases.SAID), lang=said.lang, dir=said.dir, texts=said.paragraphs),
            act=self._first(view),
            onward=self._ways(*clips),
        )

    def _frame(self, view: Frame, page: str) -> _Frame:
        bar = view.languages
        return {
            "page": page,
            "language": view.locale.tag,
            "dir": view.locale.dir,
            "exit": Way(label=self._say(phrases.LEAVE), href=self._at(view.exit)),
            "history": self._say(phrases.HISTORY),
            "crisis": self._crisis(view.crisis, view.locale.tag),
            "notes": self._notes(view),
            "languages": tuple(Tongue(link.lang, link.label) for link in (*bar.near, *bar.others)),
        }

    def _message(self, view: View) -> _Message:
        draft = self._say(phrases.DRAFT) if is_draft(view) else ""
        return {"message": f"{view.message.id}.{view.message.variant}", "draft": draft}

    def _words(self, message: Message, place: str) -> tuple[str, tuple[Said, ...]]:
        """Headline and paragraphs."""
        paragraphs = tuple(Said(placed(self._say(p.text), place), p.element) for p in message.paragraphs)
        return self._say(message.headline), paragraphs

    def _notes(self, view: Frame) -> Notes:
        notice = told(view.platform.privacy_notice)
        label = self._say(phrases.NOTICE) if notice.href else notice.text
        return Notes(
            appears="" if isinstance(view, DirectoryView) else self._say(phrases.APPEARS),
            keeps=self._say(phrases.KEEPS),
            fraud=self._say(phrases.FRAUD),
            notice=Line(label=label, href=notice.href) if label else None,
        )

    def _crisis(self, slot: Slot, tag: str, *, told_of: bool = True) -> Crisis:
        """`told_of`: with what the page tells of the crisis line."""
        text, contact = phrases.CRISIS_ALONE, None
        if slot.line:
            text, contact = phrases.CRISIS_LINE, self._contact(slot.line, tag, told_of=told_of)
        elif slot.emergency:
            text, contact = phrases.CRISIS_NUMBER, self._number(slot.emergency, tag)
        return Crisis(
            title=self._say(phrases.CRISIS),
            text=self._say(text),
            contact=contact,
            elsewhere=self._say(phrases.ELSEWHERE),
            directory=self._contact(slot.directory, tag, told_of=False),
        )

    def _blocked(self, view: PageView) -> Iterator[Line]:
        blocked = who_blocks(view)
        if blocked and blocked.by:
            by = ", ".join(filter(None, (blocked.by, blocked.address.text)))
            yield Line(label=self._say(phrases.BLOCKED_BY), text=by, href=blocked.address.href)
        if blocked and blocked.appeal.text:
            yield Line(label=self._say(phrases.APPEAL), text=blocked.appeal.text, href=blocked.appeal.href)

    def _first(self, view: View) -> Part:
        return Part(title=self._say(main_action(view)), contacts=(self._contact(view.help[0].card, view.locale.tag),))

    def _wrong(self, view: PageView) -> Part:
        if view.thanked:
            return Part(title=self._say(phrases.WRONG), texts=(self._say(phrases.THANKS),))
        tap = Way(label=self._say(main_action(view)), href=self._at(view.wrong), post=True)
        return Part(title=self._say(phrases.WRONG), ways=(tap,))

    def _doors(self, links: tuple[Link, ...]) -> Part | None:
        return Part(title=self._say(phrases.DOORS), ways=tuple(map(self._way, links))) if links else None

    def _more(self, title: str, help_: tuple[Help, ...], view: View, note: str = "") -> Part | None:
        said = self._say(note) if note else ""
        return (
            Part(title=self._say(title), contacts=self._contacts(help_, view.locale.tag), note=said) if help_ else None
        )

    def _report(self, view: PageView) -> Part | None:
        if view.report is None:
            return None
        how = (self._say(phrases.REPORT_HOW),)
        return Part(
            title=self._say(phrases.REPORT), texts=how, contacts=self._contacts((view.report,), view.locale.tag)
        )

    def _law(self, view: PageView) -> Part | None:
        if view.law is None:
            return None
        page = Way(label=host(view.law.page), href=view.law.page)
        return Part(title=self._say(phrases.LAW), texts=view.law.statutes, ways=(page,))

    def _sections(self, view: DirectoryView) -> Iterator[Part]:
        if view.places:
            yield Part(title=self._say(phrases.CHOOSE), ways=tuple(map(self._way, view.places)))
            yield Part(title=self._say(phrases.FOR_EVERYONE))
        for section in view.sections:
            yield self._section(section, view)
        if view.emergency and view.crisis.line:
            yield Part(title=self._say(phrases.EMERGENCY), contacts=(self._number(view.emergency, view.locale.tag),))

    def _section(self, section: Section, view: DirectoryView) -> Part:
        texts = [phrases.NOT_HERE] if view.place and not section.own else []
        texts += [phrases.REPORT_HOW] if section.group is Group.REPORT else []
        title, said = self._say(phrases.SECTIONS[section.group]), tuple(map(self._say, texts))
        return Part(title=title, texts=said, contacts=self._contacts(section.help, view.locale.tag))

    def _contacts(self, help_: Iterable[Help], tag: str) -> tuple[Contact, ...]:
        return tuple(self._contact(each.card, tag) for each in help_)

    def _contact(self, card: Card, tag: str, *, told_of: bool = True) -> Contact:
        name = shown_name(card.service, tag)
        return Contact(
            id=card.service.id,
            name=name.text,
            lang=name.lang,
            url=site(card),
            phone=card.phone or "",
            phone_display=card.phone_display or "",
            call=self._say(phrases.CALL) if card.phone else "",
            facts=self._facts(card) if told_of else (),
        )

    def _number(self, card: Card, tag: str) -> Contact:
        """An emergency number, which needs no name."""
        return replace(self._contact(card, tag, told_of=False), name="", lang="")

    def _ways(self, *ways: tuple[str, str]) -> tuple[Way, ...]:
        return tuple(Way(label=self._say(label), href=self._at(href)) for label, href in ways if href)

    def _way(self, link: Link) -> Way:
        return Way(label=self._say(link.label), href=self._at(link.href), door=link.door)

    def _at(self, href: str) -> str:
        """The absolute address. Where pages are shown under the names of others, links are absolute already."""
        return self._origin + href if href.startswith("/") else href


def _items(html: str) -> tuple[str, ...]:
    """The items of a list, without their markup."""
    texts = (Markup(item).striptags() for item in html.split("</li>"))  # noqa: S704 (taken apart, never sent)
    return tuple(filter(None, texts))
