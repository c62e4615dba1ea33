"""Owns the addresses of one page of every kind, found as a person would: by following the links."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from conftest import Html

if TYPE_CHECKING:
    from conftest import Service


class Ways:
    """`addresses` by the kind of page, all in one language."""

    def __init__(self, service: Service, tag: str, country: str = "GB") -> None:
        self._service, self._sent = service, dict[str, str]()
        first = service.check("zorblax minku", country=country, languages=tag)["page"]
        self.addresses = {
            "V1": first,
            "V2": service.check("zorblax minku", country=country, languages=tag, attempt=1)["page"],
            "V3": service.check(url="http://blocked.example/room/42", country=country, languages=tag)["page"],
            "V4": service.check("quellfen drovic", country=country, languages=tag)["page"],
            "directory": f"{service.url}/{tag}/help",
            "country": f"{service.url}/{tag}/help/{country}",
            "unreadable": f"{service.url}/w/unreadable?lang={tag}",
        }
        page = self._read(first)
        for door, address in Html(page).doors.items():
            self.addresses[door] = self._whole(address)
        (form,) = Html(self._read(self.addresses["work-or-mistake"])).all("form")
        self.addresses["thanks"] = self._whole(service.ask(form["action"]).headers["location"])
        self._follow_guide(self._links(page, 'class="invite"')[0])

    def _follow_guide(self, step: str) -> None:
        """Every question by its first answer, and the ends."""
        self.addresses["question"] = step
        *_, self.addresses["leave"], self.addresses["doors"] = self._answers(step)
        while answers := self._answers(step):
            step = answers[0]
        self.addresses["end"] = step

    def _answers(self, step: str) -> list[str]:
        return self._links(self._read(step), 'class="choices"')

    def _links(self, page: str, place: str) -> list[str]:
        """Where the links of the paragraph or navigation with this attribute lead."""
        found = re.search(rf"<(\w+) {place}.*?</\1>", page, re.DOTALL)
        return [self._whole(href) for href in re.findall(r'href="([^"]+)"', found[0])] if found else []

    def pages(self) -> dict[str, str]:
        """Each of them, as the service sent it."""
        return {kind: self._read(address) for kind, address in self.addresses.items()}

    def _read(self, address: str) -> str:
        if address not in self._sent:
            self._sent[address] = self._service.get(address).text
        return self._sent[address]

    def _whole(self, href: str) -> str:
        return href if href.startswith("http") else f"{self._service.url}{href}"
