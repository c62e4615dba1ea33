"""Owns where the links of a preview lead: to other files of it, or out into the world. Must never let one lead to
anything that counts."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final

from redirect.domain.content import THANKS
from redirect.tools.scenes import COUNTRY, DIRECTORY

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from redirect.domain.content import Statement
    from redirect.tools.scenes import Scene

_LINK: Final = re.compile(r' (?P<attribute>href|action)="(?:\?lang=(?P<tag>[^"]+)|/(?P<path>[^"]*))"')


class Names:
    """Implements `Tokens` for pages in files: a page's address says which file it is in."""

    def __init__(self, scenes: Iterable[Scene], same: Mapping[str, str]) -> None:
        self._same = same
        self._names: dict[tuple[str, ...], str] = {}
        for scene in scenes:
            exact, by_step = self._keys(scene.statement)
            self._names.setdefault(exact, scene.name)
            self._names.setdefault(by_step, scene.name)

    def _keys(self, statement: Statement) -> tuple[tuple[str, ...], tuple[str, ...]]:
        step = self._same.get(statement.step, statement.step)
        page = (statement.message, statement.variant, statement.country, statement.platform, step)
        return page, (step,)

    def seal(self, statement: Statement) -> str:
        """The name of its file, or of the one that shows the same step."""
        exact, by_step = self._keys(statement)
        return self._names.get(exact) or self._names[by_step]

    def open(self, token: str) -> Statement | None:
        """None: nobody opens these addresses."""
        del token
        return None

    def code(self, token: str, service: str) -> str:
        """Leads nowhere."""
        del token
        return service


class Ways:
    """Where links lead from pages in the language `tag`, in a preview of the languages `tags`."""

    def __init__(self, tag: str, tags: Collection[str], scenes: Iterable[Scene]) -> None:
        self._tag = tag
        self._tags = tags
        self._home = next((scene.statement.country for scene in scenes if scene.name == COUNTRY), "")

    def still(self, html: str, scene: Scene) -> str:
        """A page that leads to other files, and nowhere that counts."""
        # A form that is sent from a file can only ask for another file.
        return _LINK.sub(partial(self._led, scene), html.replace('method="post"', 'method="get"'))

    def _led(self, scene: Scene, link: re.Match[str]) -> str:
        """The link as it works between files; without an address where it counts, or leads out of the preview."""
        tag, path = link["tag"], link["path"]
        file = (f"../{tag}/{scene.file}" if tag in self._tags else "") if tag else self._file(path.split("/"))
        return f' {link["attribute"]}="{file}"' if file else ""

    def _file(self, path: list[str]) -> str:
        """The file that stands for a path of the service; empty where none does."""
        match path:
            case ["w", name]:
                return f"{name}.html"
            case ["w", _, "wrong"]:
                return f"{THANKS}.html"
            case [tag, "help"] if tag in self._tags:
                return f"../{tag}/{DIRECTORY}.html"
            # Of each language there is the page of one country alone: where it is most at home.
            case [tag, "help", country] if tag in self._tags and (tag != self._tag or country == self._home):
                return f"../{tag}/{COUNTRY}.html"
        return ""
