"""An example for every schema of the API, always the same one: words of the workshop floor for fields that we know."""

import hashlib
import json
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any, TypedDict, cast
from uuid import UUID

Schema = dict[str, Any]
INSTANT = "2026-03-02T09:30:00Z"
MADE_AT = 0x019CADE5B8C0
"""Milliseconds since 1970 of the instant above: the first 48 bits of a UUIDv7 (RFC 9562)."""
DEEPEST = 8


class _Table(TypedDict):
    fields: dict[str, Any]
    operations: dict[str, Any]
    answers: dict[str, dict[str, Any]]


@cache
def _table() -> _Table:
    return cast("_Table", json.loads(files("reuse.data").joinpath("examples.json").read_text("utf-8")))


def body_of(operation: str, schema: Schema, schemas: dict[str, Schema]) -> Any:  # noqa: ANN401  # any JSON value
    """A body that the operation accepts; where fields depend on each other the table has it whole."""
    return _table()["operations"].get(operation) or example_of(schema, schemas)


def answer_of(operation: str) -> dict[str, Any]:
    """What is known of an answer that its handler's type does not say: a schema's name, or a kind and an example."""
    return _table()["answers"].get(operation, {})


def example_of(schema: Schema, schemas: dict[str, Schema], *, name: str = "", depth: int = 0) -> Any:  # noqa: ANN401  # any JSON value
    """A value of the schema, for a field called `name`; `schemas` are the document's components."""
    possible = list(_plain(schema, schemas))
    if not possible or depth > DEEPEST:
        return None
    known = _table()["fields"].get(name)
    if known is not None and any(_fits(known, one) for one in possible):
        return known
    first = possible[0]
    if "const" in first or "enum" in first:
        return first.get("const", first.get("enum", [None])[0])
    return _of_type(first, schemas, name, depth)


def _plain(schema: Schema, schemas: dict[str, Schema]) -> Iterator[Schema]:
    """The schemas that this one stands for: behind a reference, among alternatives, without null."""
    if "$ref" in schema:
        yield from _plain(schemas[schema["$ref"].rsplit("/", 1)[-1]], schemas)
    elif choices := schema.get("oneOf") or schema.get("anyOf"):
        for choice in choices:
            yield from _plain(choice, schemas)
    elif schema.get("type") != "null":
        yield schema


def _of_type(schema: Schema, schemas: dict[str, Schema], name: str, depth: int) -> Any:  # noqa: ANN401  # any JSON value
    match _type(schema):
        case "object":
            return _object(schema, schemas, depth)
        case "array":
            item = example_of(schema.get("items", {}), schemas, name=name.removesuffix("s"), depth=depth + 1)
            return [] if item is None else [item]
        case "integer" | "number":
            return schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
        case "boolean":
            return schema.get("default", False)
        case "string":
            return _text(schema, name)
        case _:
            return None


def _type(schema: Schema) -> str | None:
    """JSON Schema allows a list of types; the first that is not null is what we show."""
    found = schema.get("type")
    if isinstance(found, list):
        return next((one for one in cast("list[str]", found) if one != "null"), None)
    return found


def _object(schema: Schema, schemas: dict[str, Schema], depth: int) -> dict[str, Any]:
    title = str(schema.get("title", "thing")).removesuffix("Shape").lower()
    shown = {
        field: example_of(inner, schemas, name=f"{title}_id" if field == "id" else field, depth=depth + 1)
        for field, inner in schema.get("properties", {}).items()
    }
    required = schema.get("required", [])
    return {field: value for field, value in shown.items() if value is not None or field in required}


def _text(schema: Schema, name: str) -> str:
    match schema.get("format"):
        case "uuid":
            return str(example_id(name))
        case "date-time":
            return INSTANT
        case "date":
            return INSTANT[:10]
        case "binary":
            return "…"
        case _:
            return name.replace("_", " ")[: schema.get("maxLength", 80)] or "text"


def example_id(name: str) -> UUID:
    """A UUIDv7 that is always the same for one name, so that a device is the same device in every example."""
    digest = int.from_bytes(hashlib.sha256(name.encode()).digest()[:10])
    random_a, random_b = digest >> 68, digest & ((1 << 62) - 1)
    return UUID(int=MADE_AT << 80 | 7 << 76 | random_a << 64 | 0b10 << 62 | random_b)


KINDS: dict[str | None, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}


def _fits(value: object, schema: Schema) -> bool:
    """Whether a known field's value is of the kind that this schema wants under the same name."""
    if "enum" in schema:
        return value in schema["enum"]
    if "const" in schema or schema.get("format") in {"uuid", "date-time", "date"} or schema.get("properties"):
        return False
    kind = _type(schema)
    return isinstance(value, KINDS.get(kind, ())) and isinstance(value, bool) == (kind == "boolean")
