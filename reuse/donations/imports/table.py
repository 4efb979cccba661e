"""A CSV file as rows of text, each with the line on which it starts."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from reuse.boundedjson import refuse

SEPARATORS = (";", ",", "\t", "|")
MAX_CELL = 32_767
"""The longest cell that Excel writes; a longer one is a quotation mark that was never closed."""
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one record, and the physical line (or sheet row) where it starts, counted from 1."""

    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Text:
    """The text of a CSV file and how it was written."""

    text: str
    encoding: str


def decode_csv(content: bytes) -> Text:
    """The text of a CSV file in UTF-8 (with or without mark), UTF-16 with mark (Excel's "Unicode text"), or CP1252.

    Raises Invalid `wrong_encoding` for bytes that are in none of them, `binary_file` for control characters.
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _checked(content, "utf-16")
    if content.startswith(codecs.BOM_UTF8):
        return _checked(content, "utf-8-sig")
    if b"\0" in content:
        line = content.count(b"\n", 0, content.index(b"\0")) + 1
        refuse(str(line), "binary_file", f"Line {line} holds a NUL: this is no text file. Save it as CSV or XLSX.")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return _checked(content, "cp1252")
    return _checked(content, "utf-8")


def _checked(content: bytes, encoding: str) -> Text:
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        sentence = f"Line {line} is written neither in UTF-8 nor in Windows-1252. Save the file as 'CSV UTF-8' or XLSX."
        refuse(str(line), "wrong_encoding", sentence)
    if (control := _CONTROL.search(text)) is not None:
        line = text.count("\n", 0, control.start()) + 1
        refuse(str(line), "binary_file", f"Line {line} holds control characters: this is no text file.")
    return Text(text, encoding)


def csv_rows(text: str, separator: str) -> Iterator[Row]:
    """The records of a CSV text; a quoted cell may span lines.

    Raises Invalid `broken_quotes` with the line where a quotation mark is not closed as CSV demands (RFC 4180).
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    start = 1
    try:
        for cells in reader:
            if any(len(cell) > MAX_CELL for cell in cells):
                _refuse_quotes(start)
            yield Row(start, [cell.strip() for cell in cells])
            start = reader.line_num + 1
    except csv.Error:
        _refuse_quotes(start)


def _refuse_quotes(line: int) -> NoReturn:
    refuse(
        str(line),
        "broken_quotes",
        f"The row that starts on line {line} opens a quotation mark that does not close. Write inner quotes twice.",
    )
