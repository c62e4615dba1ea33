"""Owns the text of the API reference: an OpenAPI 3.1 document, as Markdown. Must never say what that does not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

Node = dict[str, Any]
PROBLEM = re.compile(r"urn:redirect:problem:([\w-]+): ")


def api_page(document: Node) -> str:
    """Every call and every type, in the order of an OpenAPI 3.1 document whose references are its own."""
    calls = [
        _call(method, path, call) for path, methods in document["paths"].items() for method, call in methods.items()
    ]
    types = [_type(name, schema) for name, schema in document["components"]["schemas"].items()]
    return "\n".join(["", "## Calls", "", *calls, "## Types", "", *types])


def _call(method: str, path: str, call: Node) -> str:
    lines = [f"### `{method.upper()} {path}`", "", f"{call['summary']}. {call.get('description', '')}".rstrip(), ""]
    lines += ["Needs no key.", ""] if call.get("security") == [] else []
    if body := call.get("requestBody"):
        lines += [f"Body: {_content(body)}.", ""]
    if asked := call.get("parameters"):
        lines += ["| Parameter | In | Type | |", "|---|---|---|---|", *map(_parameter, asked), ""]
    lines += ["| Status | Answer |", "|---|---|", *(_answer(*row) for row in sorted(call["responses"].items())), ""]
    return "\n".join(lines)


def _parameter(asked: Node) -> str:
    shape = _shape(asked["schema"]) + (", required" if asked.get("required") else "")
    return f"| `{asked['name']}` | {asked['in']} | {shape} | {_line(asked.get('description', ''))} |"


def _answer(status: str, answer: Node) -> str:
    content = "" if "application/problem+json" in answer.get("content", {}) else _content(answer)
    said = PROBLEM.sub(r"`\1`: ", _line(answer["description"]))
    return f"| {status} | {said}{': ' if content else ''}{content} |"


def _content(holder: Node) -> str:
    return ", ".join(
        f"{_shape(one.get('schema', {}))} as `{media}`" for media, one in holder.get("content", {}).items()
    )


def _type(name: str, schema: Node) -> str:
    lines = [f"### {name}", "", _paragraphs(schema.get("description", "")), ""]
    if values := schema.get("enum"):
        lines += [f"One of {_values(values)}.", ""]
    if fields := schema.get("properties"):
        must = set(schema.get("required", ()))
        rows = (f"| `{field}` | {_shape(one)}{_default(field in must, one)} |" for field, one in fields.items())
        lines += ["| Field | Type |", "|---|---|", *rows, ""]
    return "\n".join(lines)


def _default(must: bool, schema: Node) -> str:  # noqa: FBT001 - one caller, one row
    if must:
        return ", required"
    return f", else `{schema['default']}`" if schema.get("default") not in {None, ""} else ""


def _shape(schema: Node | Literal[False]) -> str:
    """A type in a few words, linked where it has a place of its own. `False`: a field that may not be."""
    if schema is False:
        return "not allowed"
    if ref := schema.get("$ref"):
        name = ref.rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if several := schema.get("anyOf", schema.get("oneOf")):
        return " or ".join(_shape(one) for one in several if one.get("type") != "null")
    if values := schema.get("enum"):
        return f"one of {_values(values)}"
    if schema.get("type") == "array":
        return f"list of {_shape(schema.get('items', {}))}"
    return " ".join([str(schema.get("type", "anything")), *_bounds(schema)])


def _bounds(schema: Node) -> Iterator[str]:
    words = {"minimum": "from", "maximum": "to", "minLength": "of at least", "maxLength": "of at most", "format": "as"}
    return (f"{word} {schema[key]}" for key, word in words.items() if key in schema)


def _values(values: list[Any]) -> str:
    return ", ".join(f"`{value}`" for value in values)


def _paragraphs(text: str) -> str:
    return "\n".join(line.strip() for line in text.splitlines())


def _line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
