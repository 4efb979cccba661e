"""What a donor's file says, row by row: values and faults, nothing stored yet."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RowFault:
    """One thing that is wrong in a row; `row` is the line in the file, header = 1 (spec/api.md)."""

    row: int
    column: str | None
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one record and the line (or sheet row) where it starts, counted from 1.

    `fault` is set where the record could not be read at all, though its neighbours could.
    """

    line: int
    cells: list[str]
    fault: RowFault | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A file as rows, whatever its kind (csv, xlsx, ods, glpi); `rows` reads it anew each time, holding one row."""

    kind: str
    rows: Callable[[], Iterator[Row]]
    encoding: str | None = None
    separator: str | None = None
    sheet: str | None = None


@dataclass(frozen=True, slots=True)
class ImportItem:
    """One good row. `notes` holds the columns that are not ours, and serials that were set aside (`serial_ignored`)."""

    row: int
    category: str
    manufacturer: str | None = None
    model: str | None = None
    serial: str | None = None
    imei: str | None = None
    asset_tag: str | None = None
    condition: str | None = None
    comment: str | None = None
    year: int | None = None
    quantity: int = 1
    notes: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a donor wants headers to be understood: header to one of our columns, or to None for a note.

    `given` came with this list and must fit it; `remembered` are those of earlier lists, by the signature of their
    headers. `how` is what is told of a given one: a job done again is given what it remembered at first.
    """

    given: Mapping[str, str | None] | None = None
    how: str = "given"
    remembered: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict[str, Mapping[str, str | None]])


@dataclass(frozen=True, slots=True)
class ColumnRead:
    """A header and the column that it was taken for; `how` is words, given or remembered."""

    header: str
    column: str | None
    how: str


@dataclass(frozen=True, slots=True)
class Detected:
    """What was found out about a file before its rows were read; `unknown` are headers that are kept as notes."""

    kind: str
    encoding: str | None
    separator: str | None
    sheet: str | None
    header_row: int | None
    columns: tuple[ColumnRead, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileRead:
    """A whole file in memory, for one that is small: `columns` maps its headers to ours; `rows` counts all."""

    kind: str
    encoding: str | None
    separator: str | None
    columns: dict[str, str]
    rows: int
    items: list[ImportItem]
    faults: list[RowFault]
