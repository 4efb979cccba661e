"""The history in a pack, line by line: each record holds the hash of the one before, up to the head in the index."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from reuse.canonical import canonical_json
from reuse.history.rules import FIRST, PERSONAL, chain_hash, kept_seal, open_part, seal_of
from reuse.passport.rules.index import Head

OPEN = ("thing", "thing_id", "seq", "verb", "from_state", "to_state", "at", "recorded_at", "organisation_id", "data")
LONGEST_LINE = 4 * 1024 * 1024
Line = Mapping[str, Any]


def as_line(row: Line, *, by: str | None, is_open: bool) -> bytes:
    """A stored record as a line: whole with its salt for those who may know the persons, else sealed.

    One whose persons are forgotten is sealed for everybody.
    `by` is who did it as this reader may know it; the seal, not this pseudonym, stands in the chain.
    """
    line = {name: row[name] for name in (*OPEN, "previous", "hash")}
    if is_open and row["seal"] is None:
        return canonical_json({**line, "person": row["person"], "key_id": row["key_id"], "salt": row["salt"]})
    return canonical_json({**line, "data": open_part(row)["data"], "by": by, "seal": kept_seal(row)})


def line_hash(line: Line) -> str:
    """The hash of a record, from what its line shows: the personal part itself, or the seal that stands for it.

    ValueError where a sealed line shows something personal all the same, which no hash would cover.
    """
    content = {name: line[name] for name in OPEN}
    if "salt" in line:
        seal = seal_of({**content, "person": line["person"], "key_id": line["key_id"]}, line["salt"])
    elif PERSONAL.isdisjoint(line["data"]):
        seal = line["seal"]
    else:
        raise ValueError("a sealed record shows what is sealed")
    return chain_hash(open_part(content), seal, line["previous"])


def lines_in(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Lines without their ends, from pieces cut anywhere; ValueError for one that is too long or does not end."""
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
        if len(rest) > LONGEST_LINE:
            raise ValueError("a line does not end")
    if rest:
        raise ValueError("the last line does not end")


def wrong_in_history(lines: Iterable[bytes], chains: Sequence[Head]) -> Iterator[str]:
    """What does not hold, in sentences: nothing for a whole history whose chains stand in the order of the index."""
    ahead = iter(chains)
    seq, previous, head = 0, FIRST, next(ahead, None)
    for number, raw in enumerate(lines, 1):
        while head is not None and seq == head.seq:
            if previous != head.hash:
                yield f"The history of {head.thing} {head.thing_id} does not end as the index says."
            seq, previous, head = 0, FIRST, next(ahead, None)
        line = _line(raw)
        if line is None or head is None or (line["thing"], line["thing_id"]) != (head.thing, head.thing_id):
            yield f"Line {number} of the history is damaged, misplaced or one too many."
            return
        if line["seq"] != seq + 1 or line["previous"] != previous:
            yield f"Line {number} of the history does not follow the one before it: a record was moved or removed."
            return
        if not _holds(line):
            yield f"Line {number} of the history is not what was recorded."
        seq, previous = line["seq"], line["hash"]
    while head is not None:
        if (seq, previous) != (head.seq, head.hash):
            yield f"The history of {head.thing} {head.thing_id} does not end as the index says."
        seq, previous, head = 0, FIRST, next(ahead, None)


def _line(raw: bytes) -> Line | None:
    try:
        line = cast("dict[str, Any]", json.loads(raw))
        is_ours = canonical_json(line) == raw and set(line) >= {*OPEN, "previous", "hash"}
    except (ValueError, TypeError, RecursionError):
        return None
    return line if is_ours else None


def _holds(line: Line) -> bool:
    try:
        return line_hash(line) == line["hash"]
    except (KeyError, TypeError, ValueError):
        return False
