"""The first rows of a list as they would be read, and what to propose where a header is not understood."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from reuse.donations.imports.header import Header
from reuse.donations.imports.read import DonorsList, detected, look_at, rows_of
from reuse.donations.imports.shape import Detected, ImportItem, RowFault, Wishes
from reuse.donations.imports.words import nearest_column
from reuse.errors import Fault, Invalid


@dataclass(frozen=True, slots=True)
class RowPreview:
    """A row as it would be read: the item, or what is wrong with it."""

    row: int
    item: ImportItem | None
    faults: Sequence[RowFault] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """What was found out, the first rows, and a mapping to send with the list, for every header that it has.

    `trouble` tells why the list could not be taken in as it is.
    """

    found: Detected
    mapping: dict[str, str | None]
    rows: list[RowPreview] = field(default_factory=list[RowPreview])
    trouble: tuple[Fault, ...] = ()


def preview_list(content: bytes, wishes: Wishes, *, rows: int) -> Preview:
    """Look at a list; raises what makes the file as a whole no list, and where a mapping given with it does not fit."""
    source, header, trouble = look_at(content, wishes)
    mapping = _proposed(header) if header is not None else {}
    if header is None or trouble is not None:
        return Preview(detected(source, header), mapping, trouble=trouble.errors if trouble is not None else ())
    this = DonorsList(source, header)
    shown: list[RowPreview] = []
    try:
        shown.extend(islice(_previews(this), rows))
    except Invalid as refusal:  # further down than the header: what was read until there is shown
        return Preview(this.detected, mapping, shown, refusal.errors)
    return Preview(this.detected, mapping, shown)


def _previews(this: DonorsList) -> Iterator[RowPreview]:
    for result in rows_of(this):
        if isinstance(result, ImportItem):
            yield RowPreview(result.row, result)
        else:
            yield RowPreview(result[0].row, None, result)


def _proposed(header: Header) -> dict[str, str | None]:
    """Every header with its column: as understood, or of those not taken yet the one whose words look most alike."""
    mapping = {one.header: one.column for one in header.columns}
    taken = {column for column in mapping.values() if column is not None}
    for name in header.unknown:
        near = nearest_column(name)
        mapping[name] = near if near not in taken else None
        taken |= {near} if near is not None else set()
    return mapping
