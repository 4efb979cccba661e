"""Captures cut, flipped, swollen and poisoned: each is read or refused, none ends in an error of ours or a hang."""

import json
import random
import re
import signal
from collections.abc import Callable
from types import FrameType

import pytest

import captures as tools
from makers import open_doors, settle_town
from reuse.errors import Refusal
from reuse.house import House
from reuse.workshop.captures.bundle import read_captures

SEED = 20261125
MUTANTS = 300  # of each of the bases below: 3,000 and more in every run
AT_THE_DOOR = 120
SECONDS = 20  # for one mutant; it takes milliseconds, and a regular expression that runs away takes for ever
VALUES: tuple[object, ...] = (
    None, True, [], {}, "", "x" * 5000, -1, 0, 2**63, 10**39, 1e308, "\ud800", "\x00", "é" * 300, [[]], {"a": {}},
    "9" * 60, "0", "To be filled by O.E.M.", [None], "NaN", "\u202e", "1,5", "/dev/sda",
)  # fmt: skip
BASES = {
    **{name: make() for name, make in tools.EVERY_FORMAT.items()},
    "uevent": tools.uevent(),
    "zip": tools.packed(tools.lshw(), tools.dmidecode(), tools.smartctl()),
    "nvme list text": (tools.FIXTURES / "vm01-nvme-list.txt").read_bytes(),
}


def truncated(content: bytes, dice: random.Random) -> bytes:
    return content[: dice.randrange(len(content))]


def bytes_changed(content: bytes, dice: random.Random) -> bytes:
    out = bytearray(content)
    for _ in range(dice.randint(1, 6)):
        out[dice.randrange(len(out))] = dice.choice(b'\x00\xff"{}[]:,\n 9-<\\\xc3')
    return bytes(out)


def repeated(content: bytes, dice: random.Random) -> bytes:
    start = dice.randrange(len(content))
    piece = content[start : start + dice.randint(1, 80)]
    return content[:start] + piece * dice.choice((2, 50, 2000)) + content[start:]


def lines_mixed(content: bytes, dice: random.Random) -> bytes:
    lines = content.split(b"\n")
    dice.shuffle(lines)
    return b"\n".join(lines[: dice.randint(1, len(lines))])


def numbers_swollen(content: bytes, dice: random.Random) -> bytes:
    swollen = dice.choice((b"99999999999999999999", b"-1", b"1e400", b"0", b"1,5"))
    return re.sub(rb"\d+", lambda found: swollen if dice.random() < 0.1 else found[0], content)


def value_flipped(content: bytes, dice: random.Random) -> bytes:
    """Another type somewhere in the tree; text formats are cut instead."""
    try:
        tree = json.loads(content)
    except ValueError:
        return truncated(content, dice)
    places = list(_places(tree))
    holder, key = dice.choice(places)
    holder[key] = dice.choice(VALUES)
    return json.dumps(tree).encode()


def _places(value: object) -> list[tuple[dict[str, object] | list[object], object]]:
    found: list[tuple[dict[str, object] | list[object], object]] = []
    waiting = [value]
    while waiting:
        holder = waiting.pop()
        keys = list(holder) if isinstance(holder, dict) else range(len(holder)) if isinstance(holder, list) else ()
        for key in keys:
            found.append((holder, key))
            waiting.append(holder[key])
    return found


WAYS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    truncated, bytes_changed, repeated, lines_mixed, numbers_swollen, value_flipped, value_flipped, value_flipped,
)  # fmt: skip


def told_of(mutant: bytes) -> str:
    """The sentence of the refusal; what is read can be kept as JSON in UTF-8."""
    try:
        found = read_captures([mutant])
    except Refusal as refused:
        return refused.detail
    json.dumps(found.kept, allow_nan=False, ensure_ascii=False).encode()
    return "It was read."


def _too_long(_signal: int, _frame: FrameType | None) -> None:
    raise TimeoutError("a mutant was still being read")


SWOLLEN = {
    "empty lines": b"\n" * 2_000_000,
    "blanks": b"x" + b" " * 2_000_000 + b"x",
    "columns": b"Node " + b"SN " * 600_000,
    "dashes": b"Node SN Model\n---" + b" --" * 600_000 + b"x",
    "a field without an end": b"native-path: BAT0\n  model: " + b" " * 2_000_000 + b"x" * 600,
    "handles": b"# dmidecode 3.4\n" + b"\tAaaa Aaaa" * 200_000,
    "blocks": b"01: None 00.0: 10105 BIOS\n  [Created at bios.186]\n" + b"  Aaaa Aaaa" * 200_000,
    "commas": b"a," * 1_000_000,
    "types": b"type : \n" * 250_000,
    "quotes": b'"' + b"\\\\" * 500_000 + b'"',
    "brackets": b"[" * 1_000_000,
    "text in text": b'"' * 1_000_000,
}


@pytest.mark.parametrize("what", SWOLLEN)
def test_nothing_that_repeats_itself_takes_for_ever(what: str) -> None:
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(SECONDS)
    told = told_of(SWOLLEN[what])
    signal.alarm(0)
    assert told


@pytest.mark.parametrize("name", BASES)
def test_a_mutant_is_read_or_refused_in_a_sentence(name: str) -> None:
    dice = random.Random(f"{SEED} {name}")  # noqa: S311  # mutants, not secrets
    signal.signal(signal.SIGALRM, _too_long)
    for number in range(MUTANTS):
        mutant = dice.choice(WAYS)(BASES[name], dice)
        signal.alarm(SECONDS)
        told = told_of(mutant)
        signal.alarm(0)
        assert told.endswith((".", ")")), (number, told)


def test_no_mutant_that_is_sent_ends_in_an_error_of_ours(any_house: House) -> None:
    dice = random.Random(SEED)  # noqa: S311  # mutants, not secrets
    with open_doors(any_house) as client:
        desk = settle_town(any_house, client).technician
        for number in range(AT_THE_DOOR):
            name = dice.choice(list(BASES))
            mutant = dice.choice(WAYS)(BASES[name], dice)
            answer = desk.post("/v1/captures", files=[("file", ("capture", mutant))])
            assert answer.status_code in {200, 201, 400, 413, 415}, (number, name, answer.text)
            assert "\\u0000" not in answer.text
