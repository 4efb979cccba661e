"""A CSV file as rows of text, each with the line on which it starts."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from reuse.boundedjson import refuse
from reuse.donations.imports.shape import Row
from reuse.shapes import is_formula

SEPARATORS = (";", ",", "\t", "|")
MAX_CELL = 32_767
"""The longest cell that Excel writes; a longer one is a quotation mark that was never closed."""
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
_NOT_ASCII = re.compile(rb"[\x80-\xff]")
_EXPECTED = frozenset(
    "àâäçéèêëîïôöùûüÿœæÀÂÄÇÉÈÊËÎÏÔÖÙÛÜŸŒÆñÑ°º²³€£§«»…•·±µ½¼®™©"
    "\u00a0\u202f\u2018\u2019\u201c\u201d\u2013\u2014\u00b4\u00d7"
)
"""What stands in French lists beyond ASCII: letters, and signs that people and spreadsheets type."""
_OLD = ("cp1252", "cp850", "mac_roman")
"""Windows, then what DOS programs and old Mac spreadsheets wrote: taken only where all their signs are expected."""
_PIECE = 1_000_000
_UTF16_SAMPLE = 2_000


@dataclass(frozen=True, slots=True)
class Text:
    """The bytes of a CSV file and the encoding to read them with; `written` is the one to tell."""

    content: bytes
    encoding: str
    written: str


def decode_csv(content: bytes) -> Text:
    """How a CSV file is written: UTF-8 (with or without mark), UTF-16 (Excel's "Unicode text"), CP1252, CP850, Mac.

    Raises Invalid `wrong_encoding` for bytes that are in none of them, `binary_file` for control characters.
    """
    if (utf16 := _utf16(content)) is not None:
        return _checked(Text(_transcoded(content, utf16), "utf-8", utf16))
    if content.startswith(codecs.BOM_UTF8):
        _refuse_unless_utf8(content)
        return _checked(Text(content, "utf-8-sig", "utf-8-sig"))
    if b"\0" in content:
        line = content.count(b"\n", 0, content.index(b"\0")) + 1
        refuse(str(line), "binary_file", f"Line {line} holds a NUL: this is no text file. Save it as CSV or XLSX.")
    if _broken_at(content) is None:
        return _checked(Text(content, "utf-8", "utf-8"))
    encoding = _old_encoding(content)
    return _checked(Text(content, encoding, encoding))


def _utf16(content: bytes) -> str | None:
    """UTF-16 by its mark, or by every second byte of the beginning being zero."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    head = content[: min(_UTF16_SAMPLE, len(content) // 2 * 2)]
    even, odd = head[::2], head[1::2]
    for first, second, name in ((even, odd, "utf-16-le"), (odd, even, "utf-16-be")):
        if len(first) > 1 and second.count(0) * 10 >= len(second) * 9 and 0 not in first:
            return name
    return None


def _transcoded(content: bytes, encoding: str) -> bytes:
    try:
        return content.decode(encoding).encode()
    except UnicodeError:
        _refuse_encoding(1)


def _broken_at(content: bytes) -> int | None:
    """Where the bytes stop being UTF-8; a piece at a time, so that no second copy of the file is made."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(content), _PIECE):
        try:
            decoder.decode(content[start : start + _PIECE], final=start + _PIECE >= len(content))
        except UnicodeDecodeError as error:
            return max(0, start + error.start)
    return None


def _refuse_unless_utf8(content: bytes) -> None:
    if (at := _broken_at(content)) is not None:
        _refuse_encoding(content.count(b"\n", 0, at) + 1)


def _old_encoding(content: bytes) -> str:
    used = {one[0] for one in _NOT_ASCII.findall(content)}
    for encoding in _OLD:
        if all(bytes([byte]).decode(encoding, "replace") in _EXPECTED for byte in used):
            return encoding
    for byte in sorted(used):
        if bytes([byte]).decode("cp1252", "replace") == "\ufffd":
            _refuse_encoding(content.count(b"\n", 0, content.index(byte)) + 1)
    return "cp1252"


def _refuse_encoding(line: int) -> NoReturn:
    sentence = f"Line {line} is written neither in UTF-8 nor in Windows-1252. Save the file as 'CSV UTF-8' or XLSX."
    refuse(str(line), "wrong_encoding", sentence)


def _checked(text: Text) -> Text:
    if (control := _CONTROL.search(text.content)) is not None:
        line = text.content.count(b"\n", 0, control.start()) + 1
        refuse(str(line), "binary_file", f"Line {line} holds control characters: this is no text file.")
    return text


def csv_rows(text: Text, separator: str) -> Iterator[Row]:
    """The records of a CSV text; a quoted cell may span lines. A cell that an export made harmless is itself again.

    Raises Invalid `broken_quotes` with the line where a quotation mark is not closed as CSV demands (RFC 4180).
    """
    lines = io.TextIOWrapper(io.BytesIO(text.content), text.encoding, newline="")
    reader = csv.reader(lines, delimiter=separator, strict=True)
    start = 1
    try:
        for cells in reader:
            if any(len(cell) > MAX_CELL for cell in cells):
                _refuse_quotes(start)
            yield Row(start, [_itself(cell.strip()) for cell in cells])
            start = reader.line_num + 1
    except csv.Error:
        _refuse_quotes(start)


def _itself(cell: str) -> str:
    """Our exports put an apostrophe before what a spreadsheet would take for a formula; here it goes again."""
    return cell[1:] if cell[:1] == "'" and is_formula(cell[1:]) else cell


def _refuse_quotes(line: int) -> NoReturn:
    refuse(
        str(line),
        "broken_quotes",
        f"The row that starts on line {line} opens a quotation mark that does not close. Write inner quotes twice.",
    )
