"""What makes a row of a donor's list the same as one read before: its identity, or its content and its turn."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from reuse.canonical import canonical_json, sha256_hex
from reuse.devices.rules import normal_code
from reuse.donations.imports.shape import FileRead, ImportItem, RowFault
from reuse.errors import TooLarge

MAX_DEVICES = 50_000
"""As many as rows (`MAX_ROWS`): a quantity of ten thousand on every row is a slip, not a donation."""


@dataclass(frozen=True, slots=True)
class KeyedRow:
    """A good row and one key for each device that it means; `codes` are the identities that find a device again."""

    item: ImportItem
    keys: tuple[str, ...]
    codes: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class KeyedFile:
    """A whole list, ready to be taken in: `headers` are the names that the file itself gives to our columns."""

    rows: int
    good: list[KeyedRow]
    faults: list[RowFault]
    headers: dict[str, str]


def keyed_file(read: FileRead) -> KeyedFile:
    """Every good row with its keys, in the order of the file; a row whose identity an earlier row has is a bad one.

    A row is known again by its serial, else its IMEI, else its asset tag. A row without any ("10 laptops HP") is known
    by all that it says and its turn among equal rows: sending a list again, corrected or longer, adds only what is new.
    Raises TooLarge where the rows mean more devices than one list may bring.
    """
    devices = sum(item.quantity for item in read.items)
    if devices > MAX_DEVICES:
        sentence = f"The list means {devices:,} devices; at most {MAX_DEVICES:,} are taken in at once. Split it."
        raise TooLarge(sentence, code="too_many_devices")
    no_codes: tuple[tuple[str, str], ...] = ()
    headers = {ours: header for header, ours in read.columns.items()}
    first_rows: dict[tuple[str, str], int] = {}
    turns: Counter[str] = Counter()
    good: list[KeyedRow] = []
    faults = list(read.faults)
    for item in read.items:
        codes = _codes(item) if item.quantity == 1 else no_codes
        if codes:
            strongest, *_ = codes
            if (first := first_rows.setdefault(strongest, item.row)) != item.row:
                faults.append(_again(item, strongest[0], first, headers))
            else:
                good.append(KeyedRow(item, (":".join(strongest),), codes))
            continue
        content = sha256_hex(canonical_json({**asdict(item), "row": 0, "quantity": 0}))[:32]
        keys = tuple(f"row:{content}:{turns[content] + turn}" for turn in range(1, item.quantity + 1))
        turns[content] += item.quantity
        good.append(KeyedRow(item, keys, codes))
    return KeyedFile(read.rows, good, sorted(faults, key=lambda fault: fault.row), headers)


def _codes(item: ImportItem) -> tuple[tuple[str, str], ...]:
    """The row's identities, strongest first; a tag without letter or digit identifies nothing."""
    found = (("serial", item.serial), ("imei", item.imei), ("asset_tag", item.asset_tag))
    return tuple((kind, normal) for kind, value in found if value and (normal := normal_code(value)))


def _again(item: ImportItem, kind: str, first: int, headers: dict[str, str]) -> RowFault:
    value = getattr(item, kind)
    sentence = f"{value} already stands in row {first}. Remove one of the two rows, or correct it."
    return RowFault(item.row, headers.get(kind, kind), f"duplicate_{kind}", sentence)


def in_portions(rows: Sequence[KeyedRow], *, devices: int) -> Iterator[list[KeyedRow]]:
    """The rows in their order, cut so that a portion means about so many devices; a row is never cut."""
    portion: list[KeyedRow] = []
    count = 0
    for row in rows:
        portion.append(row)
        count += len(row.keys)
        if count >= devices:
            yield portion
            portion, count = [], 0
    if portion:
        yield portion
