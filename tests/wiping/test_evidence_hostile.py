"""Hostile files end in a clear refusal, quickly."""

import contextlib
import json
import random
from pathlib import Path

import pytest

from reuse.errors import Invalid, Refusal, TooLarge
from reuse.wiping.evidence import read_evidence

FIXTURES = Path(__file__).parent / "fixtures"
LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{("&" + chr(97 + n) + ";") * 10}">' for n in range(9))
    + "]><blancco_data><blancco_erasure_report>&j;</blancco_erasure_report></blancco_data>"
)
YAML_LAUGHS = "type: Snapshot\na: &a [x,x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{'*' + chr(97 + n)},{'*' + chr(97 + n)}]\n" for n in range(20)
)

HOSTILE = {
    "empty": (b"", "file_empty"),
    "blank": (b" \n\n", "file_empty"),
    "nul": (b"[2026/03/02 08:14:10]  notice: Found /dev/sda\0\0", "file_not_text"),
    "json 1,000 deep": (b'{"type":"Snapshot","a":' + b"[" * 1_000 + b"]" * 1_000 + b"}", "nested_too_deeply"),
    "json 200,000 deep": (b"[" * 200_000 + b"]" * 200_000, "nested_too_deeply"),
    "json twice the same field": (b'{"type":"Snapshot","type":"Snapshot"}', "duplicate_field"),
    "yaml 1,000 deep": (b"type: Snapshot\na: " + b"[" * 1_000 + b"]" * 1_000, "nested_too_deeply"),
    "yaml laughs": (YAML_LAUGHS.encode(), "yaml_alias"),
    "yaml tag": (b"type: !!python/object/apply:os.system ['true']\n", "yaml_malformed"),
    "yaml twice the same field": (b"type: Snapshot\ntype: Snapshot\n", "duplicate_field"),
    "yaml broken": (b"type: [Snapshot\n", "yaml_malformed"),
    "xml laughs": (LAUGHS.encode(), "xml_hostile"),
    "json cut off": (b'{"type": "Snapshot", "version": "11.0b1', "json_malformed"),
    "xml 1,000 deep": (b"<blancco_data>" + b"<a>" * 1_000 + b"</a>" * 1_000 + b"</blancco_data>", "nested_too_deeply"),
    "xml external": (b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///x">]><blancco_data>&e;</blancco_data>', "xml_hostile"),
    "xml broken": (b"<blancco_data><a>", "xml_malformed"),
    "xml without erasures": (b"<blancco_data/>", "blancco_malformed"),
    "checklist of another version": (b'{"format":"filiere-checklist/9"}', "checklist_version"),
    "checklist without checks": (b'{"format":"filiere-checklist/1"}', "checklist_malformed"),
}  # fmt: skip  # one row per file


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_with_its_code_and_a_sentence(name: str) -> None:
    content, code = HOSTILE[name]
    with pytest.raises(Invalid) as refusal:
        read_evidence(content, timezone="Europe/Paris")
    assert refusal.value.code == code
    assert refusal.value.detail.endswith(".")


def test_a_file_above_20_megabytes_is_refused_by_its_size() -> None:
    with pytest.raises(TooLarge) as refusal:
        read_evidence(b"[" * (20 * 1024 * 1024 + 1), timezone="Europe/Paris")
    assert refusal.value.code == "file_too_large"


def test_a_time_zone_that_does_not_exist_is_refused() -> None:
    for name in ("Mars/Olympus", "", "../../etc/passwd", "Europe/Paris\0"):
        with pytest.raises(Invalid) as refusal:
            read_evidence(b"x", timezone=name)
        assert refusal.value.code == "unknown_timezone"


@pytest.mark.parametrize(
    "line",
    [
        "[2026/03/02 08:14:10]  notice: Found /dev/sda, " + ", 1 , " * 150,
        "[2026/03/02 08:14:10]  notice: [SUCCESS] Verified that /dev/sda is " + "ones" * 200,
        "[2026/03/02 08:14:10] warning: " + "HIDDEN DETECTED " * 55,
        "[2026/03/02 08:14:10]  notice: " + "x" * 100_000,
        "   sda | Erased |" + "|" * 5_000,
    ],
)
def test_lines_made_to_slow_down_matching_are_read_to_their_end(line: str) -> None:
    content = (
        "[2026/03/02 08:14:10]  notice: Found /dev/sda, ATA, M, 1 GB, S/N=A1B2C3\n" + (line + "\n") * 200
    ).encode()
    try:
        evidence = read_evidence(content, timezone="UTC")
    except Refusal:
        return
    assert all(item.verdict != "pass" for item in evidence.items)


def test_random_damage_to_any_fixture_never_ends_in_anything_but_evidence_or_a_refusal() -> None:
    chance = random.Random(7)  # noqa: S311  # a seeded campaign, not a secret
    sources = [path.read_bytes() for path in sorted(FIXTURES.iterdir())]
    sources += [
        json.dumps({"type": "Snapshot", "version": "11.0", "device": {}, "components": [{"actions": [{}]}]}).encode()
    ]
    for _number in range(600):
        content = bytearray(chance.choice(sources))
        for _damage in range(chance.randrange(1, 6)):
            place = chance.randrange(len(content))
            content[place : place + chance.randrange(3)] = bytes(
                chance.randrange(1, 256) for _byte in range(chance.randrange(3))
            )
        with contextlib.suppress(Refusal):
            read_evidence(bytes(content), timezone="UTC")
