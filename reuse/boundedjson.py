"""JSON from outside, read within bounds of size, depth and numbers (spec: reliability.md, Input).

`Node` walks such a value with its place in hand, so that a wrong type anywhere is answered with a JSON pointer.
"""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn, cast

from reuse.errors import Fault, Invalid, TooLarge

MAX_BYTES = 20_000_000
"""Uploads are at most 20 MB (reliability.md)."""
MAX_DEPTH = 64
"""Deeper than any tool's output: lshw trees of real machines stay under 30."""
MAX_DIGITS = 40
"""128-bit counters of NVMe drives have 39 digits."""
MAX_TEXT = 2_000
"""The longest text that is read as one value; longer ones are no names or numbers of hardware."""

_TYPE_NAMES: dict[type, str] = {
    dict: "an object",
    list: "a list",
    str: "text",
    bool: "true or false",
    int: "a number",
    float: "a number",
}


def refuse(pointer: str, code: str, message: str) -> NoReturn:
    """Refuse the whole input, naming the place and what is wrong there."""
    raise Invalid(message, code=code, errors=(Fault(pointer, code, message),))


def decode_text(content: bytes) -> str:
    """The text of an upload in UTF-8, or in UTF-16 with a byte order mark as PowerShell writes it.

    Raises TooLarge over 20 MB; Invalid for nothing, and for binary content (a NUL). Single bytes that are not UTF-8
    become U+FFFD: tools copy garbage from firmware, and a value that holds one identifies nothing.
    """
    if len(content) > MAX_BYTES:
        raise TooLarge(
            f"The file has {len(content):,} bytes; at most {MAX_BYTES:,} are read. Send one device at a time.",
            code="file_too_large",
        )
    utf16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = content.decode("utf-16" if utf16 else "utf-8-sig", errors="replace")
    if not text.strip():
        refuse("", "empty_file", "The file is empty. Run the tool again and send its output.")
    position = text.find("\0")
    if position >= 0:
        refuse(
            f"character {position + 1}",
            "binary_file",
            f"Character {position + 1} is a NUL: this is a binary file, not the text that the tools print.",
        )
    return text


def parse_json(text: str, *, within: str = "") -> object:
    """The value of a JSON text; `within` is the pointer of the field that held the text, if any.

    Raises Invalid with line and column for broken JSON, and for what JSON parsers choke on: depth over 64, numbers over
    40 digits, infinity, NaN.
    """
    try:
        value = cast(
            "object", json.loads(text, parse_int=_whole_number, parse_float=_real_number, parse_constant=_no_number)
        )
    except json.JSONDecodeError as error:
        spot = f"line {error.lineno}, column {error.colno}"
        message = f"This is not valid JSON: {error.msg} at {spot}. Send the tool's output as it was printed, complete."
        raise Invalid(message, code="invalid_json", errors=(Fault(within or spot, "invalid_json", message),)) from error
    except RecursionError as error:
        message = f"The JSON is nested deeper than {MAX_DEPTH} levels, which no inventory tool does."
        raise Invalid(message, code="too_deep", errors=(Fault(within, "too_deep", message),)) from error
    check_depth(value, within)
    return value


def items_of_json(text: str) -> Iterator[object]:
    """The elements of a JSON list, one at a time, so that a long list is never held whole.

    Raises Invalid like `parse_json` where the reading comes to the place; an element's depth is the caller's to check.
    """
    decoder = json.JSONDecoder(parse_int=_whole_number, parse_float=_real_number, parse_constant=_no_number)
    at = _next_sign(text, _next_sign(text, 0) + 1)
    try:
        if text[at : at + 1] == "]":
            at = _next_sign(text, at + 1)
        else:
            while True:
                value, end = decoder.raw_decode(text, at)
                yield cast("object", value)
                at = _next_sign(text, end)
                if text[at : at + 1] != ",":
                    break
                at = _next_sign(text, at + 1)
            at = _expect(text, at, "]")
        _expect(text, at, "")
    except json.JSONDecodeError as error:
        spot = f"line {error.lineno}, column {error.colno}"
        message = f"This is not valid JSON: {error.msg} at {spot}. Send the tool's output as it was printed, complete."
        raise Invalid(message, code="invalid_json", errors=(Fault(spot, "invalid_json", message),)) from error
    except RecursionError as error:
        message = f"The JSON is nested deeper than {MAX_DEPTH} levels, which no inventory tool does."
        raise Invalid(message, code="too_deep", errors=(Fault("", "too_deep", message),)) from error


def _expect(text: str, at: int, sign: str) -> int:
    """Where the next sign stands after this one; an empty sign stands for the end of the text."""
    if text[at : at + 1] != sign:
        raise json.JSONDecodeError("Expecting ',' or ']'" if sign else "Extra data", text, at)
    return _next_sign(text, at + len(sign))


_SPACES = re.compile(r"[ \t\n\r]*")


def _next_sign(text: str, at: int) -> int:
    found = _SPACES.match(text, at)
    return found.end() if found is not None else at


def check_depth(value: object, within: str = "") -> None:
    """Refuse a value nested deeper than 64 levels, without recursion of our own."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return
    refuse(within, "too_deep", f"The file is nested deeper than {MAX_DEPTH} levels, which no inventory tool does.")


def _inside(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(cast("dict[str, object]", value).values())
    return cast("list[object]", value) if isinstance(value, list) else []


def _whole_number(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        refuse(
            "",
            "number_too_large",
            f"The number {digits[:20]}… has {len(digits)} digits; at most {MAX_DIGITS} are read.",
        )
    return int(digits)


def _real_number(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        refuse("", "number_too_large", f"The number {digits[:20]} is larger than a computer can hold exactly.")
    return number


def _no_number(word: str) -> NoReturn:
    refuse("", "invalid_json", f"{word} is no number in JSON (RFC 8259, section 6).")


@dataclass(frozen=True, slots=True)
class Node:
    """One object of the input and its JSON pointer (RFC 6901)."""

    value: dict[str, object]
    pointer: str


def place(node: Node, key: str | int) -> str:
    """The JSON pointer of one field of a node."""
    return f"{node.pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"


def as_node(value: object, pointer: str = "") -> Node:
    """This value as an object, or Invalid `wrong_type`."""
    if not isinstance(value, dict):
        wrong_type(pointer, "an object", value)
    return Node(cast("dict[str, object]", value), pointer)


def as_list(value: object, pointer: str = "") -> list[object]:
    """This value as a list, or Invalid `wrong_type`."""
    if not isinstance(value, list):
        wrong_type(pointer, "a list", value)
    return cast("list[object]", value)


def nodes_of(value: object) -> list[Node]:
    """The objects of a list, or the one object, each with its place."""
    if isinstance(value, list):
        return [as_node(item, f"/{index}") for index, item in enumerate(cast("list[object]", value))]
    return [as_node(value)]


def wrong_type(pointer: str, wanted: str, value: object) -> NoReturn:
    """Refuse the input because this place holds another type than the tool ever writes there."""
    found = "nothing" if value is None else _TYPE_NAMES.get(type(value), type(value).__name__)
    refuse(pointer, "wrong_type", f"{pointer or 'The file'} should be {wanted}, but is {found}.")


def child(node: Node, key: str) -> Node | None:
    """The object under this key; None where there is none."""
    value = node.value.get(key)
    return None if value is None else as_node(value, place(node, key))


def children(node: Node, key: str) -> Iterator[Node]:
    """The objects in the list under this key; none where there is no list."""
    value = node.value.get(key)
    if value is None:
        return
    pointer = place(node, key)
    for index, item in enumerate(as_list(value, pointer)):
        yield as_node(item, f"{pointer}/{index}")


def text_at(node: Node, key: str) -> str | None:
    """The text under this key on one line, without blanks around it; None where there is none."""
    value = node.value.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        wrong_type(place(node, key), "text", value)
    if len(value) > MAX_TEXT:
        refuse(
            place(node, key),
            "text_too_long",
            f"{place(node, key)} has {len(value):,} characters; at most {MAX_TEXT:,}.",
        )
    return " ".join("".join(letter if letter.isprintable() else " " for letter in value).split()) or None


def number_at(node: Node, key: str) -> float | None:
    """The number under this key (int or float, never true or false); None where there is none."""
    value = node.value.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        wrong_type(place(node, key), "a number", value)
    if not math.isfinite(value):
        refuse(place(node, key), "number_too_large", f"{place(node, key)} should be a finite number, but is {value}.")
    return value
