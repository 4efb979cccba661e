"""The one door of donors' files: bytes in, items and faults out. The format is recognised by content."""

from collections.abc import Iterator
from dataclasses import dataclass

from reuse import clock
from reuse.boundedjson import MAX_BYTES, refuse
from reuse.donations.imports.archive import names_in
from reuse.donations.imports.header import MAX_HEADER_LINE, Header, best_header, find_header, guess_header
from reuse.donations.imports.inventories import COLUMNS, inventories_of_json, inventories_of_zip
from reuse.donations.imports.rows import Sieve, check_row
from reuse.donations.imports.shape import ColumnRead, Detected, FileRead, ImportItem, Row, RowFault, Source, Wishes
from reuse.donations.imports.table import SEPARATORS, csv_rows, decode_csv
from reuse.donations.imports.workbook import sheets_of
from reuse.errors import Invalid, TooLarge, UnknownFormat

MAX_ROWS = 50_000
_ELSE = {
    b"\xd0\xcf\x11\xe0": "an old or password-protected Excel file. Save it as XLSX without password, or as CSV",
    b"%PDF": "a PDF. Save the list as XLSX or CSV",
    b"\x89PNG": "a picture. Save the list as XLSX or CSV",
    b"\xff\xd8\xff": "a picture. Save the list as XLSX or CSV",
    b"\x1f\x8b": "a compressed file. Unpack it first",
    b"Rar!": "a compressed file. Unpack it first",
    b"7z\xbc\xaf": "a compressed file. Unpack it first",
}
_BLANK = b" \t\r\n\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class DonorsList:
    """A list whose header is understood; its rows can be read as often as need be, one at a time."""

    source: Source
    header: Header

    @property
    def detected(self) -> Detected:
        """What to tell of how the list was read."""
        return detected(self.source, self.header)


def detected(source: Source, header: Header | None) -> Detected:
    """What was found out about a file; without header none was found."""
    facts = (source.kind, source.encoding, source.separator, source.sheet)
    if header is None:
        return Detected(*facts, None, (), ())
    line = header.line or None
    return Detected(*facts, line, header.columns, header.unknown)


def open_list(content: bytes, wishes: Wishes | None = None) -> DonorsList:
    """Find out what a file is, how it is written and what its header means, before any row is read.

    CSV (UTF-8, UTF-16, CP1252, CP850, Mac; `;` `,` tab `|`), XLSX, ODS, GLPI inventory JSON: one, a list, or a ZIP of
    them. Raises TooLarge over 20 MB and for packed bombs; UnknownFormat for other kinds of file; Invalid where the file
    as a whole cannot be read: empty, broken, without a header that is understood, or not as `wishes` say.
    """
    wishes = wishes or Wishes()
    sources = _sources(content)
    if sources[0].kind == "glpi":
        return DonorsList(sources[0], _inventory_header())
    source = max(sources, key=lambda one: _columns_told(one, wishes))  # of equals the first
    return DonorsList(source, find_header(source, wishes))


def look_at(content: bytes, wishes: Wishes) -> tuple[Source, Header | None, Invalid | None]:
    """The same for a look before anything is sent: where no header is understood, the row that looks like one."""
    try:
        opened = open_list(content, wishes)
    except Invalid as refusal:
        if refusal.code != "no_header":
            raise
        source = _sources(content)[0]
        return source, guess_header(source.rows()), refusal
    return opened.source, opened.header, None


def _sources(content: bytes) -> list[Source]:
    """Every way in which the file can be taken: by sheet, or by separator."""
    if len(content) > MAX_BYTES:
        raise TooLarge(
            f"The file has {len(content):,} bytes; at most {MAX_BYTES:,} are read. Split the list.",
            code="file_too_large",
        )
    start = content[:4096].lstrip(_BLANK)[:1]
    if not start and not content.strip(_BLANK):
        refuse("", "empty_file", "The file is empty. Send a list with a header and one row per device.")
    for known, what in _ELSE.items():
        if content.startswith(known):
            raise UnknownFormat(f"This is {what}.", code="unknown_format")
    if content.startswith(b"PK"):
        return _of_archive(content)
    if start in {b"{", b"["}:
        return [inventories_of_json(content)]
    text = decode_csv(content)
    return [
        Source("csv", lambda separator=separator: csv_rows(text, separator), text.written, separator)
        for separator in SEPARATORS
    ]


def _of_archive(content: bytes) -> list[Source]:
    names = names_in(content)
    if "xl/workbook.xml" in names or "content.xml" in names:
        kind = "xlsx" if "xl/workbook.xml" in names else "ods"
        sheets = sheets_of(content, kind, max_rows=MAX_ROWS + MAX_HEADER_LINE)
        return sheets or [Source(kind, lambda: iter(()))]
    if any(name.lower().endswith(".json") for name in names):
        return [inventories_of_zip(content)]
    raise UnknownFormat(
        "This ZIP holds neither an XLSX or ODS workbook nor GLPI inventories (JSON). Save the list as XLSX or CSV.",
        code="unknown_format",
    )


def _inventory_header() -> Header:
    names = list(COLUMNS)
    columns = tuple(ColumnRead(name, name, "words") for name in names)
    return Header(0, names, names, {name: index for index, name in enumerate(names)}, frozenset(), columns, ())


def _columns_told(source: Source, wishes: Wishes) -> int:
    try:
        header = best_header(source.rows(), wishes)
    except Invalid:
        return 0
    return len(header.ours) if header is not None else 0


def records_of(this: DonorsList) -> Iterator[Row]:
    """The rows below the header that hold something, as they stand in the file.

    Raises TooLarge beyond 50,000, Invalid where the file breaks or where there is none.
    """
    count = 0
    for row in this.source.rows():
        if row.line <= this.header.line or not (row.fault or any(row.cells)):
            continue
        count += 1
        if count > MAX_ROWS:
            raise TooLarge(
                f"The list has more than {MAX_ROWS:,} rows. Split it into several files.", code="too_many_rows"
            )
        yield row
    if not count:
        refuse(
            str(this.header.line),
            "no_rows",
            f"Nothing stands below the header in row {this.header.line}. Add one row per device.",
        )


def rows_of(this: DonorsList) -> Iterator[ImportItem | list[RowFault]]:
    """Every row of the list, good or with its faults, one at a time; raises like `records_of`."""
    header = this.header
    sieve = Sieve(clock.now().year, header.by_column)
    used = {*header.ours.values(), *header.left_out}
    for row in records_of(this):
        yield [row.fault] if row.fault is not None else _read_row(sieve, header, used, row)


def _read_row(sieve: Sieve, header: Header, used: set[int], row: Row) -> ImportItem | list[RowFault]:
    cells, width = row.cells, len(row.cells)
    values = {column: cells[index] for column, index in header.ours.items() if index < width}
    notes = {
        header.names[index] if index < len(header.names) else f"column {index + 1}": cell
        for index, cell in enumerate(cells)
        if cell and index not in used
    }
    return check_row(sieve, row.line, values, notes)


def read_file(content: bytes, wishes: Wishes | None = None) -> FileRead:
    """A whole list at once; raises like `open_list` and `rows_of`."""
    this = open_list(content, wishes)
    results = list(rows_of(this))
    items = [result for result in results if isinstance(result, ImportItem)]
    faults = [fault for result in results if isinstance(result, list) for fault in result]
    columns = {one.header: one.column for one in this.header.columns if one.column is not None}
    facts = this.source
    return FileRead(facts.kind, facts.encoding, facts.separator, columns, len(results), items, faults)
