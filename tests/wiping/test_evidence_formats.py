"""The other tools' reports: NVMe sanitize logs, hdparm sessions, eReuse snapshots, Blancco XML, checklists."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reuse.errors import Invalid, UnknownFormat
from reuse.wiping.evidence import Evidence, EvidenceItem, read_evidence

FIXTURES = Path(__file__).parent / "fixtures"


def read(content: str | bytes | object, timezone: str = "Europe/Paris") -> Evidence:
    data = content if isinstance(content, str | bytes) else json.dumps(content)
    return read_evidence(data.encode() if isinstance(data, str) else data, timezone=timezone)


def only(content: str | bytes | object) -> EvidenceItem:
    (item,) = read(content).items
    return item


# NVMe ---------------------------------------------------------------------------------------------------------------

ID_CTRL = json.loads((FIXTURES / "vm01-nvme-id-ctrl.json").read_text())
SMARTCTL = json.loads((FIXTURES / "vm01-smartctl-nvme0.json").read_text())


def sanitize_log(status: str, progress: int = 65535, action: str = "0x4", device: str = "nvme0") -> str:
    return (
        f"# nvme sanitize-log /dev/{device}\nSanitize Progress                      (SPROG) :  {progress}\n"
        f"Sanitize Status                        (SSTAT) :  {status}\n"
        f"Sanitize Command Dword 10 Information (SCDW10) :  {action}\n"
    )


IDENTITY = (
    "# nvme id-ctrl /dev/nvme0\nNVME Identify Controller:\n"
    "sn        : S444NX0K512345      \nmn        : QEMU NVMe Ctrl\n"
)


@pytest.mark.parametrize(
    ("status", "progress", "verdict", "reasons"),
    [
        ("0x101", 65535, "pass", ()),
        ("0x1", 65535, "pass", ()),
        ("0x4", 65535, "pass", ()),
        ("0x2", 655, "unknown", ("still_running",)),
        ("0x3", 65535, "fail", ("sanitize_failed",)),
        ("0x0", 65535, "unknown", ("never_sanitized",)),
        ("0x101", 655, "unknown", ("inconsistent",)),
        ("0x7", 65535, "unknown", ("state_not_shown",)),
    ],
)
def test_a_sanitize_log_with_its_identity_is_decoded_by_its_status_bits(
    status: str, progress: int, verdict: str, reasons: tuple[str, ...]
) -> None:
    item = only(IDENTITY + sanitize_log(status, progress))
    assert (item.serial, item.verdict, item.reasons) == ("S444NX0K512345", verdict, reasons)


def test_a_sanitize_log_names_its_action_and_is_a_purge() -> None:
    item = only(IDENTITY + sanitize_log("0x101", action="0x2"))
    assert (item.method, item.technique, item.kind) == ("purge", "NVMe Sanitize Block Erase", "ssd_nvme")
    assert only(IDENTITY + sanitize_log("0x101", action="0x1")).reasons == ("method_unknown",)


def test_a_sanitize_log_without_the_identity_of_its_own_drive_proves_nothing() -> None:
    assert only(sanitize_log("0x101")).reasons == ("no_identity",)
    other = IDENTITY.replace("/dev/nvme0", "/dev/nvme1")
    assert (only(other + sanitize_log("0x101")).serial, only(other + sanitize_log("0x101")).verdict) == (
        None,
        "unknown",
    )


def test_two_drives_in_one_session_are_paired_by_their_commands() -> None:
    second = IDENTITY.replace("nvme0", "nvme1").replace("S444NX0K512345", "SECOND99")
    items = read(IDENTITY + second + sanitize_log("0x101") + sanitize_log("0x3", device="nvme1n1")).items
    assert [(item.serial, item.verdict) for item in items] == [("S444NX0K512345", "pass"), ("SECOND99", "fail")]


def test_two_identities_without_names_beside_one_log_prove_nothing() -> None:
    second = ID_CTRL | {"sn": "SECOND99"}
    item = only([ID_CTRL, second, {"nvme0": {"sprog": 65535, "sstat": 257, "cdw10_info": 4}}])
    assert (item.serial, item.reasons) == (None, ("no_identity",))


@pytest.mark.parametrize(
    "status",
    [
        257,
        "0x101",
        {"global_erased": 1, "no_cmplted_passes": 0, "status": "(1) Most Recent Sanitize Command Completed"},
    ],
)
def test_a_json_sanitize_log_is_read_in_each_spelling_of_its_status(status: object) -> None:
    content = json.dumps({"nvme0": {"sprog": 65535, "sstat": status, "cdw10_info": 4}}) + "\n" + json.dumps(SMARTCTL)
    item = only(content)
    assert (item.serial, item.verdict) == ("S444NX0K512345", "pass")
    assert item.ended_at == datetime(2026, 3, 2, 8, 14, 10, tzinfo=UTC)


def test_a_sanitize_after_which_something_was_written_gets_no_time_from_the_clock_of_smartctl() -> None:
    content = json.dumps([{"nvme0": {"sprog": 65535, "sstat": 1, "cdw10_info": 4}}, SMARTCTL])
    assert only(content).ended_at is None


# hdparm -------------------------------------------------------------------------------------------------------------

DUMP = (FIXTURES / "vm02-hdparm-I-sda.txt").read_text()


def security(*, enabled: bool) -> str:
    state = "\t\tenabled" if enabled else "\tnot\tenabled"
    section = f"Security: \n\tMaster password revision code = 65534\n\t\tsupported\n{state}\n\tnot\tlocked\n"
    return f"# hdparm -I /dev/sda\n{DUMP}{section}"


ERASE = (
    '# hdparm --user-master u --security-erase-enhanced p /dev/sda\nsecurity_password="p"\n\n/dev/sda:\n'
    ' Issuing SECURITY_ERASE command, password="p", user=user\n'
)


def test_an_hdparm_session_that_shows_enabled_erased_not_enabled_is_a_pass() -> None:
    item = only(security(enabled=True) + ERASE + security(enabled=False))
    assert (item.serial, item.verdict, item.method) == ("S3YANB0K312345", "pass", "purge")
    assert (item.kind, item.verification) == ("ssd_sata", "declared")


def test_a_security_erase_that_is_not_enhanced_is_only_a_clear() -> None:
    plain = ERASE.replace("-enhanced", "")
    assert only(security(enabled=True) + plain + security(enabled=False)).method == "clear"


@pytest.mark.parametrize(
    ("session", "reason"),
    [
        (security(enabled=True) + ERASE, "state_not_shown"),
        (ERASE + security(enabled=False), "state_not_shown"),
        (security(enabled=False) + ERASE + security(enabled=False), "state_not_shown"),
        (security(enabled=True) + security(enabled=False), "state_not_shown"),
        (
            security(enabled=True) + ERASE + "SG_IO: bad/missing sense data, sb[]:  70 00\n" + security(enabled=False),
            "drive_refused",
        ),
        (security(enabled=True) + ERASE + security(enabled=False) + security(enabled=True), "state_not_shown"),
        (
            security(enabled=True) + ERASE + security(enabled=False).replace("S3YANB0K312345", "OTHERDRIVE"),
            "inconsistent",
        ),
        (security(enabled=True).replace("sda", "sdb") + ERASE + security(enabled=False), "state_not_shown"),
    ],
)
def test_an_hdparm_session_with_a_gap_is_unknown(session: str, reason: str) -> None:
    items = read(session).items
    assert all(item.verdict == "unknown" for item in items)
    assert any(reason in item.reasons for item in items)


# eReuse -------------------------------------------------------------------------------------------------------------


def snapshot(
    version: str = "11.0b11", erasure: str = "EraseSectors", severity: str = "Info", step: str = "Info"
) -> dict[str, object]:
    return {
        "type": "Snapshot", "version": version, "software": "Workbench", "uuid": "c058e8d2-fb92-47cb-a4b7-522b75561135",
        "device": {"type": "Laptop", "chassis": "Netbook", "serialNumber": "CND4286ZJ2", "actions": []},
        "components": [{
            "type": "HardDrive", "serialNumber": "S3P9A80F", "model": "ST500LT012-1DG14", "manufacturer": "Seagate",
            "actions": [{
                "type": erasure, "severity": severity,
                "startTime": "2022-01-13T09:34:39+00:00", "endTime": "2022-01-13T14:13:09+00:00",
                "steps": [{"type": "StepZero", "severity": step,
                           "startTime": "2022-01-13T09:34:40+00:00", "endTime": "2022-01-13T14:13:08+00:00"}],
            }],
        }],
    }  # fmt: skip  # a snapshot as Workbench writes it


def test_a_workbench_erasure_by_sectors_is_a_pass_with_read_back() -> None:
    evidence = read(snapshot())
    (item,) = evidence.items
    assert (evidence.format, evidence.system_serial, evidence.timezone_assumed) == ("ereuse_v11", "CND4286ZJ2", False)
    assert (item.serial, item.verdict, item.verification, item.kind, item.method) == (
        "S3P9A80F",
        "pass",
        "last",
        "hdd",
        "clear",
    )
    assert item.ended_at == datetime(2022, 1, 13, 14, 13, 9, tzinfo=UTC)


def test_a_basic_workbench_erasure_is_a_pass_that_says_it_was_not_read_back() -> None:
    item = only(snapshot(erasure="EraseBasic"))
    assert (item.verdict, item.verification, item.reasons) == ("pass", "none", ("not_verified",))


@pytest.mark.parametrize(
    ("severity", "step", "verdict"),
    [
        ("Error", "Info", "fail"),
        ("Info", "Error", "fail"),
        ("Warning", "Info", "unknown"),
        ("Info", "Warning", "unknown"),
    ],
)
def test_a_workbench_erasure_is_judged_by_itself_and_by_each_step(severity: str, step: str, verdict: str) -> None:
    assert only(snapshot(severity=severity, step=step)).verdict == verdict


def test_a_workbench_version_outside_the_trust_table_is_unknown() -> None:
    assert only(snapshot(version="12.0b0")).reasons == ("tool_not_trusted",)


def test_an_erasure_that_ends_before_it_starts_is_inconsistent() -> None:
    content = json.dumps(snapshot()).replace("2022-01-13T14:13:09", "2022-01-13T08:13:09")
    assert only(content).reasons == ("inconsistent",)


def test_an_old_snapshot_tells_success_and_naive_times() -> None:
    content = {
        "@type": "devices:Snapshot", "version": "10.0b1", "snapshotSoftware": "Workbench",
        "device": {"@type": "Computer"},
        "components": [{"@type": "HardDrive", "serialNumber": "6RX7AWEZ", "erasure": {
            "@type": "EraseSectors", "success": True,
            "startingTime": "2018-02-07T09:39:57", "endingTime": "2018-02-07T11:51:46",
            "steps": [{"@type": "Random", "success": True,
                       "startingTime": "2018-02-07T09:39:57", "endingTime": "2018-02-07T11:51:46"}],
        }}],
    }  # fmt: skip  # a snapshot as Workbench 10 writes it
    evidence = read(content)
    assert (evidence.format, evidence.timezone_assumed, evidence.items[0].verdict) == ("ereuse_v10", True, "pass")
    assert evidence.items[0].ended_at == datetime(2018, 2, 7, 10, 51, 46, tzinfo=UTC)
    failed = json.dumps(content).replace('"success": true', '"success": false')
    assert only(failed).verdict == "fail"


def test_a_workbench_script_snapshot_is_never_proof() -> None:
    disks = json.dumps(
        [{"serial_number": "S33HNX0J203755R", "model_name": "Samsung SSD 850", "device": {"name": "/dev/sda"}}]
    )
    content = {"type": "Snapshot", "software": "workbench-script", "version": "0.0.1", "data": {"smartctl": disks},
               "erase": [{"type": "EraseBasic", "severity": "Info"}]}  # fmt: skip
    item = only(content)
    assert (item.serial, item.verdict, item.reasons) == ("S33HNX0J203755R", "unknown", ("tool_not_trusted",))


def test_a_yaml_snapshot_is_read_like_a_json_one() -> None:
    content = """
type: Snapshot
version: '11.0b9'
software: Workbench
device: {type: Desktop, chassis: Microtower, serialNumber: d1s}
components:
  - type: SolidStateDrive
    serialNumber: S3P9A80F
    actions:
      - type: EraseSectors
        severity: Info
        startTime: 2022-01-13T09:34:39+00:00
        endTime: 2022-01-13T14:13:09+00:00
        steps:
          - {type: StepZero, severity: Info, startTime: 2022-01-13T09:34:39Z, endTime: 2022-01-13T14:13:09Z}
"""
    assert (only(content).verdict, only(content).kind) == ("pass", "ssd_sata")


@pytest.mark.parametrize(
    "change",
    [
        ('"11.0b11"', "11.0"),
        ('"Netbook"', '"Notebook"'),
        ('"EraseSectors"', '"EraseSectorz"'),
        ('"components": [', '"x": 1, "components": 7, "y": ['),
    ],
)
def test_a_badly_formed_snapshot_is_refused(change: tuple[str, str]) -> None:
    content = json.dumps(snapshot())
    assert change[0] in content
    with pytest.raises(Invalid) as refusal:
        read(content.replace(*change))
    assert refusal.value.code == "snapshot_malformed"


# Blancco ------------------------------------------------------------------------------------------------------------

BLANCCO = """<?xml version="1.0" encoding="UTF-8"?>
<root><report><blancco_data><description><document_id>2ff1-77</document_id><document_log><log_entry><author>
<product_version>6.12.1</product_version></author></log_entry></document_log></description>
<blancco_hardware_report>
<entries name="system"><entry name="serial" type="string">5CG7382XYZ</entry></entries></blancco_hardware_report>
<blancco_erasure_report><entries name="erasures"><entries name="erasure">
<entry name="state" type="string">Successful</entry>
<entry name="erasure_standard_name" type="string">NIST 800-88 Purge - ATA</entry>
<entry name="firmware_rounds" type="uint">1</entry><entry name="total_erasure_rounds" type="uint">1</entry>
<entry name="failed_sectors" type="uint">0</entry>
<entry name="start_time" type="string">2026-03-02T08:00:00+0100</entry>
<entry name="end_time" type="string">2026-03-02T09:30:00+0100</entry>
<entries name="target"><entry name="serial" type="string">Z3TBK1234</entry>
<entry name="capacity" type="uint">500107862016</entry>
<entry name="vendor" type="string">Seagate</entry><entry name="model" type="string">ST500DM002</entry>
<entry name="type" type="string">HDD</entry></entries>
</entries></entries></blancco_erasure_report></blancco_data></report></root>"""


def test_a_blancco_report_is_read_and_says_that_its_signature_is_not_checked() -> None:
    evidence = read(BLANCCO)
    (item,) = evidence.items
    assert (evidence.format, evidence.system_serial) == ("blancco_xml", "5CG7382XYZ")
    assert "vendor_signature_not_checked" in evidence.warnings
    assert (item.serial, item.verdict, item.method, item.kind) == ("Z3TBK1234", "pass", "purge", "hdd")
    assert (item.manufacturer, item.size_bytes, item.tool_version) == ("Seagate", 500_107_862_016, "6.12.1")
    assert item.technique == "NIST 800-88 Purge - ATA, document 2ff1-77"
    assert item.reasons == ("vendor_signature_not_checked",)
    assert item.ended_at == datetime(2026, 3, 2, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        (">Successful<", ">Failed<", "fail"),
        (">Successful<", ">Unsuccessful<", "fail"),
        (">Successful<", ">Cancelled<", "fail"),
        (">Successful<", ">Successful with warnings<", "unknown"),
        (">Successful<", "><", "unknown"),
        ('uint">0<', 'uint">3<', "unknown"),
        (">Z3TBK1234<", "><", "unknown"),
        (
            '<entry name="state" type="string">Successful</entry>',
            '<entry name="state">Successful</entry><entry name="state">Failed</entry>',
            "unknown",
        ),
    ],
)
def test_a_blancco_report_that_is_not_plainly_successful_is_no_pass(before: str, after: str, verdict: str) -> None:
    assert only(BLANCCO.replace(before, after)).verdict == verdict


# Checklist ----------------------------------------------------------------------------------------------------------

CHECKLIST = {
    "format": "filiere-checklist/1", "imei": "356938035643809", "operator": "Atelier P12", "witness": "Atelier P7",
    "checks": {"account_locks_off": True, "sim_removed": True, "sd_removed": True,
               "factory_reset_seen": True, "start_screen_seen": True},
    "started_at": "2026-03-02T10:00:00", "ended_at": "2026-03-02T10:20:00",
}  # fmt: skip  # one checklist


def test_a_witnessed_checklist_passes_a_phone_as_declared() -> None:
    evidence = read(CHECKLIST)
    (item,) = evidence.items
    assert (evidence.format, evidence.timezone_assumed) == ("checklist", True)
    assert (item.serial, item.kind, item.verdict, item.method) == ("356938035643809", "phone", "pass", "purge")
    assert (item.verification, item.reasons) == ("declared", ())
    assert item.ended_at == datetime(2026, 3, 2, 9, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("change", "verdict", "reason"),
    [
        ({"witness": " atelier p12"}, "unknown", "one_person"),
        ({"witness": None}, "unknown", "one_person"),
        ({"imei": "000000000000000"}, "unknown", "no_identity"),
        ({"checks": {**CHECKLIST["checks"], "sim_removed": False}}, "fail", "check_failed"),
        ({"checks": {**CHECKLIST["checks"], "sim_removed": "yes"}}, "unknown", "check_missing"),
        ({"checks": {"sim_removed": True}}, "unknown", "check_missing"),
        ({"ended_at": None}, "unknown", "time_unknown"),
        ({"ended_at": "2026-03-02T09:00:00"}, "unknown", "inconsistent"),
    ],
)  # fmt: skip  # one row per gap
def test_a_checklist_with_a_gap_is_no_pass(change: dict[str, object], verdict: str, reason: str) -> None:
    item = only(CHECKLIST | change)
    assert (item.verdict, item.reasons) == (verdict, (reason,))


# What proves nothing alone ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line", ["Success formatting namespace:1\n", "/dev/sda: Discarded 50331648 bytes from the offset 0\n"]
)
def test_a_lone_line_of_success_is_kept_and_proves_nothing(line: str) -> None:
    item = only(line)
    assert (item.serial, item.verdict, item.reasons) == (None, "unknown", ("no_identity", "no_proof"))


def test_a_pdf_alone_never_proves() -> None:
    with pytest.raises(UnknownFormat) as refusal:
        read(b"%PDF-1.7\n...")
    assert refusal.value.code == "pdf_not_evidence"


def test_a_file_of_no_known_tool_is_refused_by_its_content() -> None:
    for content in ("hello", "{}", "[]", '{"type": "Snapshoot"}', "<html/>", "a,b\n1,2\n"):
        with pytest.raises(UnknownFormat):
            read(content)
