"""Owns what is left of a page where there is no room for all of it."""

from __future__ import annotations

import msgspec

from redirect.domain.content import Element
from redirect.domain.faces import Brief, Contact, Crisis, Said, lead, matrix_error

CRIME, HARM = Said("It is a crime.", Element.CRIME), Said("It does harm.", Element.HARM)
HELP = Said("There is help.", Element.HELP)


def brief(language: str, draft: str = "") -> Brief:
    return Brief(
        page=f"https://search.example/w/{language}",
        language=language,
        dir="ltr",
        title="Stop.",
        said=("There is help.",),
        act="Get help",
        crisis=Crisis(title="", text="", elsewhere="", directory=Contact(id="directory", url="https://help.example/")),
        draft=draft,
    )


def test_a_warning_in_short_says_how_it_begins_and_that_there_is_help() -> None:
    assert lead((CRIME, HARM, HELP)) == ("It is a crime.", "There is help.")
    assert lead((HELP, CRIME)) == ("There is help.",)
    assert lead((HARM,)) == ("It does harm.",)
    assert lead(()) == ()


def test_the_matrix_error_has_a_text_for_each_language_and_the_first_for_who_does_not_choose() -> None:
    error = msgspec.to_builtins(matrix_error(brief(tag) for tag in ("de", "en")))
    german, english = (f"Stop. There is help. Get help https://search.example/w/{tag}" for tag in ("de", "en"))
    assert error == {
        "errcode": "M_FORBIDDEN",
        "error": german,
        "org.matrix.msc4176.messages": {"de": german, "en": english},
    }


def test_a_matrix_text_is_one_printable_line_that_says_when_it_is_a_draft() -> None:
    error = matrix_error([brief("en", "A draft.")]).error
    assert error.isprintable()
    assert error == "Stop. There is help. A draft. Get help https://search.example/w/en"
