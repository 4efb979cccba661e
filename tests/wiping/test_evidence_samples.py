"""Real output of real tools, file by file: what each may prove and what it may not. The files stay where they are."""

from pathlib import Path

import pytest

from reuse.errors import Refusal
from reuse.wiping.evidence import read_evidence

SAMPLES = Path(__file__).resolve().parents[2] / "../shared/samples"
pytestmark = [
    pytest.mark.samples,
    pytest.mark.skipif(not SAMPLES.is_dir(), reason="needs the samples of real tools in ../shared/samples"),
]

# file -> the code of its refusal, or (serial, verdict, reasons) per item
EXPECTED: dict[str, str | list[tuple[str | None, str, tuple[str, ...]]]] = {
    "ereuse/basic.snapshot.badly_formed.yaml": "snapshot_malformed",
    "ereuse/complete.export.snapshot.json": [
        ("E2024242CV86HJ", "pass", ("not_verified",)),
        ("WD-WX11A80W7430", "fail", ("errors_reported",)),
        ("WD-WX11A80W7430", "pass", ()),
    ],
    "ereuse/erase-sectors-2-hdd.snapshot.yaml": [
        ("WD-WCAV29008961", "pass", ("not_verified",)),
        ("WD-WCAV27984668", "pass", ("not_verified",)),
    ],
    "ereuse/erased-i5.snapshot.json": [("6RX7AWEZ", "pass", ())],
    "ereuse/example_wb11.json": [("WD-WX11A80W7430", "pass", ("not_verified",))],
    "ereuse/failed.snapshot.422.missing-chassis.yaml": "snapshot_malformed",
    "ereuse/hp_probook_450.json": [("S3P9A80F", "pass", ())],
    "ereuse/mobil.yaml": [],
    "ereuse/snapshot-workbench11.json": [],
    "ereuse/snapshot01.json": [(None, "unknown", ("no_identity", "inconsistent"))],
    "ereuse/snapshotErrors.json": [("WD-WCC2EFM32092", "unknown", ("tool_not_trusted",))],
    "ereuse/snapshot_workbench-script.json": [
        ("TW0XXM305508539G1361", "unknown", ("tool_not_trusted",)),
        ("S33HNX0J203755R", "unknown", ("tool_not_trusted",)),
    ],
    "hdparm/tinyapps_security-erase_session.txt": [(None, "unknown", ("no_identity", "state_not_shown"))],
    "nvme/nvme-cli-issue-3027_in-progress.txt": [(None, "unknown", ("no_identity", "still_running"))],
    "nvme/nvme-cli-issue-752_completed-0x101.txt": [(None, "unknown", ("no_identity",))],
    "nwipe/dodshort-verify-last.log": [(None, "unknown", ("no_identity",))],
    "nwipe/gutmann-aborted.log": [(None, "fail", ("aborted", "no_identity"))],
    "nwipe/issue-21_nwipe-0.1x_truncated-blanking.log": [
        (None, "unknown", ("no_identity", "tool_version_unknown", "truncated"))
    ],
    "nwipe/issue-414_nwipe-0.3x_refurbisher-laptop.log": [
        (None, "unknown", ("serial_redacted", "tool_version_unknown", "truncated"))
    ],
    "nwipe/issue-444_nwipe-0.34_three-drives_enumeration.log": [
        ("ZN15TA6Y", "fail", ("hidden_area", "tool_version_unknown", "truncated")),
        ("ZA20SSAR", "unknown", ("tool_version_unknown", "hidden_area", "truncated")),
        ("Z1Z7NVF7", "unknown", ("tool_version_unknown", "hidden_area", "truncated")),
    ],
    "nwipe/issue-444_nwipe-0.34_three-drives_summary.log": [
        (None, "unknown", ("no_identity", "tool_version_unknown", "truncated")),
        (None, "unknown", ("no_identity", "tool_version_unknown", "truncated")),
        (None, "unknown", ("no_identity", "tool_version_unknown", "truncated")),
    ],
    "nwipe/pr-722_nwipe-0.41_write-error-reverse-wipe.log": [
        (None, "unknown", ("no_identity", "tool_version_unknown", "truncated", "errors_reported"))
    ],
    "nwipe/prng-verify-all-blank_two-drives.log": [
        (None, "unknown", ("no_identity",)),
        (None, "unknown", ("no_identity",)),
    ],
    "nwipe/verify-zero-only.log": [(None, "unknown", ("no_identity", "verify_only"))],
    "nwipe/zero-not-verified.log": [(None, "unknown", ("no_identity", "not_verified"))],
    "virtual-machines/vm01-lenovo-t480-nvme/nwipe.log": [("S444NX0K512345", "pass", ())],
    "virtual-machines/vm01-lenovo-t480-nvme/nwipe.stdout": [("S444NX0K512345", "pass", ())],
    "virtual-machines/vm02-dell-latitude-7490/nwipe.log": [("S3YANB0K312345", "pass", ())],
    "virtual-machines/vm02-dell-latitude-7490/nwipe.stdout": [("S3YANB0K312345", "pass", ())],
    "virtual-machines/vm03-hp-prodesk-600-g3/nwipe.log": [
        ("WD-WCC6Y5KJ1234", "pass", ()),
        ("50026B7782D01234", "pass", ()),
    ],
    "virtual-machines/vm03-hp-prodesk-600-g3/nwipe.stdout": [
        ("WD-WCC6Y5KJ1234", "pass", ()),
        ("50026B7782D01234", "pass", ()),
    ],
    "virtual-machines/vm04-oem-placeholders-ide/nwipe-sdb-default-serial.log": [("9VMXYZ12", "pass", ())],
    "virtual-machines/vm04-oem-placeholders-ide/nwipe-sdb-default-serial.stdout": [("9VMXYZ12", "pass", ())],
    "virtual-machines/vm04-oem-placeholders-ide/nwipe.log": [("QM00003", "unknown", ("not_verified",))],
    "virtual-machines/vm04-oem-placeholders-ide/nwipe.stdout": [("QM00003", "unknown", ("not_verified",))],
    "virtual-machines/vm05-fujitsu-aborted/nwipe-killed.log": [("Z3TBK1234", "unknown", ("truncated",))],
    "virtual-machines/vm05-fujitsu-aborted/nwipe-killed.stdout": [],
    "virtual-machines/vm05-fujitsu-aborted/nwipe-repeat.log": [("17290A1B2C3D", "pass", ())],
    "virtual-machines/vm05-fujitsu-aborted/nwipe-repeat.stdout": [("17290A1B2C3D", "pass", ())],
    "virtual-machines/vm05-fujitsu-aborted/nwipe-usr1-term.log": [("Z3TBK1234", "fail", ("aborted",))],
    "virtual-machines/vm05-fujitsu-aborted/nwipe-usr1-term.stdout": [("Z3TBK1234", "fail", ("aborted",))],
    "virtual-machines/vm05-fujitsu-aborted/nwipe.log": [
        ("Z3TBK1234", "fail", ("aborted",)),
        ("17290A1B2C3D", "pass", ()),
    ],
    "virtual-machines/vm05-fujitsu-aborted/nwipe.stdout": [
        ("Z3TBK1234", "fail", ("aborted",)),
        ("17290A1B2C3D", "pass", ()),
    ],
    "virtual-machines/vm06-acer-io-errors/nwipe-sda-prng.log": [("WD-WMC2E0123456", "fail", ("errors_reported",))],
    "virtual-machines/vm06-acer-io-errors/nwipe-sda-prng.stdout": [("WD-WMC2E0123456", "fail", ("errors_reported",))],
    "virtual-machines/vm06-acer-io-errors/nwipe-sdb-dodshort.log": [("TF655AWH1ABCDE", "pass", ())],
    "virtual-machines/vm06-acer-io-errors/nwipe-sdb-dodshort.stdout": [("TF655AWH1ABCDE", "pass", ())],
    "virtual-machines/vm06-acer-io-errors/nwipe-thrash.log": [
        ("WD-WMC2E0123456", "fail", ("errors_reported",)),
        ("TF655AWH1ABCDE", "fail", ("errors_reported",)),
        ("JP2940J81ABCDE", "fail", ("errors_reported",)),
        ("AA000000000000012345", "pass", ()),
    ],
    "virtual-machines/vm06-acer-io-errors/nwipe-thrash.stdout": [
        ("WD-WMC2E0123456", "fail", ("errors_reported",)),
        ("TF655AWH1ABCDE", "fail", ("errors_reported",)),
        ("JP2940J81ABCDE", "fail", ("errors_reported",)),
        ("AA000000000000012345", "pass", ()),
    ],
    "virtual-machines/vm06-acer-io-errors/nwipe-verify_zero-thrash.log": [
        ("TF655AWH1ABCDE", "fail", ("errors_reported", "verify_only"))
    ],
    "virtual-machines/vm06-acer-io-errors/nwipe-verify_zero-thrash.stdout": [
        ("TF655AWH1ABCDE", "fail", ("errors_reported", "verify_only"))
    ],
    "virtual-machines/vm06-acer-io-errors/nwipe.log": [
        ("WD-WMC2E0123456", "fail", ("errors_reported",)),
        ("TF655AWH1ABCDE", "pass", ()),
        ("JP2940J81ABCDE", "fail", ("errors_reported",)),
        ("AA000000000000012345", "pass", ()),
    ],
    "virtual-machines/vm06-acer-io-errors/nwipe.stdout": [
        ("WD-WMC2E0123456", "fail", ("errors_reported",)),
        ("TF655AWH1ABCDE", "pass", ()),
        ("JP2940J81ABCDE", "fail", ("errors_reported",)),
        ("AA000000000000012345", "pass", ()),
    ],
    "virtual-machines/vm08-dell-optiplex-redacted/nwipe-plain.log": [
        ("S314J90G612345", "pass", ()),
        ("28FB81XXK3QP", "pass", ()),
    ],
    "virtual-machines/vm08-dell-optiplex-redacted/nwipe-plain.stdout": [
        ("S314J90G612345", "pass", ()),
        ("28FB81XXK3QP", "pass", ()),
    ],
    "virtual-machines/vm08-dell-optiplex-redacted/nwipe-q.log": [
        (None, "unknown", ("serial_redacted",)),
        (None, "unknown", ("serial_redacted",)),
    ],
    "virtual-machines/vm08-dell-optiplex-redacted/nwipe-q.stdout": [
        (None, "unknown", ("serial_redacted",)),
        (None, "unknown", ("serial_redacted",)),
    ],
}


def listed() -> set[str]:
    folders = (
        "nwipe/*",
        "nvme/*",
        "hdparm/*",
        "ereuse/*",
        "virtual-machines/*/nwipe*.log",
        "virtual-machines/*/nwipe*.stdout",
    )
    return {str(path.relative_to(SAMPLES)) for folder in folders for path in SAMPLES.glob(folder)}


@pytest.mark.parametrize("name", EXPECTED)
def test_each_sample_proves_what_the_table_says_and_no_more(name: str) -> None:
    expected = EXPECTED[name]
    content = (SAMPLES / name).read_bytes()
    if isinstance(expected, str):
        with pytest.raises(Refusal) as refusal:
            read_evidence(content, timezone="UTC")
        assert refusal.value.code == expected
    else:
        items = read_evidence(content, timezone="UTC").items
        assert [(item.serial, item.verdict, item.reasons) for item in items] == expected


def test_no_sample_is_forgotten() -> None:
    assert listed() == set(EXPECTED)


def test_a_terminal_copy_of_a_run_says_the_same_as_its_log_file() -> None:
    for name, expected in EXPECTED.items():
        copy = name.replace(".log", ".stdout")
        if name.endswith(".log") and copy in EXPECTED and "killed" not in name:
            assert EXPECTED[copy] == expected


def test_no_sample_without_a_serial_passes() -> None:
    for expected in EXPECTED.values():
        for serial, verdict, _reasons in expected if isinstance(expected, list) else []:
            assert serial is not None or verdict != "pass"
