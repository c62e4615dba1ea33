"""Owns the error tree. Must never carry a query, an address of a person or a list entry in a message.

RedirectError
├── SettingsError   a setting is wrong: stops the start and names the variable
├── ContentError    messages, services or catalogues are wrong: stops the start and names the file
├── ListError       a list, bundle or manifest is refused
├── BackupError     a backup of counts is refused, or may not go where it was to go
├── StoreError      the store did not answer, or refused
└── BadRequest      a caller's mistake; the web edge turns it into application/problem+json
"""


class RedirectError(Exception):
    """Base of every error that redirect raises on purpose. `str()` is a sentence fit to show an operator."""


class SettingsError(RedirectError):
    """A setting is missing, unknown or out of range; the message names it and says what to do."""


class ContentError(RedirectError):
    """A file under `messages/` or `locales/` cannot be used; the message names file and field."""


class ListError(RedirectError):
    """A list source, bundle or manifest is refused.

    `list_name` and `line` say where, `reason` says why; the entry itself is never part of it.
    """

    def __init__(self, reason: str, *, list_name: str = "", line: int = 0) -> None:
        self.list_name, self.line, self.reason = list_name, line, reason
        where = f"{list_name}, line {line}: " if line else f"{list_name}: " if list_name else ""
        super().__init__(where + reason)


class BackupError(RedirectError):
    """A backup cannot be read, or the store that it was to go to holds counts; the message says what to do."""


class StoreError(RedirectError):
    """The store did not do what was asked. `permanent`: asking again will not help."""

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        self.permanent = permanent
        super().__init__(message)


class BadRequest(RedirectError):  # noqa: N818 (the name that callers read in a problem)
    """A caller's mistake. `problem` is a key of `redirect.web.problems.PROBLEMS`; nothing of the input is kept."""

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(problem)
