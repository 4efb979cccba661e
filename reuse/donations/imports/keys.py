"""What makes a row of a donor's list the same as one read before: its identity, or its content and its turn."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

from reuse.canonical import canonical_json, sha256_hex
from reuse.devices.rules import normal_code
from reuse.donations.imports.kept import KeptRows
from reuse.donations.imports.read import DonorsList, rows_of
from reuse.donations.imports.shape import ImportItem, RowFault
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
class Checked:
    """What a list is worth before anybody looks into the database: its rows, its devices, and all its faults."""

    rows: int
    good: int
    devices: int
    faults: tuple[RowFault, ...]


def check_list(this: DonorsList, kept: KeptRows | None = None) -> Checked:
    """Read a list to its end, remembering nothing but its faults; good rows are set aside in `kept`.

    Raises TooLarge where the rows mean more devices than one list may bring, and whatever makes the file unreadable:
    after this has returned, nothing about the list can fail half way.
    """
    rows = good = devices = 0
    faults: list[RowFault] = []
    for result in rows_of(this):
        rows += 1
        if isinstance(result, ImportItem):
            good += 1
            devices += result.quantity
            if kept is not None:
                kept.keep(result)
        else:
            faults += result
    if kept is not None:
        kept.put_down()
    if devices > MAX_DEVICES:
        sentence = f"The list means {devices:,} devices; at most {MAX_DEVICES:,} are taken in at once. Split it."
        raise TooLarge(sentence, code="too_many_devices")
    return Checked(rows, good, devices, tuple(faults))


def keyed(items: Iterable[ImportItem]) -> Iterator[KeyedRow]:
    """Each item with its keys.

    A row is known again by its serial, else its IMEI, else its asset tag. A row without any ("10 laptops HP") is known
    by all that it says and its turn among equal rows: sending a list again, corrected or longer, adds only what is new.
    """
    turns: Counter[str] = Counter()
    for item in items:
        codes = _codes(item) if item.quantity == 1 else ()
        if codes:
            yield KeyedRow(item, (":".join(codes[0]),), codes)
            continue
        content = sha256_hex(canonical_json({**asdict(item), "row": 0, "quantity": 0}))[:32]
        keys = tuple(f"row:{content}:{turns[content] + turn}" for turn in range(1, item.quantity + 1))
        turns[content] += item.quantity
        yield KeyedRow(item, keys, codes)


def _codes(item: ImportItem) -> tuple[tuple[str, str], ...]:
    """The row's identities, strongest first; a tag without letter or digit identifies nothing."""
    found = (("serial", item.serial), ("imei", item.imei), ("asset_tag", item.asset_tag))
    return tuple((kind, normal) for kind, value in found if value and (normal := normal_code(value)))


def in_portions(rows: Iterable[KeyedRow], *, devices: int) -> Iterator[list[KeyedRow]]:
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
