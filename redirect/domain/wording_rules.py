"""Owns the rules that every message is held to. Must never hold a word that harms; those stand in
`redirect/data/harmful_words.toml` alone."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from redirect.domain.content import Element
from redirect.domain.law import Question

if TYPE_CHECKING:
    from collections.abc import Mapping


class Rule(StrEnum):
    """What a finding is about; `ABOUT` has it in words."""

    ELEMENTS = "elements"
    LAYOUT = "layout"
    EVIDENCE = "evidence"
    HEDGE = "hedge"
    SENTENCE = "sentence"
    GRADE = "grade"
    REPEAT = "repeat"
    WORDS = "words"
    HARMFUL = "harmful"
    ADDRESS = "address"
    CLAIM = "claim"
    LAW = "law"
    BIDI = "bidi"
    MARKUP = "markup"
    PLACEHOLDERS = "placeholders"
    UNTRANSLATED = "untranslated"
    LISTS = "lists"


MOST_WORDS: Final = 90
HIGHEST_GRADE: Final = 8

ABOUT: Final = {
    Rule.ELEMENTS: "does not have exactly the elements of its purpose",
    Rule.LAYOUT: "does not have the layout of its purpose",
    Rule.EVIDENCE: "names no study that it rests on, by an https address",
    Rule.HEDGE: 'says what the law is without a source: it needs "many countries", "some countries" or "can be"',
    Rule.SENTENCE: "does not say exactly what its question asks of the law",
    Rule.GRADE: "needs a higher school grade than it may",
    Rule.REPEAT: "says again what the first showing said",
    Rule.WORDS: f"has more than {MOST_WORDS} words above the fold",
    Rule.HARMFUL: "has a word that harms",
    Rule.ADDRESS: "has a word that harms in an address that pages show",
    Rule.CLAIM: "says or implies that the reader did something, or was seen or recorded",
    Rule.LAW: "speaks of law, police or punishment to somebody who is not to be threatened",
    Rule.BIDI: "has an invisible character that turns the direction of text",
    Rule.MARKUP: "has markup or an address in it",
    Rule.PLACEHOLDERS: "does not keep the numbers and {placeholders} of the English text",
    Rule.UNTRANSLATED: "is still the English text",
    Rule.LISTS: "has no list of harmful words, or none of words on the law",
}

_FOUR: Final = frozenset({Element.CRIME, Element.CONSEQUENCES, Element.HARM, Element.HELP})
_ADVISING: Final = frozenset({Element.EXPLAIN, Element.ADVICE, Element.HELP})
ELEMENTS: Final[Mapping[str, frozenset[Element]]] = {
    "V1": _FOUR,
    "V2": _FOUR,
    "V3": _FOUR | {Element.EXPLAIN, Element.APPEAL},
    "V4": _FOUR,
    "V5": frozenset({Element.EXPLAIN, Element.CRIME, Element.HELP}),
    "V6": _ADVISING,
    "V7": _ADVISING,
    "V8": _ADVISING,
}
"""The elements of each message: the rows of the evidence's proposed variants."""

LAYOUTS: Final = {"V1": "first", "V2": "repeat", "V3": "first", "V4": "first"}
FIRST: Final = "V1"
REPEAT: Final = "V2"
UNTHREATENED: Final = frozenset({"V5", "V7"})
"""Young people and survivors. That sharing can be a crime, a young person has to know; that one line may say so."""

FURNITURE: Final = ("Leave this page", "This text is a draft. Nobody has reviewed it yet.")
"""What stands above the fold around every message; counted with the English text, which sets the measure. Other
languages need more words for the same, and have the whole limit for the message."""

# What a sentence on the law says, by the question that lets it.
VERBS: Final = {
    Question.MAKING: "make or share|make, share",
    Question.POSSESSION: r"\bkeep\b",
    Question.VIEWING: "knowingly open",
    Question.AI: r"\bcan\b.*\bAI\b",
}
LEGAL: Final = re.compile(r"\b(crimes?|criminal|illegal|unlawful|the law|offences?)\b", re.IGNORECASE)
HEDGES: Final = re.compile(r"\b(many|some) countries\b|\bin some\b|\bcan be\b", re.IGNORECASE)
CLAIMS: Final = re.compile(
    r"\byou(?:'ve| have| just|r search)? ?(?:searched|looked for|tried|were (?:seen|recorded|reported|logged|filmed))\b"
    r"|\byour (?:search|visit|device|address) (?:was|is|has|will)\b"
    r"|\b(?:we|police) (?:know|saw|see|have recorded|recorded|logged|reported|are watching)\b"
    r"|\b(?:has|have) been (?:seen|recorded|reported|logged)\b",
    re.IGNORECASE,
)
BIDI_CONTROLS: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
MARKUP: Final = re.compile(r"[<>]|&\w+;|https?:|www\.")
PLACEHOLDERS: Final = re.compile(r"\{\w*\}|%\(\w+\)s")
NUMBERS: Final = re.compile(r"\d+")
