"""Reading bytes from strangers: text, JSON, YAML and XML within limits, or a clear refusal."""

import json
from collections.abc import Iterator
from io import BytesIO
from typing import cast
from xml.etree.ElementTree import Element, ParseError  # the types only; all parsing goes through defusedxml

import yaml
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from reuse.errors import Invalid, TooLarge

MAX_BYTES = 20 * 1024 * 1024  # reliability rule "Input": uploads at most 20 MB
MAX_YAML_BYTES = 1024 * 1024  # YAML is slow to read; snapshots are a few hundred kilobytes
MAX_DEPTH = 64  # the deepest real report seen (lshw inside an eReuse snapshot) is 20 levels deep
MAX_NODES = 2_000_000


def read_text(content: bytes) -> str:
    """Turn a report's bytes into text: UTF-8 or UTF-16 with a mark, UTF-8, else one character per byte.

    nwipe 0.33 prints garbage bytes after a 20-character serial, so a log need not be UTF-8. NULs mean that it is none.
    """
    if len(content) > MAX_BYTES:
        raise TooLarge("The file is larger than 20 MB, more than any erasure report.", code="file_too_large")
    if not content.strip():
        sentence = "The file is empty: the tool wrote nothing. Look at its error messages, or erase again."
        raise Invalid(sentence, code="file_empty")
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    if "\0" in text:
        raise Invalid("The file holds NUL characters: it is damaged or not a text report.", code="file_not_text")
    return text


def json_values(text: str) -> list[object] | None:
    """Read one or several JSON values that follow each other; None where the text does not begin as JSON at all."""
    decoder = json.JSONDecoder(object_pairs_hook=_unique_pairs)
    values: list[object] = []
    position, end = 0, len(text)
    try:
        while position < end:
            if text[position].isspace():
                position += 1
                continue
            value, position = decoder.raw_decode(text, position)
            values.append(value)
    except RecursionError:
        raise Invalid("The JSON is nested too deeply for a report.", code="nested_too_deeply") from None
    except ValueError:
        return None
    measure(values)
    return values


def yaml_value(text: str) -> object:
    """Read one YAML document without tags, anchors or aliases of any kind."""
    if len(text) > MAX_YAML_BYTES:
        raise TooLarge("The YAML file is larger than 1 MB, more than any snapshot.", code="file_too_large")
    try:
        _check_yaml_events(text)
        _check_yaml_keys(text)
        value: object = yaml.load(text, Loader=yaml.CSafeLoader)  # the C form of the safe loader
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError):
        raise Invalid("The file looks like YAML, but cannot be read as YAML.", code="yaml_malformed") from None
    measure(value)
    return value


def _check_yaml_events(text: str) -> None:
    depth = 0
    events = cast("Iterator[yaml.Event]", yaml.parse(text, Loader=yaml.CSafeLoader))  # pyright: ignore[reportUnknownMemberType]  # its stub types no stream
    for event in events:
        if isinstance(event, yaml.AliasEvent):
            raise Invalid("The YAML uses aliases, which no report needs.", code="yaml_alias")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise Invalid("The YAML is nested too deeply for a report.", code="nested_too_deeply")


def _check_yaml_keys(text: str) -> None:
    root = cast("yaml.Node | None", yaml.compose(text, Loader=yaml.CSafeLoader))  # pyright: ignore[reportUnknownMemberType]  # its stub types no stream
    nodes = [root] if root is not None else []
    while nodes:
        node = nodes.pop()
        if isinstance(node, yaml.MappingNode):
            keys = [str(key.value) for key, _value in node.value]
            if len(set(keys)) != len(keys):
                raise Invalid("The YAML names the same field twice in one mapping.", code="duplicate_field")
            nodes += [value for _key, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            nodes += node.value


def xml_root(content: bytes) -> Element:
    """Read XML without document type, entities or external references, at most 64 levels deep."""
    depth, nodes, root = 0, 0, None
    try:
        for happening, element in iterparse(BytesIO(content), events=("start", "end"), forbid_dtd=True):
            root = element if root is None else root
            depth += 1 if happening == "start" else -1
            nodes += 1
            if depth > MAX_DEPTH or nodes > MAX_NODES:
                raise Invalid("The XML is nested too deeply or too large for a report.", code="nested_too_deeply")
    except DefusedXmlException:
        raise Invalid(
            "The XML declares a document type or entities, which no report needs.", code="xml_hostile"
        ) from None
    except (ParseError, ValueError, LookupError):
        raise Invalid("The file looks like XML, but cannot be read as XML.", code="xml_malformed") from None
    if root is None:
        raise Invalid("The XML holds nothing.", code="xml_malformed")
    return root


def _unique_pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) != len(pairs):
        # Readers differ in which of two equal names they believe; a report that depends on it proves nothing.
        raise Invalid("The JSON names the same field twice in one object.", code="duplicate_field")
    return value


def measure(value: object) -> None:
    """Refuse values deeper than 64 levels or with more than two million parts."""
    level: list[object] = [value]
    depth = nodes = 0
    while level:
        depth += 1
        nodes += len(level)
        if depth > MAX_DEPTH or nodes > MAX_NODES:
            raise Invalid("The file is nested too deeply or too large for a report.", code="nested_too_deeply")
        level = [child for parent in level for _name, child in named_children(parent)]


def named_children(value: object) -> Iterator[tuple[str | None, object]]:
    """Iterate over the parts of a mapping with their names, and of a list without."""
    yield from mapping(value).items()
    yield from ((None, part) for part in sequence(value))


def mapping(value: object) -> dict[str, object]:
    """See a value as a mapping with text keys; anything else is an empty one."""
    parts = cast("dict[object, object]", value) if isinstance(value, dict) else {}
    return {key: part for key, part in parts.items() if isinstance(key, str)}


def sequence(value: object) -> list[object]:
    """See a value as a list; anything else is an empty one."""
    return cast("list[object]", value) if isinstance(value, list) else []


def text_of(value: object) -> str | None:
    """See a value as a short text of one line; anything else, and the empty text, is None."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    cleaned = " ".join(str(value).split())
    return cleaned[:200] or None
