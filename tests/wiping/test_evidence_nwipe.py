"""nwipe's logs, trap by trap. The fixtures are real output from machines emulated by QEMU."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from reuse.wiping.evidence import EvidenceItem, read_evidence

FIXTURES = Path(__file__).parent / "fixtures"

EXPECTED = {
    "vm01-nwipe.log": [("S444NX0K512345", "pass", "last", ())],
    "vm02-nwipe.log": [("S3YANB0K312345", "pass", "all", ())],
    "vm03-nwipe.log": [("WD-WCC6Y5KJ1234", "pass", "last", ()), ("50026B7782D01234", "pass", "last", ())],
    "vm04-nwipe.log": [("QM00003", "unknown", "none", ("not_verified",))],
    "vm04-nwipe-sdb-default-serial.log": [("9VMXYZ12", "pass", "last", ())],
    "vm05-nwipe.log": [("Z3TBK1234", "fail", "none", ("aborted",)), ("17290A1B2C3D", "pass", "last", ())],
    "vm05-nwipe-killed.log": [("Z3TBK1234", "unknown", "none", ("truncated",))],
    "vm05-nwipe-usr1-term.log": [("Z3TBK1234", "fail", "none", ("aborted",))],
    "vm05-nwipe-repeat.log": [("17290A1B2C3D", "pass", "last", ())],
    "vm06-nwipe.log": [
        ("WD-WMC2E0123456", "fail", "none", ("errors_reported",)),
        ("TF655AWH1ABCDE", "pass", "last", ()),
        ("JP2940J81ABCDE", "fail", "none", ("errors_reported",)),
        ("AA000000000000012345", "pass", "last", ()),
    ],
    "vm06-nwipe-sda-prng.log": [("WD-WMC2E0123456", "fail", "none", ("errors_reported",))],
    "vm06-nwipe-sdb-dodshort.log": [("TF655AWH1ABCDE", "pass", "all", ())],
    "vm06-nwipe-thrash.log": [
        ("WD-WMC2E0123456", "fail", "none", ("errors_reported",)),
        ("TF655AWH1ABCDE", "fail", "none", ("errors_reported",)),
        ("JP2940J81ABCDE", "fail", "none", ("errors_reported",)),
        ("AA000000000000012345", "pass", "all", ()),
    ],
    "vm06-nwipe-verify_zero-thrash.log": [("TF655AWH1ABCDE", "fail", "none", ("errors_reported", "verify_only"))],
    "vm08-nwipe-plain.log": [("S314J90G612345", "pass", "last", ()), ("28FB81XXK3QP", "pass", "last", ())],
    "vm08-nwipe-q.log": [
        (None, "unknown", "last", ("serial_redacted",)),
        (None, "unknown", "last", ("serial_redacted",)),
    ],
}


def items_of(content: bytes | str, timezone: str = "UTC") -> tuple[EvidenceItem, ...]:
    return read_evidence(content if isinstance(content, bytes) else content.encode(), timezone=timezone).items


def log(name: str) -> str:
    return (FIXTURES / name).read_text("latin-1")


def only(content: str) -> EvidenceItem:
    (item,) = items_of(content.encode("latin-1"))
    return item


@pytest.mark.parametrize("name", EXPECTED)
def test_each_log_from_the_emulated_machines_gets_its_verdicts(name: str) -> None:
    items = items_of((FIXTURES / name).read_bytes())
    assert [(item.serial, item.verdict, item.verification, item.reasons) for item in items] == EXPECTED[name]


def test_every_nwipe_fixture_is_in_the_table() -> None:
    assert {path.name for path in FIXTURES.glob("*nwipe*.log")} == set(EXPECTED)


def test_an_item_tells_method_technique_tool_size_kind_and_times() -> None:
    item = only(log("vm02-nwipe.log"))
    assert (item.method, item.technique) == ("clear", "PRNG Stream, 1 round, final blank")
    assert (item.tool, item.tool_version, item.rounds, item.device) == ("nwipe", "0.38", 1, "/dev/sda")
    assert (item.size_bytes, item.kind, item.model) == (50_331_648, "ssd_sata", "SAMSUNG SSD PM87")
    assert item.started_at == datetime(2026, 3, 2, 9, 2, 10, tzinfo=UTC)
    assert item.ended_at == datetime(2026, 3, 2, 9, 2, 12, tzinfo=UTC)


def test_times_are_read_in_the_zone_given_and_the_assumption_is_said() -> None:
    evidence = read_evidence((FIXTURES / "vm02-nwipe.log").read_bytes(), timezone="Africa/Tunis")
    assert evidence.items[0].started_at == datetime(2026, 3, 2, 8, 2, 10, tzinfo=UTC)
    assert (evidence.timezone, evidence.timezone_assumed, evidence.format) == ("Africa/Tunis", True, "nwipe_log")


def test_the_machine_serial_is_read_but_never_a_placeholder() -> None:
    assert read_evidence((FIXTURES / "vm01-nwipe.log").read_bytes(), timezone="UTC").system_serial == "PF1A2B3C"
    assert read_evidence((FIXTURES / "vm04-nwipe.log").read_bytes(), timezone="UTC").system_serial is None


def test_the_letters_of_the_last_line_are_not_deeds_ops2_never_blanks_though_it_prints_b() -> None:
    text = log("vm08-nwipe-plain.log")
    assert "1R+B+VL" in text
    assert "Blanking" not in text
    assert {item.technique for item in items_of(text)} == {"RCMP TSSIT OPS-II, 1 round, final random pattern"}


def test_a_verify_only_run_is_no_erasure_even_when_nwipe_calls_it_erased() -> None:
    text = (
        log("vm05-nwipe-repeat.log")
        .replace("Fill With Zeros", "Verify Zeros (0x00)")
        .replace("1R+NB+VL", "1R+B+VL")
        .replace("[2026/03/04 07:50:27]  notice:   do not perform a final blank pass\n", "")
    )
    kept = [
        line
        for line in text.split("\n")
        if not any(word in line for word in (" pass 1", "bytes written", "bytes read"))
    ]
    item = only("\n".join(kept))
    assert (item.verdict, item.method, item.reasons) == ("unknown", "none", ("verify_only",))


def test_several_runs_appended_to_one_file_are_judged_one_by_one() -> None:
    items = items_of(
        (log("vm05-nwipe-killed.log") + log("vm05-nwipe-repeat.log") + log("vm05-nwipe.log")).encode("latin-1")
    )
    assert [(item.index, item.serial, item.verdict) for item in items] == [
        (0, "Z3TBK1234", "unknown"),
        (1, "17290A1B2C3D", "pass"),
        (2, "Z3TBK1234", "fail"),
        (3, "17290A1B2C3D", "pass"),
    ]


def test_a_killed_run_cannot_borrow_the_closing_tables_of_the_next_run_on_another_drive() -> None:
    killed = log("vm04-nwipe-sdb-default-serial.log").split("[2026/03/03 13:45:12]  notice: 25165824 bytes written")[0]
    other = log("vm04-nwipe-sdb-default-serial.log").replace("9VMXYZ12", "OTHERDRIVE7")
    verdicts = [(item.serial, item.verdict) for item in items_of(killed + other)]
    assert verdicts == [("9VMXYZ12", "unknown"), ("OTHERDRIVE7", "pass")]


def test_garbage_bytes_behind_a_20_character_serial_do_not_hide_it() -> None:
    content = (FIXTURES / "vm06-nwipe.log").read_bytes()
    assert b"\xfe\x7f" in content
    assert items_of(content)[3].serial == "AA000000000000012345"
    longer = content.replace(b"AA000000000000012345\xfe\x7f", b"AA00000000000001234567")
    assert (items_of(longer)[3].serial, items_of(longer)[3].verdict) == (None, "unknown")


@pytest.mark.parametrize("serial", ["", "[No Information Foun", "unknown", "0", "To be filled by O.E.M."])
def test_a_serial_that_identifies_nothing_is_no_identity(serial: str) -> None:
    item = only(log("vm01-nwipe.log").replace("S444NX0K512345", serial))
    assert (item.serial, item.verdict) == (None, "unknown")
    assert "no_identity" in item.reasons


@pytest.mark.parametrize("serial", ["XXXXXXXXXXXXXXX", "???????????????"])
def test_a_hidden_serial_is_told_apart_from_an_absent_one(serial: str) -> None:
    item = only(log("vm01-nwipe.log").replace("S444NX0K512345", serial))
    assert (item.serial, item.verdict, item.reasons) == (None, "unknown", ("serial_redacted",))


def test_two_drives_with_one_serial_prove_nothing_about_either() -> None:
    items = items_of(log("vm03-nwipe.log").replace("50026B7782D01234", "WD-WCC6Y5KJ1234"))
    assert [(item.serial, item.verdict, item.reasons) for item in items] == [
        (None, "unknown", ("serial_ambiguous",))
    ] * 2


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("warning: HIDDEN AREA DETECTED! on /dev/sda", "fail"),
        ("warning: HIDDEN AREA INDETERMINATE! on /dev/sda, are you using a USB bridge or memory stick?", "unknown"),
    ],
)
def test_a_hidden_area_left_open_is_never_a_pass(line: str, verdict: str) -> None:
    item = only(log("vm02-nwipe.log").replace("   info: No hidden sectors on /dev/sda", f"{line}"))
    assert (item.verdict, item.reasons) == (verdict, ("hidden_area",))


def test_a_smaller_drive_than_it_could_be_has_a_hidden_area() -> None:
    item = only(log("vm02-nwipe.log").replace("HPA values 98304 / 98304", "HPA values 98304 / 198304"))
    assert (item.verdict, item.reasons) == ("unknown", ("hidden_area",))


def test_a_version_that_is_not_told_or_too_old_is_not_believed() -> None:
    text = log("vm01-nwipe.log")
    assert only(text.replace("[2026/03/02 08:14:11]  notice:   banner   = nwipe 0.33\n", "")).reasons == (
        "tool_version_unknown",
    )
    assert only(text.replace("nwipe 0.33", "nwipe 0.28")).reasons == ("tool_not_trusted",)
    assert only(text.replace("nwipe 0.33", "nwipe 7.1")).reasons == ("tool_not_trusted",)


def test_a_clock_that_runs_backwards_makes_the_story_inconsistent() -> None:
    item = only(
        log("vm01-nwipe.log").replace(
            "[2026/03/02 08:14:11]  notice: Blanking", "[2026/03/02 07:14:11]  notice: Blanking"
        )
    )
    assert (item.verdict, item.reasons) == ("unknown", ("inconsistent",))


def test_a_night_on_which_the_hour_comes_twice_is_no_backward_clock() -> None:
    before, after = log("vm01-nwipe.log").split("[2026/03/02 08:14:11]  notice: Blanking")
    night = (
        before.replace("2026/03/02 08:14:1", "2026/10/25 02:50:1")
        + "[2026/10/25 02:10:11]  notice: Blanking"
        + (after.replace("2026/03/02 08:14:1", "2026/10/25 02:10:1"))
    )
    (item,) = items_of(night, "Europe/Paris")
    assert item.verdict == "pass"
    assert item.ended_at == datetime(2026, 10, 25, 1, 10, 11, tzinfo=UTC)
    assert items_of(night, "Africa/Tunis")[0].verdict == "unknown"


def test_the_table_of_bytes_erased_must_say_the_whole_device_where_it_is_given() -> None:
    def with_table(row: str) -> EvidenceItem:
        heading = f"{'*' * 31} Erasure Summary {'*' * 32}\n!   Device | Bytes Erased | Bytes Total | %\n{'-' * 80}\n"
        table = f"{heading}{row}\n{'*' * 80}\n\n"
        marker = "********************************* Drive Status"
        return only(log("vm02-nwipe.log").replace(marker, table + marker))

    assert with_table("       sda |     50331648 |    50331648 | 100.00%").verdict == "pass"
    assert with_table("       sda | 50331648 (50 MB) | 50331648 (50 MB)").verdict == "pass"
    assert with_table("       sda | half of it | 50331648").verdict == "unknown"
    assert with_table("!      sda |     50331648 |    50331648 | 100.00%").verdict == "unknown"
    assert with_table("       sda |     50331000 |    50331648 |  99.99%").reasons == ("incomplete",)
    assert with_table("       sda |     50331648 |    50331648 |  99.99%").verdict == "unknown"
    assert with_table("       sda |     60331648 |    60331648 | 100.00%").verdict == "unknown"


SANITIZE = """[2026/08/14 20:54:30]    info: nwipe 0.42
[2026/08/14 20:54:31]  notice: Found /dev/sda, ATA-SSD, CT500MX500SSD1,  500 GB, S/N=2144E5DA1234
[2026/08/14 20:54:31]  notice: Found /dev/nvme1n1, NVME, KXG60ZNV512G, 512 GB, S/N=Z9UF72LXFA12
[2026/08/14 21:10:31]    info: /dev/sda: SANITIZE action 'Block Erase' was successful.
[2026/08/14 21:20:31]    info: /dev/nvme0: SANITIZE action 'Crypto Erase' was successful.
"""


def test_a_successful_sanitize_is_a_purge_even_without_a_wipe_and_its_tables() -> None:
    items = items_of(SANITIZE)
    assert [(item.serial, item.verdict, item.method, item.technique) for item in items] == [
        ("2144E5DA1234", "pass", "purge", "SANITIZE Block Erase"),
        ("Z9UF72LXFA12", "pass", "purge", "SANITIZE Crypto Erase"),
    ]
    assert items[0].ended_at == datetime(2026, 8, 14, 21, 10, 31, tzinfo=UTC)


def test_a_sanitize_that_completed_without_result_or_failed_is_no_pass() -> None:
    assert items_of(SANITIZE.replace("was successful", "has completed"))[0].reasons == ("sanitize_no_result",)
    assert items_of(SANITIZE.replace("was successful", "has failed"))[0].verdict == "fail"
    assert all(
        item.verdict != "pass"
        for item in items_of(SANITIZE.replace("Block Erase", "Exit Failure Mode"))
        if item.device == "/dev/sda"
    )


def test_a_sanitize_of_a_controller_beside_two_nvme_drives_names_neither() -> None:
    second = "[2026/08/14 20:54:31]  notice: Found /dev/nvme2n1, NVME, KXG60ZNV512G, 512 GB, S/N=Z9UF72LXFA99\n"
    lines = SANITIZE.splitlines(keepends=True)
    items = items_of("".join([*lines[:3], second, *lines[3:]]))
    assert not [item for item in items if item.kind == "ssd_nvme" and item.verdict == "pass"]


def test_a_wipe_begun_after_a_sanitize_must_be_finished_too() -> None:
    text = SANITIZE + "[2026/08/14 21:30:00]  notice: Invoking method 'PRNG Stream' on /dev/sda\n"
    assert items_of(text)[0].verdict == "unknown"


def test_a_log_saved_by_windows_is_read_alike() -> None:
    text = log("vm01-nwipe.log")
    assert items_of(text.replace("\n", "\r\n"))[0].verdict == "pass"
    assert items_of(text.encode("utf-16"))[0].verdict == "pass"
    assert items_of(text.encode("utf-8-sig"))[0].verdict == "pass"
