"""Owns the texts of the templates, for code that is no template: each stands there too, where Babel finds it for
translators. Must never hold a text that no page says."""

from __future__ import annotations

from typing import Final

from redirect.domain.listing import Group

LEAVE: Final = "Leave this page"
HISTORY: Final = "This does not erase your history."
DRAFT: Final = "This text is a draft. Nobody has reviewed it yet."
APPEARS: Final = "This page appears for some searches and addresses. It does not know who you are or what you meant."
KEEPS: Final = "This page keeps no name, no address and no search. The site you came from has its own rules."
FRAUD: Final = "This page never asks for money, a name or a number. Whoever demands them in its name is a fraud."
NOTICE: Final = "The privacy notice of that site"
FIRST_PAGE: Final = "Back to the first page"
ONE_BACK: Final = "One step back"
STEP: Final = "Step {number} of {total}"
BLOCKED_BY: Final = "Blocked by"
APPEAL: Final = "To say that the block is wrong"
VIDEO: Final = "Video: a police officer explains"
VIDEO_LOADS: Final = "The video loads only when you start it."
SAID: Final = "What is said in the video"
WRONG: Final = "Wrong match"
THANKS: Final = "Thank you. This was counted as one wrong match. Nothing else was kept."
DOORS: Final = "Here for another reason?"
CRISIS: Final = "If it feels too much"
CRISIS_LINE: Final = "If you think of hurting yourself, or cannot go on, you can talk to someone here:"
CRISIS_NUMBER: Final = "If you think of hurting yourself, or cannot go on, call the emergency number:"
CRISIS_ALONE: Final = "If you think of hurting yourself, or cannot go on, call the emergency number where you are."
ELSEWHERE: Final = "More people to talk to, by country:"
MORE_HELP: Final = "More help"
OTHER_HELP: Final = "Other help"
ASK_FIRST: Final = "Each service has its own rules on privacy. You can ask about them first."
REPORT: Final = "To report something"
REPORT_HOW: Final = "Do not save or forward it. Give the address of the page to:"
LAW: Final = "The law behind this:"
CALL: Final = "Call"

DIRECTORY: Final = "Where to find help"
CHOOSE: Final = "Choose a country"
ALL_COUNTRIES: Final = "All countries"
FOR_EVERYONE: Final = "Open to everyone"
NOT_HERE: Final = "No service of this kind is known to us in this country. These are open to everyone."
EMERGENCY: Final = "Emergency number"
ENTRY: Final = "Do you run one of these services? To change or remove its entry, write to:"
ENTRY_ELSEWHERE: Final = (
    "Do you run one of these services? The site that shows this page can change or remove its entry."
)
OPEN_DATA: Final = "The same list as open data"
SECTIONS: Final = {
    Group.YOURSELF: "Worried about yourself",
    Group.YOUNG: "Young people",
    Group.HAPPENED: "It happened to you",
    Group.SOMEONE: "Worried about someone",
    Group.WORK: "At work",
    Group.REMOVAL: "To have images removed",
    Group.REPORT: REPORT,
    Group.CRISIS: "Crisis line",
}
