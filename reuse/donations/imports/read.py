"""The one door of donors' files: bytes in, items and faults out. The format is recognised by content."""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reuse import clock
from reuse.boundedjson import MAX_BYTES, as_node, decode_text, parse_json, refuse
from reuse.donations.imports.glpi import glpi_values, is_glpi
from reuse.donations.imports.rows import Sieve, check_row
from reuse.donations.imports.shape import FileRead as FileRead
from reuse.donations.imports.shape import ImportItem as ImportItem
from reuse.donations.imports.shape import RowFault as RowFault
from reuse.donations.imports.table import SEPARATORS, Row, csv_rows, decode_csv
from reuse.donations.imports.words import column_of, columns_understood
from reuse.donations.imports.workbook import workbook_rows
from reuse.errors import Invalid, TooLarge, UnknownFormat

MAX_ROWS = 50_000
MAX_HEADER_LINE = 20
"""Titles and blank lines may stand above the header; further down no header is looked for."""
MAX_COLUMNS = 400
_ELSE = {
    b"\xd0\xcf\x11\xe0": "an old or password-protected Excel file. Save it as XLSX without password, or as CSV",
    b"%PDF": "a PDF. Save the list as XLSX or CSV",
    b"\x89PNG": "a picture. Save the list as XLSX or CSV",
    b"\xff\xd8\xff": "a picture. Save the list as XLSX or CSV",
    b"\x1f\x8b": "a compressed file. Unpack it first",
    b"Rar!": "a compressed file. Unpack it first",
    b"7z\xbc\xaf": "a compressed file. Unpack it first",
}


@dataclass(frozen=True, slots=True)
class _Header:
    """Where each of our columns stands, and the names of the others."""

    line: int
    ours: dict[str, int]
    names: list[str]


def read_file(content: bytes) -> FileRead:
    """Every row of a donor's list, good or with its faults.

    CSV (UTF-8, UTF-8 with mark, CP1252; `;` `,` tab `|`), XLSX, or one GLPI inventory JSON. Raises TooLarge over 20 MB,
    over 50,000 rows and for packed bombs; UnknownFormat for other kinds of file; Invalid where the file as a whole
    cannot be read: empty, broken, without a header that is understood, or with nothing below it.
    """
    if len(content) > MAX_BYTES:
        raise TooLarge(
            f"The file has {len(content):,} bytes; at most {MAX_BYTES:,} are read. Split the list.",
            code="file_too_large",
        )
    if not content.strip(b" \t\r\n\xef\xbb\xbf"):
        refuse("", "empty_file", "The file is empty. Send a list with a header and one row per device.")
    for start, what in _ELSE.items():
        if content.startswith(start):
            raise UnknownFormat(f"This is {what}.", code="unknown_format")
    if content.startswith(b"PK"):
        rows = workbook_rows(content, max_rows=MAX_ROWS + MAX_HEADER_LINE)
        return _read_table(rows, kind="xlsx", encoding=None, separator=None)
    if content.lstrip(b" \t\r\n\xef\xbb\xbf").startswith(b"{"):
        return _read_glpi(content)
    return _read_csv(content)


def _read_csv(content: bytes) -> FileRead:
    """Read with the separator under which the header tells most of our columns."""
    decoded = decode_csv(content)
    separator = max(SEPARATORS, key=lambda candidate: _columns_told(decoded.text, candidate))
    rows = csv_rows(decoded.text, separator)
    return _read_table(rows, kind="csv", encoding=decoded.encoding, separator=separator)


def _columns_told(text: str, separator: str) -> int:
    try:
        header, _rest = _find_header(csv_rows(text, separator))
    except Invalid:
        return 0
    return len(header.ours)


def _read_glpi(content: bytes) -> FileRead:
    node = as_node(parse_json(decode_text(content)))
    if not is_glpi(node):
        raise UnknownFormat("This JSON is no GLPI inventory: it has no deviceid and content.", code="unknown_format")
    values = glpi_values(node)
    sieve = Sieve(clock.now().year, {})
    result = check_row(sieve, 1, values, {})
    columns = {column: column for column in values}
    return _answer("glpi", "utf-8", None, columns, 1, [result])


def _read_table(rows: Iterable[Row], *, kind: str, encoding: str | None, separator: str | None) -> FileRead:
    header, rest = _find_header(iter(rows))
    columns = {header.names[index]: column for column, index in header.ours.items()}
    sieve = Sieve(clock.now().year, {column: header.names[index] for column, index in header.ours.items()})
    results: list[ImportItem | list[RowFault]] = []
    for row in rest:
        if not any(row.cells):
            continue
        if len(results) == MAX_ROWS:
            raise TooLarge(
                f"The list has more than {MAX_ROWS:,} rows. Split it into several files.", code="too_many_rows"
            )
        results.append(_read_row(sieve, header, row))
    if not results:
        refuse(
            str(header.line),
            "no_rows",
            f"Nothing stands below the header in row {header.line}. Add one row per device.",
        )
    return _answer(kind, encoding, separator, columns, len(results), results)


def _answer(
    kind: str,
    encoding: str | None,
    separator: str | None,
    columns: dict[str, str],
    rows: int,
    results: list[ImportItem | list[RowFault]],
) -> FileRead:
    items = [result for result in results if isinstance(result, ImportItem)]
    faults = [fault for result in results if isinstance(result, list) for fault in result]
    return FileRead(kind, encoding, separator, columns, rows, items, faults)


def _read_row(sieve: Sieve, header: _Header, row: Row) -> ImportItem | list[RowFault]:
    cells = row.cells
    values = {column: cells[index] for column, index in header.ours.items() if index < len(cells)}
    used = set(header.ours.values())
    notes = {
        header.names[index] if index < len(header.names) else f"column {index + 1}": cell
        for index, cell in enumerate(cells)
        if cell and index not in used
    }
    return check_row(sieve, row.line, values, notes)


def _find_header(rows: Iterator[Row]) -> tuple[_Header, Iterator[Row]]:
    """The row among the first twenty that tells most of our columns, and the rows below it.

    Raises Invalid `no_header` where no row tells two columns, or the category alone.
    """
    looked_at: list[Row] = []
    for row in rows:
        looked_at.append(row)
        if row.line >= MAX_HEADER_LINE:
            break
    best, header = -1, None
    for index, row in enumerate(looked_at):
        candidate = _header_of(row)
        if len(candidate.ours) > (len(header.ours) if header is not None else 0):
            best, header = index, candidate
    if header is None or (len(header.ours) == 1 and "category" not in header.ours):
        refuse(
            "1",
            "no_header",
            f"No header was found in the first {MAX_HEADER_LINE} rows. Name the columns; understood are: "
            f"{columns_understood()}.",
        )
    return header, itertools.chain(looked_at[best + 1 :], rows)


def _header_of(row: Row) -> _Header:
    """Where two headers mean one column, the stronger word is taken, of equals the first; the other becomes a note."""
    if len(row.cells) > MAX_COLUMNS:
        refuse(
            str(row.line), "too_many_columns", f"Row {row.line} has {len(row.cells):,} columns; at most {MAX_COLUMNS}."
        )
    ours: dict[str, tuple[int, int]] = {}
    names: list[str] = []
    for index, cell in enumerate(row.cells):
        name = cell[:100] or f"column {index + 1}"
        names.append(name if name not in names else f"{name} ({index + 1})")
        meant = column_of(cell) if cell else None
        if meant is not None and (meant[0] not in ours or meant[1] < ours[meant[0]][0]):
            ours[meant[0]] = (meant[1], index)
    return _Header(row.line, {column: index for column, (_strength, index) in ours.items()}, names)
