"""A good nwipe report, altered anywhere that matters, must no longer pass for the same serial."""

import random
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reuse.errors import Refusal
from reuse.wiping.evidence import read_evidence

FIXTURES = Path(__file__).parent / "fixtures"
SEED = 20261123
MUTANTS_PER_REPORT = 1_000  # times the ten passing reports below: 10,000 in every run, beside the exhaustive ones

GOOD = (
    "vm01-nwipe.log",
    "vm02-nwipe.log",
    "vm03-nwipe.log",
    "vm04-nwipe-sdb-default-serial.log",
    "vm05-nwipe-repeat.log",
    "vm05-nwipe.log",
    "vm06-nwipe-sdb-dodshort.log",
    "vm06-nwipe-thrash.log",
    "vm06-nwipe.log",
    "vm08-nwipe-plain.log",
)

STAMP = re.compile(r"^\[\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\] *(?:[a-z]+: ?)?")

# What no verdict depends on: the machine (DMI), the random source, temperatures, screens, and how hidden areas were
# looked for (not what was found). A report may lack these lines, repeat them or bear others in their place.
IRRELEVANT = re.compile(
    r"(?:bios|system|baseboard|chassis|processor)-[a-z-]+ = .*"
    r"|Opened entropy source.*|hwmon: .*|Temperature limits for .*|Initialising .*prng|Initialising .*PRNG"
    r"|prng stream is active"
    r"| *(?:autonuke|autopoweroff|prng|sync) +=.*|.*do not wait for a key.*|.*do not show GUI.*"
    r"|nwipe \d.*|Linux version .*| {10,}.*|HPA: +max sectors.*|.*DCO .*|libata: .*|/dev/\S+, sector\(logical\).*"
    r"|HPA values (\d+) / \1 on .*"  # where equal; a report that asked needs the answer "No hidden sectors"
    r"|.*(?:fdatasync|read): Input/output error"  # nameless, and explained by the failed drives' own rows
    r"|Automatically enumerated .*|Creating PDF report.*|Updated PDF_Certificate.*|Waiting for wipe thread.*"
    r"| on /dev/\S+|[-*]{20,}|! +Device \|.*|\s*",
    re.DOTALL,
)
# Parts of relevant lines that no verdict depends on.
SPANS = (
    (re.compile(r"(Found /dev/\S+), .*(?=, S/N=)"), r"\1"),  # bus, model and rounded size
    (re.compile(r"(sect/blk/dev) \d+/\d+/"), r"\1 "),  # sector and block sizes
    (re.compile(r"(\| *Erased *\|).*\|[^|/]*/"), r"\1/"),  # throughput, duration, model
    (re.compile(r"Total Throughput .*?/s"), "Total Throughput"),
    (re.compile(r"\*{10,}"), "*"),
    (re.compile(r"(banner +=) nwipe [\d.]+"), r"\1"),  # any version that the trust table believes
)
DEED = re.compile(r"Invoking|Starting|\d+ bytes|Verif|Finished|Blank|Writing final|\[SUCCESS\]")

WORDS = (
    ("Erased", "-FAILED-"), (" Erased ", "UABORTED"), ("[SUCCESS]", "[FAILURE]"), ("+VL", "+VA"), ("+VA", "+VL"),
    ("+VL", "+NV"), ("+VA", "+NV"), ("+B+", "+NB+"), ("+NB+", "+B+"), ("1R+", "2R+"), ("(last pass)", "(all passes)"),
    ("(all passes)", "(last pass)"), ("verify   = 1", "verify   = 0"), ("rounds   = 1", "rounds   = 2"),
    ("quiet    = 0", "quiet    = 1"),
    ("|           0", "|           1"), ("Fill With Zeros", "Verify Zeros (0x00)"),
    ("Fill With Zeros", "Fill With Ones"),
    ("DoD Short", "PRNG Stream"), ("successfully completed", "was aborted"),
    ("successfully completed", "exited with errors"),
    ("No hidden sectors", "HIDDEN AREA DETECTED!"), ("No hidden sectors", "HIDDEN AREA INDETERMINATE!"),
    ("round 1/1", "round 1/2"),
    ("pass 1/1", "pass 1/2"), ("S/N=", "S/N=X"), ("has serial number ", "has serial number Z"),
    ("       sd", "!      sd"),
    ("bytes written", "bytes read"), ("Verifying", "Blanking"), ("is empty", "is full"), ("Finished", "Starting"),
)  # fmt: skip  # one line per word would hide the list


def essence(text: str, device: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Reduce a log to what one device's verdict may rest on: its deeds in order, and all else that concerns it."""
    name = re.escape(device.removeprefix("/dev/"))
    mine = re.compile(rf"(?:/dev/|^!? +){name}\b")
    other = re.compile(r"/dev/(?:sd|nvme)\w+|^!? +(?:sd|nvme)\w+ +\|")
    deeds: list[str] = []
    rest: list[str] = []
    for raw in text.split("\n"):
        line = STAMP.sub("", raw)
        if IRRELEVANT.fullmatch(line) or (other.search(line) and not mine.search(line)):
            continue
        for pattern, kept in SPANS:
            line = pattern.sub(kept, line)
        line = " ".join(line.split())
        if not DEED.match(line):
            rest.append(line)
        elif mine.search(line):
            deeds.append(line)
    return tuple(deeds), tuple(sorted(rest))


def difference(mutant: str, original: str, device: str) -> list[str]:
    """List what the mutant lacks or repeats of the original's essence.

    A line damaged into something unreadable is no addition, but what it said before is then missing, if it mattered.
    """
    (deeds, rest), (all_deeds, all_rest) = essence(mutant, device), essence(original, device)
    before, after = Counter(all_rest), Counter(rest)
    changed = [line for line in before if before[line] != after[line]]
    # To say twice that there are no hidden sectors is to say the same.
    changed = [line for line in changed if not (line.startswith("No hidden sectors") and after[line])]
    return changed + (["deeds"] if deeds != all_deeds else [])


def drop_line(lines: list[str], chance: random.Random) -> list[str]:
    place = chance.randrange(len(lines))
    return lines[:place] + lines[place + 1 :]


def repeat_line(lines: list[str], chance: random.Random) -> list[str]:
    place = chance.randrange(len(lines))
    return lines[: place + 1] + lines[place:]


def swap_lines(lines: list[str], chance: random.Random) -> list[str]:
    place = chance.randrange(len(lines) - 1)
    return [*lines[:place], lines[place + 1], lines[place], *lines[place + 2 :]]


def move_line(lines: list[str], chance: random.Random) -> list[str]:
    taken = chance.randrange(len(lines))
    rest = lines[:taken] + lines[taken + 1 :]
    place = chance.randrange(len(rest))
    return [*rest[:place], lines[taken], *rest[place:]]


def flip_digit(lines: list[str], chance: random.Random) -> list[str]:
    text = "\n".join(lines)
    places = [found.start() for found in re.finditer(r"\d", text)]
    place = chance.choice(places)
    digit = chance.choice([digit for digit in "0123456789" if digit != text[place]])
    return (text[:place] + digit + text[place + 1 :]).split("\n")


def change_word(lines: list[str], chance: random.Random) -> list[str]:
    text = "\n".join(lines)
    before, after = chance.choice([(before, after) for before, after in WORDS if before in text])
    places = [found.start() for found in re.finditer(re.escape(before), text)]
    place = chance.choice(places)
    return (text[:place] + after + text[place + len(before) :]).split("\n")


def cut_tail(lines: list[str], chance: random.Random) -> list[str]:
    text = "\n".join(lines)
    return text[: chance.randrange(len(text))].split("\n")


def cut_head(lines: list[str], chance: random.Random) -> list[str]:
    text = "\n".join(lines)
    return text[chance.randrange(len(text)) :].split("\n")


def cut_middle(lines: list[str], chance: random.Random) -> list[str]:
    text = "\n".join(lines)
    start = chance.randrange(len(text))
    return (text[:start] + text[start + chance.randrange(1, 400) :]).split("\n")


def change_letter(lines: list[str], chance: random.Random) -> list[str]:
    text = "\n".join(lines)
    place = chance.randrange(len(text))
    return (text[:place] + chance.choice("AZx0 |!/-+\n") + text[place + 1 :]).split("\n")


def swap_blocks(lines: list[str], chance: random.Random) -> list[str]:
    start = chance.randrange(len(lines) - 4)
    middle = start + chance.randrange(1, 4)
    end = middle + chance.randrange(1, 4)
    return [*lines[:start], *lines[middle:end], *lines[start:middle], *lines[end:]]


def change_date(lines: list[str], chance: random.Random) -> list[str]:
    stamped = [place for place, line in enumerate(lines) if STAMP.match(line)]
    place = chance.choice(stamped)
    moved = datetime.strptime(lines[place][1:20], "%Y/%m/%d %H:%M:%S").replace(tzinfo=UTC) + timedelta(
        seconds=chance.choice([-400_000, -3_600, -60, -3, 3, 60, 3_600, 400_000])
    )
    return [*lines[:place], f"[{moved:%Y/%m/%d %H:%M:%S}{lines[place][20:]}", *lines[place + 1 :]]


MUTATORS: tuple[Callable[[list[str], random.Random], list[str]], ...] = (
    drop_line, drop_line, repeat_line, swap_lines, move_line, flip_digit, flip_digit, change_word, change_word,
    change_word, swap_blocks, change_date,
    cut_tail, cut_head, cut_middle, change_letter,
)  # fmt: skip  # repeated names are tried more often


def passing(content: bytes) -> dict[str, str]:
    """Map the serials that a log passes to their devices; a refused file passes nothing."""
    try:
        evidence = read_evidence(content, timezone="UTC")
    except Refusal:
        return {}
    return {item.serial: item.device or "" for item in evidence.items if item.verdict == "pass" and item.serial}


def survivors(name: str, count: int, seed: int) -> list[str]:
    original = (FIXTURES / name).read_bytes()
    text = original.decode("latin-1")
    good = passing(original)
    assert good, name
    chance = random.Random(seed)  # noqa: S311  # a seeded campaign, not a secret
    alive: list[str] = []
    for number in range(count):
        mutate = MUTATORS[number % len(MUTATORS)]
        mutant = "\n".join(mutate(text.split("\n"), chance))
        for serial, device in passing(mutant.encode("latin-1")).items():
            if serial in good and difference(mutant, text, device):
                alive.append(f"{name} {number} {mutate.__name__} {serial}: {difference(mutant, text, device)}")
    if alive:
        print(f"seed {seed}")  # noqa: T201  # with it, anybody makes the same mutants again
    return alive


@pytest.mark.parametrize("name", GOOD)
def test_a_good_report_altered_anywhere_that_matters_no_longer_passes(name: str) -> None:
    assert survivors(name, MUTANTS_PER_REPORT, SEED) == []


@pytest.mark.deep
@pytest.mark.parametrize("name", GOOD)
def test_a_long_campaign_of_altered_reports_finds_none_that_passes(name: str) -> None:
    assert survivors(name, 3_000, SEED + 1) == []


def test_the_campaign_would_notice_a_parser_that_believes_the_tables_alone() -> None:
    text = (FIXTURES / "vm01-nwipe.log").read_text("latin-1")
    device = "/dev/nvme0n1"
    without = "\n".join(line for line in text.split("\n") if "bytes read from" not in line)
    assert essence(without, device) != essence(text, device)
    assert passing(without.encode()) == {}


@pytest.mark.parametrize("name", GOOD)
def test_no_line_that_matters_can_be_left_out(name: str) -> None:
    text = (FIXTURES / name).read_bytes().decode("latin-1")
    good = passing(text.encode("latin-1"))
    lines = text.split("\n")
    for place in range(len(lines)):
        mutant = "\n".join(lines[:place] + lines[place + 1 :])
        for serial, device in passing(mutant.encode("latin-1")).items():
            assert difference(mutant, text, device) == [], lines[place]
            assert good[serial] == device


@pytest.mark.parametrize("name", GOOD)
def test_a_report_cut_off_after_any_line_passes_nothing_whose_story_is_not_whole(name: str) -> None:
    text = (FIXTURES / name).read_bytes().decode("latin-1")
    lines = text.split("\n")
    for place in range(len(lines)):
        for mutant in ("\n".join(lines[:place]), "\n".join(lines[place:])):
            for serial, device in passing(mutant.encode("latin-1")).items():
                assert difference(mutant, text, device) == [], (place, serial)


@pytest.mark.parametrize("name", GOOD)
def test_a_session_repeated_proves_no_more_and_no_less(name: str) -> None:
    content = (FIXTURES / name).read_bytes()
    assert passing(content + content) == passing(content)
    assert passing(content + b"\n" + content) == passing(content)


@pytest.mark.parametrize("name", GOOD)
def test_a_foreign_session_put_in_anywhere_lends_its_good_ending_to_nobody(name: str) -> None:
    """Whoever passes does so in a piece that is whole: before the foreign session, after it, or within it."""
    lines = (FIXTURES / name).read_bytes().decode("latin-1").split("\n")
    chance = random.Random(SEED)  # noqa: S311  # a seeded campaign, not a secret
    for place in range(len(lines)):
        foreign = (FIXTURES / chance.choice([other for other in GOOD if other != name])).read_bytes().decode("latin-1")
        pieces = "\n".join(lines[:place]), foreign.rstrip("\n"), "\n".join(lines[place:])
        alone = {serial for piece in pieces for serial in passing(piece.encode("latin-1"))}
        assert set(passing("\n".join(pieces).encode("latin-1"))) <= alone, place


@pytest.mark.parametrize("aborted", ["vm05-nwipe-killed.log", "vm05-nwipe-usr1-term.log", "vm06-nwipe-sda-prng.log"])
@pytest.mark.parametrize("name", GOOD)
def test_a_run_that_failed_does_not_pass_for_the_good_runs_around_it(name: str, aborted: str) -> None:
    good, bad = (FIXTURES / name).read_bytes(), (FIXTURES / aborted).read_bytes()
    for together in (good + bad, bad + good, good + bad + good):
        verdicts = [item.verdict for item in read_evidence(together, timezone="UTC").items]
        apart = [
            item.verdict
            for part in ((good, bad) if together == good + bad else (bad, good))
            for item in read_evidence(part, timezone="UTC").items
        ]
        assert verdicts[-len(apart) :] == apart or together == good + bad + good
        assert verdicts.count("pass") <= 2 * len(passing(good))


@pytest.mark.parametrize(
    "line",
    [
        "  error: Unable to read from '{device}'.",
        "  error: nwipe_random_verify: 12 verification errors on '{device}'.",
        "warning: Buffer flush failure on '{device}'.",
        "warning: Wrote 12587008 bytes on '{device}'.",
        "warning: HIDDEN AREA DETECTED! on {device}",
        "warning: HIDDEN AREA INDETERMINATE! on {device}",
        " notice: [FAILURE] {device} may not be blanked",
        "  debug: Status: {device}, result=-1, pass_errors=1, verify_errors=0, fsync_errors=0",
        "   info: {device}: SANITIZE action 'Block Erase' has failed.",
        " notice: Starting round 1 of 1 on {device}",
        " notice: 4096 bytes written to {device}",
    ],
)
@pytest.mark.parametrize("name", GOOD)
def test_a_line_of_trouble_about_a_drive_takes_its_pass_away(name: str, line: str) -> None:
    content = (FIXTURES / name).read_bytes().decode("latin-1")
    for serial, device in passing(content.encode("latin-1")).items():
        place = content.index("\n", content.rindex(f"Finished final round 1 of 1 on {device}")) + 1
        mutant = f"{content[:place]}{content[place : place + 21]} {line.format(device=device)}\n{content[place:]}"
        if not content[place:].startswith("["):  # the tables follow; take the stamp of the line before
            stamp = content[content.rindex("\n[", 0, place) + 1 :][:21]
            mutant = f"{content[:place]}{stamp} {line.format(device=device)}\n{content[place:]}"
        assert serial not in passing(mutant.encode("latin-1"))


def test_a_nameless_error_in_a_run_without_a_failed_drive_takes_every_pass_away() -> None:
    content = (FIXTURES / "vm03-nwipe.log").read_text("latin-1")
    mutant = content.replace(
        "[2026/03/03 10:30:11]", "[2026/03/03 10:30:11]   fatal: Insufficient entropy.\n[2026/03/03 10:30:11]", 1
    )
    assert passing(content.encode())
    assert passing(mutant.encode()) == {}
