"""An XLSX or ODS workbook as rows of text: its first visible sheet that holds a list."""

import datetime as dt
import io
import re
from collections.abc import Iterator
from typing import NoReturn

from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from reuse.boundedjson import refuse
from reuse.donations.imports.archive import Meter, broken_workbook, opened, pieces_of
from reuse.donations.imports.shape import Row, Source
from reuse.errors import TooLarge

MAX_COLUMNS = 200
MAX_CELLS = 3_000_000
"""The library holds a sheet as a full rectangle: two cells at its far corners would take all memory."""
EXACT = 10**15
"""A spreadsheet keeps 15 digits of a number (IEEE 754, as Excel shows it): longer ones lost their last digits."""
MAX_DIGITS = 12
MAX_SHEETS = 20
"""In so many sheets a list is looked for."""
_ATTRIBUTES = rb"((?:[^<>\"']++|\"[^\"]*+\"|'[^']*+')*+)"
_XLSX_TAG = re.compile(rb"<(?:\w+:)?(row|c)(?=[\s/>])" + _ATTRIBUTES + rb">")
_PLACE = re.compile(rb"\br\s*=\s*[\"']([^\"']*)[\"']")
_CELL_PLACE = re.compile(rb"([A-Za-z]{1,3})(\d{1,7})")
_ODS_TAG = re.compile(rb"<table:(table|table-row|table-cell|covered-table-cell)(?=[\s/>])" + _ATTRIBUTES + rb">")
_ROWS = re.compile(rb"number-rows-repeated\s*=\s*[\"']([^\"']*)[\"']")
_COLUMNS = re.compile(rb"number-columns-repeated\s*=\s*[\"']([^\"']*)[\"']")
_START = 4_000
_UTF16 = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")

Cell = int | float | str | bool | dt.time | dt.date | dt.datetime | dt.timedelta


def sheets_of(content: bytes, kind: str, *, max_rows: int) -> list[Source]:
    """The visible sheets that are not empty, as sources of rows counted as the spreadsheet program shows them.

    Raises, before the workbook is opened: TooLarge `zip_bomb`, `too_many_rows`, `too_many_columns`; Invalid
    `broken_workbook` for a damaged or encrypted one.
    """
    _check_archive(content, kind, max_rows)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        visible = [
            (number, about.name)
            for number, about in enumerate(workbook.sheets_metadata)
            if about.typ == SheetTypeEnum.WorkSheet and about.visible == SheetVisibleEnum.Visible
        ]
        filled: list[Source] = []
        for number, name in visible[:MAX_SHEETS]:
            sheet = workbook.get_sheet_by_index(number)
            if sheet.start is not None:
                filled.append(_source(sheet, kind, name))
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:  # the library's panics are no Exception (PyO3)
        raise broken_workbook() from error
    return filled


def _source(sheet: CalamineSheet, kind: str, name: str) -> Source:
    return Source(kind, lambda: _rows(sheet), sheet=name)


def _rows(sheet: CalamineSheet) -> Iterator[Row]:
    """One row at a time; the library leaves out the columns that are empty left of the first cell, not the rows."""
    _top, left = sheet.start or (0, 0)
    before = [""] * left
    for line, cells in enumerate(sheet.iter_rows(), start=1):
        yield Row(line, before + [as_text(cell) for cell in cells])


def _check_archive(content: bytes, kind: str, max_rows: int) -> None:
    """Unpack every entry by itself, counting, because the sizes that an archive declares may lie."""
    meter = Meter(len(content))
    with opened(content) as archive:
        for entry in archive.infolist():
            xml = b"".join(pieces_of(archive, entry, meter))
            _check_written(xml)
            if kind == "ods" and entry.filename == "content.xml":
                _check_ods(xml, max_rows)
            elif b"sheetData" in xml:  # wherever the workbook keeps its sheets
                _check_xlsx(xml, max_rows)


def _check_written(xml: bytes) -> None:
    """Refuse what no spreadsheet program writes: XML in UTF-16, or with a document type, where bombs are declared."""
    if xml.startswith(_UTF16) or (xml.lstrip()[:1] == b"<" and b"<!DOCTYPE" in xml[:_START]):
        refuse(
            "",
            "broken_workbook",
            "This workbook is written in no way that a spreadsheet program writes. Save it as CSV.",
        )


def _refuse_hidden() -> NoReturn:
    refuse("", "broken_workbook", "A sheet of this workbook hides the place of its cells. Save it anew, or as CSV.")


def _check_xlsx(xml: bytes, max_rows: int) -> None:
    """Refuse a sheet whose filled cells reach too far; empty cells that only carry a format are not held."""
    row = column = last_row = last_column = 0
    for tag in _XLSX_TAG.finditer(xml):
        name, attributes = tag[1], tag[2]
        place = _PLACE.search(attributes)
        if name == b"row":
            row, column = _number(place[1]) if place is not None else row + 1, 0
            continue
        row, column = _cell_place(place[1]) if place is not None else (row, column + 1)
        if not attributes.endswith(b"/"):
            last_row, last_column = max(last_row, row), max(last_column, column)
    _check_extent(last_row, last_column, max_rows)


def _cell_place(written: bytes) -> tuple[int, int]:
    found = _CELL_PLACE.fullmatch(written)
    if found is None:
        _refuse_hidden()
    return int(found[2]), _column_number(found[1])


def _number(written: bytes) -> int:
    if not written.isdigit() or len(written) > MAX_DIGITS:
        _refuse_hidden()
    return int(written)


def _check_ods(xml: bytes, max_rows: int) -> None:
    """The same for OpenDocument, where rows and cells are written once and repeated (OpenDocument 1.3, part 3, 9.1)."""
    row = column = repeated = last_row = last_column = 0
    is_filled = False
    for tag in _ODS_TAG.finditer(xml):
        name, attributes = tag[1], tag[2]
        if name == b"table":
            row = repeated = 0
        elif name == b"table-row":
            row, column, is_filled = row + repeated, 0, False
            repeated = _repeated(_ROWS, attributes)
        else:
            column += _repeated(_COLUMNS, attributes)
            is_filled = is_filled or not attributes.endswith(b"/") or b"value" in attributes or b"formula" in attributes
            if is_filled and column:
                last_row = max(last_row, row + repeated)
            if not attributes.endswith(b"/") or b"value" in attributes or b"formula" in attributes:
                last_column = max(last_column, column)
    _check_extent(last_row, last_column, max_rows)


def _repeated(what: re.Pattern[bytes], attributes: bytes) -> int:
    found = what.search(attributes) if b"repeated" in attributes else None
    return 1 if found is None else _number(found[1])


def _check_extent(last_row: int, last_column: int, max_rows: int) -> None:
    if last_row > max_rows:
        raise TooLarge(
            f"The sheet is filled down to row {last_row:,}; at most {max_rows:,} rows are read. Split the list.",
            code="too_many_rows",
        )
    if last_column > MAX_COLUMNS or last_row * last_column > MAX_CELLS:
        raise TooLarge(
            f"The sheet is filled up to column {last_column:,}; keep only the columns of the list.",
            code="too_many_columns",
        )


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def as_text(cell: Cell) -> str:
    """A cell as a person would have typed it: 2019.0 is 2019, a date is 2019-05-03; a ruined number shows as one."""
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        if abs(cell) >= EXACT:
            return f"{cell:.10E}"
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat(sep=" ", timespec="seconds")
    return str(cell)
