"""Owns what a report says of its own words, methods and limits, in plain English. Must never promise more than the
counts can hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

ABOUT: Final = (
    "When somebody on this platform searches for words, or opens an address, that a list of the platform connects"
    " with child sexual abuse material (CSAM), a page appears instead of, or above, what they asked for. It says "
    "what the law and the harm are, and where help is, in the reader's language. This report counts how often "
    "that happened, and what followed."
)
PRIVACY: Final = (
    "The pages record no query, address, IP address, device or person. Counts were added up at the moment something"
    " happened, and no count below {minimum} is shown. The platform has its own duties and its own privacy notice."
)
DEFINITIONS: Final[Mapping[str, str]] = {
    "Warning shown": "A warning page that was opened. Programs that say what they are are left out.",
    "First warning": "A warning before which this browser session had shown none, as the platform counts them.",
    "Stopped": "First warnings that no second one followed in the same browser session.",
    "Help opened": "The way from a page to the website of a service that helps was taken. One person may open several.",
    "Calls": "What a helpline says that it answered. Whoever dials a number is counted by nobody else.",
    "Wrong match": "Somebody tapped that the page did not fit what they meant: so errors of the list come to light.",
    "Door": (
        "A way to a page of its own: for people under 18, for those who worry about someone, for those to whom it"
        " happened, and for work or mistakes. Readers choose; nobody is ever sorted."
    ),
    "Appeal": "A complaint that something is blocked wrongly, as the platform counts them.",
}
METHODS: Final = (
    (
        "Counts are published by the 10-5 rule of the Office for National Statistics: a cell below {minimum} is "
        "left out, and any other is rounded to the nearest 5. Cells that are too small are put together with "
        "others like them, by week, language, month, region and at last all countries, until their sum is large "
        "enough. Such a sum takes the largest of them for smaller than they are, and what is still too small then is "
        "missing: so sums here are a little too low."
    ),
    (
        "Months are whole weeks, Monday to Sunday: those whose Thursday lies in the month. Days are in UTC. "
        "Appeals and helplines are counted by calendar month."
    ),
    (
        "A range after a share holds the truth in 95 of 100 such cases. It covers chance (Wilson's score "
        "interval), rounding, and the most that may be missing for these reasons."
    ),
    (
        "Arms of experiments are compared by always-valid tests: stopping first, ways to help second, never "
        "clicks alone."
    ),
)
LIMITS: Final = (
    (
        "Stopping is what can be seen within one browser session on this platform. Who went elsewhere counts as "
        "stopped, and who came back the next day as new."
    ),
    (
        "More warnings do not mean more people who search for such material: a longer list, a new surface or more"
        " traffic have the same effect. The changes are listed beside the figures for that reason."
    ),
    (
        "Fewer warnings do not show that the page worked. Only an experiment, or a before-and-after comparison "
        "with a control series, can say what a change caused."
    ),
    "A way to a service that was opened is not yet help that was received.",
    "Shares of two platforms or surfaces cannot be compared: who sees the page, and why, differs.",
)
SMALL: Final = "fewer than {minimum}"
