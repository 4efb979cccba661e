"""Good snapshots, checklists, sanitize logs and sessions, altered leaf by leaf and line by line: no false pass.

A mutant that still passes for the same serial must have been altered where no verdict looks, or show the alteration
among its facts (another time, another technique): those are what a certificate prints.
"""

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from reuse.errors import Refusal
from reuse.wiping.evidence import EvidenceItem, read_evidence

SNAPSHOT: dict[str, Any] = {
    "type": "Snapshot", "version": "11.0b11", "software": "Workbench", "uuid": "c058e8d2-fb92-47cb-a4b7-522b75561135",
    "device": {"type": "Laptop", "chassis": "Netbook", "serialNumber": "CND4286ZJ2", "actions": []},
    "components": [{
        "type": "HardDrive", "serialNumber": "S3P9A80F", "model": "ST500LT012-1DG14", "manufacturer": "Seagate",
        "actions": [{
            "type": "EraseSectors", "severity": "Info",
            "startTime": "2022-01-13T09:34:39+00:00", "endTime": "2022-01-13T14:13:09+00:00",
            "steps": [{"type": "StepZero", "severity": "Info",
                       "startTime": "2022-01-13T09:34:40+00:00", "endTime": "2022-01-13T14:13:08+00:00"}],
        }],
    }],
}  # fmt: skip  # a snapshot as Workbench writes it
CHECKLIST: dict[str, Any] = {
    "format": "filiere-checklist/1", "imei": "356938035643809", "operator": "Atelier P12", "witness": "Atelier P7",
    "checks": {"account_locks_off": True, "sim_removed": True, "sd_removed": True,
               "factory_reset_seen": True, "start_screen_seen": True},
    "started_at": "2026-03-02T10:00:00", "ended_at": "2026-03-02T10:20:00",
}  # fmt: skip  # one checklist
DAMAGE: tuple[object, ...] = (
    None, "", "Error", "Warning", "error", "info", "Info ", "X", "false", "None", 0, 1, -1, 1e400, True, False, [], {},
    ["Info"], {"Info": True}, "2021-01-01T00:00:00+00:00", "2035-01-01T00:00:00+00:00", "2022-13-45", "EraseNothing",
)  # fmt: skip  # what may stand where something else stood
SESSION = """# hdparm -I /dev/sda

/dev/sda:

ATA device, with non-removable media
\tModel Number:       SAMSUNG SSD PM871b
\tSerial Number:      S3YANB0K312345
Security:
\tMaster password revision code = 65534
\t\tsupported
\t\tenabled
# hdparm --user-master u --security-erase-enhanced p /dev/sda
security_password="p"

/dev/sda:
 Issuing SECURITY_ERASE command, password="p", user=user
# hdparm -I /dev/sda

/dev/sda:

ATA device, with non-removable media
\tModel Number:       SAMSUNG SSD PM871b
\tSerial Number:      S3YANB0K312345
Security:
\tMaster password revision code = 65534
\t\tsupported
\tnot\tenabled
"""
LOG = """# nvme id-ctrl /dev/nvme0
NVME Identify Controller:
sn        : S444NX0K512345
mn        : QEMU NVMe Ctrl
# nvme sanitize-log /dev/nvme0
Sanitize Progress                      (SPROG) :  65535
Sanitize Status                        (SSTAT) :  0x101
Sanitize Command Dword 10 Information (SCDW10) :  0x4
"""


def passes(content: str) -> list[EvidenceItem]:
    """Items that pass with a serial; a refused file passes nothing."""
    try:
        evidence = read_evidence(content.encode(), timezone="UTC")
    except Refusal:
        return []
    return [item for item in evidence.items if item.verdict == "pass" and item.serial]


def facts(item: EvidenceItem) -> tuple[object, ...]:
    """What a certificate says of the erasure."""
    return (item.serial, item.method, item.technique, item.verification, item.started_at, item.ended_at, item.rounds)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:  # any JSON value
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield (*path, key)
        yield from leaves(part, (*path, key))


def mutants(whole: dict[str, Any]) -> Iterator[tuple[tuple[Any, ...], object, str]]:
    """Every leaf and branch replaced by every damage, taken away, and every list's part repeated."""
    for path in list(leaves(whole)):
        for damage in (*DAMAGE, "taken away"):
            mutant = copy.deepcopy(whole)
            holder = mutant
            for key in path[:-1]:
                holder = holder[key]
            if damage == "taken away":
                del holder[path[-1]]
            else:
                holder[path[-1]] = damage
            yield path, damage, json.dumps(mutant)


SNAPSHOT_NAMES = {"uuid", "model", "manufacturer", "device", "chassis", "software", "version"}
"""Where no verdict looks; `version` is looked at, but any that the trust table believes will do."""


def unseen(whole: dict[str, Any], names: set[str]) -> list[tuple[tuple[Any, ...], object]]:
    """Alterations of a good document, outside these names, that leave it passing with all its facts as they were."""
    (good,) = passes(json.dumps(whole))
    return [
        (path, damage)
        for path, damage, mutant in mutants(whole)
        for item in passes(mutant)
        if facts(item) == facts(good) and not names & set(path) and damage != value_at(whole, path)
    ]


def value_at(whole: Any, path: tuple[Any, ...]) -> object:  # any JSON value
    for key in path:
        whole = whole[key]
    return whole


def test_no_leaf_of_a_snapshot_that_matters_can_be_altered_unseen() -> None:
    kind = ("components", 0, "type")  # the capture tells the kind of a medium, not the report
    assert [one for one in unseen(SNAPSHOT, SNAPSHOT_NAMES) if one[0] != kind] == []


def test_no_leaf_of_a_checklist_can_be_altered_unseen() -> None:
    other = {"operator", "witness"}  # another name is another person, as long as there are two
    assert unseen(CHECKLIST, other) == []
    for role in other:
        for damage in (None, "", 0, True, [], {}, "X", CHECKLIST["operator"], CHECKLIST["witness"].lower()):
            mutant = CHECKLIST | {role: damage}
            assert passes(json.dumps(mutant)) == [] or mutant["operator"] != mutant["witness"]


@pytest.mark.parametrize("whole", [SNAPSHOT, CHECKLIST])
def test_a_document_cut_off_anywhere_passes_nothing(whole: dict[str, Any]) -> None:
    text = json.dumps(whole)
    assert [place for place in range(len(text)) if passes(text[:place])] == []


HARMLESS = re.compile(
    r"\s*|ATA device.*|\tModel.*|\tMaster.*|\t\tsupported|security_password.*|mn .*|NVME.*|/dev/sda:"
    r"|.*SPROG.*|.*SCDW10.*"
)


@pytest.mark.parametrize("text", [SESSION, LOG])
def test_no_line_of_a_terminal_session_that_matters_can_be_left_out(text: str) -> None:
    assert passes(text)
    lines = text.splitlines()
    kept = [
        line
        for place, line in enumerate(lines)
        if passes("\n".join(lines[:place] + lines[place + 1 :])) and not HARMLESS.fullmatch(line)
    ]
    # Said twice, or told by the lines around: the serial of one of two dumps, and the commands before the outputs.
    assert all("Serial Number" in line or line.startswith("# ") for line in kept)


@pytest.mark.parametrize("text", [SESSION, LOG])
def test_a_terminal_session_cut_off_passes_only_once_its_proof_is_there(text: str) -> None:
    proof = text.rindex("\tnot\tenabled") + len("\tnot\tenabled") if "hdparm" in text else text.index("0x101") + 3
    assert [place for place in range(proof) if passes(text[:place])] == []


@pytest.mark.parametrize("status", [number for number in range(0x200) if number & 7 not in {1, 4}])
def test_no_other_sanitize_status_than_success_passes(status: int) -> None:
    assert passes(LOG.replace("0x101", hex(status))) == []
