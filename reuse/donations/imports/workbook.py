"""An XLSX workbook as rows of text: its first sheet that holds something."""

import datetime as dt
import io
import re
import zipfile
import zlib
from collections.abc import Iterator

from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from reuse.boundedjson import refuse
from reuse.donations.imports.table import Row
from reuse.errors import Fault, Invalid, TooLarge, UnknownFormat

MAX_UNPACKED = 200_000_000
MAX_RATIO = 100
"""Uploads: 200 MB unpacked, ratio 100 (reliability.md)."""
RATIO_FROM = 1_000_000
"""Below a megabyte unpacked a high ratio is harmless, and usual for empty sheets."""
MAX_ENTRIES = 2_000
MAX_COLUMNS = 200
MAX_CELLS = 3_000_000
"""The library holds a sheet as a full rectangle: two cells at its far corners would take all memory."""
EXACT = 10**15
"""A spreadsheet keeps 15 digits of a number (IEEE 754, as Excel shows it): longer ones lost their last digits."""
_CELL = re.compile(rb"<(?:\w+:)?c\b([^<>]*)>")
_PLACE = re.compile(rb"\br\s*=\s*[\"']([A-Za-z]{1,3})(\d{1,7})[\"']")

Cell = int | float | str | bool | dt.time | dt.date | dt.datetime | dt.timedelta


def workbook_rows(content: bytes, *, max_rows: int) -> Iterator[Row]:
    """The rows of the first sheet that is not empty, counted as the spreadsheet program shows them.

    Raises, before the workbook is opened: TooLarge `zip_bomb`, `too_many_rows`, `too_many_columns`; UnknownFormat for a
    ZIP that is no workbook; Invalid `broken_workbook` for a damaged or encrypted one.
    """
    _check_archive(content, max_rows)
    for line, cells in enumerate(_first_sheet(content), start=1):
        yield Row(line, [_as_text(cell) for cell in cells])


def _first_sheet(content: bytes) -> list[list[Cell]]:
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        for number, about in enumerate(workbook.sheets_metadata):
            if about.typ != SheetTypeEnum.WorkSheet or about.visible != SheetVisibleEnum.Visible:
                continue
            sheet = workbook.get_sheet_by_index(number)
            if sheet.start is not None:
                return sheet.to_python(skip_empty_area=False)
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:  # the library's panics are no Exception (PyO3)
        raise _broken() from error
    return []


def _broken() -> Invalid:
    sentence = (
        "This workbook is damaged or protected by a password. Open it, save it anew as XLSX without one, or as CSV."
    )
    return Invalid(sentence, code="broken_workbook", errors=(Fault("", "broken_workbook", sentence),))


def _check_archive(content: bytes, max_rows: int) -> None:
    """Unpack every entry by itself, counting, because the sizes that an archive declares may lie."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if len(entries) > MAX_ENTRIES:
                raise _bomb(f"holds {len(entries):,} files; a workbook has fewer than {MAX_ENTRIES:,}")
            if "xl/workbook.xml" not in archive.namelist():
                raise UnknownFormat(
                    "This ZIP file is no XLSX workbook. Save the list as XLSX or CSV.", code="unknown_format"
                )
            unpacked = 0
            for entry in entries:
                if entry.flag_bits & 1:
                    raise _broken()
                unpacked = _check_entry(archive, entry, unpacked, len(content), max_rows)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError, RuntimeError) as error:
        raise _broken() from error


def refuse_declared_bomb(content: bytes) -> None:
    """Refuse a workbook whose own directory tells that it is a bomb; a lying directory is found when it is read."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise _broken() from error
    if unpacked > MAX_UNPACKED or (unpacked > RATIO_FROM and unpacked > MAX_RATIO * len(content)):
        raise _bomb(f"unpacks to {unpacked:,} bytes")


def _check_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, before: int, packed: int, max_rows: int) -> int:
    entry.file_size = MAX_UNPACKED + 1  # what is really there is read, not what the directory declares
    is_sheet = entry.filename.lower().startswith("xl/worksheets/")
    pieces: list[bytes] = []
    unpacked = before
    with archive.open(entry) as stream:
        while piece := stream.read(1_000_000):
            unpacked += len(piece)
            if unpacked > MAX_UNPACKED:
                raise _bomb(f"unpacks to more than {MAX_UNPACKED:,} bytes")
            if unpacked > RATIO_FROM and unpacked > MAX_RATIO * packed:
                raise _bomb(f"unpacks to more than {MAX_RATIO} times its size")
            if is_sheet:
                pieces.append(piece)
    if is_sheet:
        _check_sheet(b"".join(pieces), max_rows)
    return unpacked


def _bomb(what: str) -> TooLarge:
    return TooLarge(f"This workbook {what}, so it was not opened. Send the list as CSV.", code="zip_bomb")


def _check_sheet(xml: bytes, max_rows: int) -> None:
    """Refuse a sheet whose filled cells reach too far; empty cells that only carry a format are not held."""
    if b"\0" in xml[:1000] or b"<!DOCTYPE" in xml[:1000]:
        refuse(
            "", "broken_workbook", "A sheet of this workbook is written in no way that a spreadsheet program writes."
        )
    last_row = last_column = 0
    for cell in _CELL.finditer(xml):
        if cell[1].endswith(b"/"):
            continue
        if b"&" in cell[1]:
            refuse("", "broken_workbook", "A sheet of this workbook hides the place of its cells.")
        match = _PLACE.search(cell[1])
        if match is not None:
            last_row = max(last_row, int(match[2]))
            last_column = max(last_column, _column_number(match[1]))
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


def _as_text(cell: Cell) -> str:
    """A cell as a person would have typed it: 2019.0 is 2019, a date is 2019-05-03; a ruined number shows as one."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        if abs(cell) >= EXACT:
            return f"{cell:.10E}"
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat(sep=" ", timespec="seconds")
    return cell.strip() if isinstance(cell, str) else str(cell)
