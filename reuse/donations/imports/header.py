"""Which row of a list is its header, and which of our columns each of its cells means."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reuse.boundedjson import refuse
from reuse.canonical import canonical_json, sha256_hex
from reuse.donations.imports.shape import ColumnRead, Row, Source, Wishes
from reuse.donations.imports.words import column_of, columns_understood, is_left_out, our_columns, plain_words
from reuse.errors import Fault, Invalid

MAX_HEADER_LINE = 20
"""Titles and blank lines may stand above the header; further down no header is looked for."""
MAX_COLUMNS = 400
MAX_NAME = 100


@dataclass(frozen=True, slots=True)
class Header:
    """Where each of our columns stands, and the names of all; those `left_out` say nothing of a device."""

    line: int
    cells: list[str]
    names: list[str]
    ours: dict[str, int]
    left_out: frozenset[int]
    columns: tuple[ColumnRead, ...]
    unknown: tuple[str, ...]

    @property
    def by_column(self) -> dict[str, str]:
        """The list's own name for each of our columns."""
        return {column: self.names[index] for column, index in self.ours.items()}

    @property
    def signature(self) -> str:
        """Equal for lists with the same headers in any order, whatever their case, accents and punctuation."""
        return signature_of(self.names[index] for index in range(len(self.names)) if index not in self.left_out)


def signature_of(names: Iterable[str]) -> str:
    """The name under which the mapping of these headers is remembered."""
    return sha256_hex(canonical_json(sorted(plain_words(name) or name for name in names)))


def find_header(source: Source, wishes: Wishes) -> Header:
    """The row among the first twenty that tells most of our columns.

    Raises Invalid `no_header` where no row tells two columns, or the category alone, and the places of a mapping that
    does not fit.
    """
    best = best_header(source.rows(), wishes)
    _check_mapping(best or guess_header(source.rows()), wishes.given or {})
    if best is None or (len(best.ours) == 1 and "category" not in best.ours):
        refuse(
            "1",
            "no_header",
            f"No header was found in the first {MAX_HEADER_LINE} rows. Name the columns, or send a mapping of your "
            f"headers; understood are: {columns_understood()}.",
        )
    return best


def best_header(rows: Iterable[Row], wishes: Wishes) -> Header | None:
    """The row among the first twenty that tells most of our columns, of equals the first; None where none tells any."""
    best: Header | None = None
    for row in rows:
        if row.line > MAX_HEADER_LINE:
            break
        candidate = header_of(row, wishes)
        if len(candidate.ours) > (len(best.ours) if best is not None else 0):
            best = candidate
        if row.line == MAX_HEADER_LINE:
            break
    return best


def guess_header(rows: Iterable[Row]) -> Header | None:
    """What looks like a header where none is understood: the fullest of the first twenty rows, of equals the first."""
    best: Row | None = None
    for row in rows:
        if row.line > MAX_HEADER_LINE:
            break
        if any(row.cells) and (best is None or _filled(row) > _filled(best)):
            best = row
    return header_of(best, Wishes()) if best is not None else None


def _filled(row: Row) -> int:
    return sum(1 for cell in row.cells if cell)


def header_of(row: Row, wishes: Wishes) -> Header:
    """This row taken as the header.

    What the donor wishes goes first; where two headers mean one column by their words, the stronger word is taken, of
    equals the first, and the other becomes a note.
    """
    if len(row.cells) > MAX_COLUMNS:
        refuse(
            str(row.line), "too_many_columns", f"Row {row.line} has {len(row.cells):,} columns; at most {MAX_COLUMNS}."
        )
    names: list[str] = []
    for index, cell in enumerate(row.cells):
        name = cell[:MAX_NAME] or f"column {index + 1}"
        names.append(name if name not in names else f"{name} ({index + 1})")
    left_out = frozenset(index for index, cell in enumerate(row.cells) if cell and is_left_out(cell))
    wished, how = _wished([name for index, name in enumerate(names) if index not in left_out], wishes)
    ours = {column: names.index(name) for name, column in wished.items() if column is not None and name in names}
    ours |= _by_words(row.cells, names, wished, taken=set(ours), left_out=left_out)
    meant = {index: column for column, index in ours.items()}
    columns = tuple(
        ColumnRead(name, meant.get(index), how if name in wished else "words")
        for index, name in enumerate(names)
        if index in meant or name in wished
    )
    known = {one.header for one in columns}
    unknown = tuple(
        name for index, name in enumerate(names) if row.cells[index] and index not in left_out and name not in known
    )
    return Header(row.line, row.cells, names, ours, left_out, columns, unknown)


def _wished(names: list[str], wishes: Wishes) -> tuple[Mapping[str, str | None], str]:
    if wishes.given is not None:
        return wishes.given, wishes.how
    remembered = wishes.remembered.get(signature_of(names)) if wishes.remembered else None
    by_words = {plain_words(header) or header: column for header, column in (remembered or {}).items()}
    return {name: by_words[key] for name in names if (key := plain_words(name) or name) in by_words}, "remembered"


def _by_words(
    cells: list[str], names: list[str], wished: Mapping[str, str | None], *, taken: set[str], left_out: frozenset[int]
) -> dict[str, int]:
    found: dict[str, tuple[int, int]] = {}
    for index, cell in enumerate(cells):
        meant = column_of(cell) if cell and names[index] not in wished and index not in left_out else None
        if meant is None or meant[0] in taken:
            continue
        if meant[0] not in found or meant[1] < found[meant[0]][0]:
            found[meant[0]] = (meant[1], index)
    return {column: index for column, (_strength, index) in found.items()}


def _check_mapping(header: Header | None, given: Mapping[str, str | None]) -> None:
    """Refuse a mapping whose headers are not in this list, with the place of each in the mapping."""
    if header is None:
        return
    sentence = "The list has no column {!r}; its columns are: {}."
    shown = ", ".join(name for name, cell in zip(header.names, header.cells, strict=True) if cell)
    strays = (name for name in given if name not in header.names)
    faults = [Fault(_place(name), "unknown_header", sentence.format(name, shown)) for name in strays]
    if faults:
        raise Invalid(faults[0].message, code="unknown_header", errors=tuple(faults))


def check_wishes(given: Mapping[str, str | None]) -> None:
    """Refuse a mapping to what is no column of ours, or of two headers to one column, with its place."""
    meant = [(name, column) for name, column in given.items() if column is not None]
    known = ", ".join(our_columns())
    strays = [
        Fault(
            _place(name), "unknown_column", f"{column!r} is no column here; write one of {known}, or null for a note."
        )
        for name, column in meant
        if column not in our_columns()
    ]
    if strays:
        raise Invalid(strays[0].message, code="unknown_column", errors=tuple(strays))
    first: dict[str, str] = {}
    again = [
        Fault(_place(name), "column_twice", f"{first[column]!r} is {column} already; map one of the two to null.")
        for name, column in meant
        if first.setdefault(column, name) != name
    ]
    if again:
        raise Invalid(again[0].message, code="column_twice", errors=tuple(again))


def _place(name: str) -> str:
    return f"/mapping/{name.replace('~', '~0').replace('/', '~1')}"
