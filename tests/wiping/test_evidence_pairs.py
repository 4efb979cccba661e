"""A sanitize log names no drive: in a folder it is told what names one, where that is certain, and nowhere else."""

import io
import zipfile

import pytest

from benches import FIXTURES, RECEIVED, VM01, at_bench, decide, upload
from makers import Town
from reuse.canonical import sha256_hex
from reuse.devices.actions.identity import NewMedium
from reuse.wiping.actions.offline import verify_certificate_file
from reuse.wiping.evidence.folder import open_folder
from reuse.wiping.evidence.pairs import bundles_in

SERIAL = "S444NX0K512345"
SMART = (FIXTURES / "vm01-smartctl-nvme0.json").read_bytes()
IDENTITY = (FIXTURES / "vm01-nvme-id-ctrl.json").read_bytes()
TEXT_IDENTITY = (
    f"NVME Identify Controller:\nvid       : 0x1b36\nsn        : {SERIAL}\nmn        : QEMU NVMe Ctrl\n".encode()
)
LOG = b"""Sanitize Progress                      (SPROG) :  65535
Sanitize Status                        (SSTAT) :  0x101
Sanitize Command Dword 10 Information (SCDW10) :  0x2
"""
FAILED = LOG.replace(b"0x101", b"0x103")
JSON_LOG = b'{"nvme0": {"sprog": 65535, "sstat": {"global_erased": 1, "status": "(1) done"}, "cdw10_info": "0x2"}}'
OTHER = "S444NX0K599999"


def of(serial: str, content: bytes) -> bytes:
    """What the tool would say of another drive."""
    return content.replace(SERIAL.encode(), serial.encode())


def folder(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def paired(files: dict[str, bytes]) -> set[frozenset[str]]:
    """The names of those that were found to belong together."""
    names = list(files)
    return {frozenset(names[place] for place in one.places) for one in bundles_in(list(open_folder(folder(files))))}


CERTAIN: dict[str, dict[str, bytes]] = {
    "one folder a drive": {
        "a/sanitize-log.txt": LOG, "a/id-ctrl.json": IDENTITY, "b/sanitize-log.txt": LOG,
        "b/id-ctrl.txt": of(OTHER, TEXT_IDENTITY),
    },
    "one name a drive": {
        "nvme0.sanitize.json": JSON_LOG, "nvme0.id-ctrl.json": IDENTITY, "nvme1.sanitize.txt": LOG,
        "nvme1.id-ctrl.json": of(OTHER, IDENTITY),
    },
}  # fmt: skip  # a drive a line


@pytest.mark.parametrize("name", CERTAIN)
def test_a_folder_or_a_name_for_each_drive_tells_which_log_is_whose(name: str) -> None:
    first, second, third, fourth = CERTAIN[name]
    assert paired(CERTAIN[name]) == {frozenset({first, second}), frozenset({third, fourth})}


UNSURE: dict[str, dict[str, bytes]] = {
    "two logs": {"a.txt": LOG, "b.txt": FAILED, "id.json": IDENTITY},
    "two drives": {"log.txt": LOG, "id-0.json": IDENTITY, "id-1.json": of(OTHER, IDENTITY)},
    "one drive of two controllers": {"log.txt": LOG, "id.json": IDENTITY, "list.txt": b"/dev/nvme0n1\n/dev/nvme1n1"},
    "another disk's serial beside it": {
        "log.txt": LOG, "id.json": IDENTITY, "sda.json": b'{"serial_number": "WD-1", "model_name": "WDC"}',
    },
    "another folder": {"a/log.txt": LOG, "b/id.json": IDENTITY},
    "a name for each, and one for both": {
        "nvme0.log.txt": LOG, "nvme1.id.json": of(OTHER, IDENTITY), "x.json": IDENTITY,
    },
    "a log of two drives": {
        "log.txt": b"# nvme sanitize-log /dev/nvme0\n" + LOG + b"# nvme sanitize-log /dev/nvme1\n" + LOG,
        "id.json": IDENTITY,
    },
    "nothing that names a drive": {"log.txt": LOG, "notes.txt": b"done"},
}  # fmt: skip  # a case a line


@pytest.mark.parametrize("name", UNSURE)
def test_where_it_is_not_certain_nothing_is_paired(town: Town, name: str) -> None:
    assert paired(UNSURE[name]) == set()
    at_bench(town, VM01)
    answer = upload(town.technician, folder(UNSURE[name]), name="wipes.zip").json()
    items = [item for file in answer["files"] if file["report"] for item in file["report"]["items"]]
    assert {item["verdict"] for item in items} <= {"unknown", "fail"}
    assert {item["medium_id"] for item in items} == {None}


def test_a_log_and_what_names_its_drive_are_one_report_up_to_its_certificate(town: Town) -> None:
    device_id = at_bench(town, VM01)
    files = {
        "nvme0/sanitize-log.txt": LOG,
        "notes.txt": b"all done",
        "nvme0/id-ctrl.json": IDENTITY,
        "nvme0/s.json": SMART,
    }
    answer = upload(town.technician, folder(files), name="wipes.zip")
    assert answer.status_code == 201, answer.text
    told = {file["name"]: file for file in answer.json()["files"]}
    assert list(told) == list(files)
    assert [told[name]["outcome"] for name in files] == ["kept", "refused", "kept", "kept"]
    report = told["nvme0/sanitize-log.txt"]["report"]
    assert {told[name]["report"]["id"] for name in files if name != "notes.txt"} == {report["id"]}
    (item,) = report["items"]
    assert (item["serial"], item["verdict"], item["method"], item["reasons"]) == (SERIAL, "pass", "purge", [])
    assert (report["format"], report["file_name"]) == ("nvme_sanitize", "sanitize-log+id-ctrl+s.zip")
    content = town.technician.get(f"/v1/erasure-reports/{report['id']}/content").content
    assert sha256_hex(content) == report["sha256"]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert [archive.read(name) for name in archive.namelist()] == [LOG, IDENTITY, SMART]
    job = town.data_security.done(decide(town.data_security, device_id))
    (certificate_id,) = job["result"]["certificate_ids"]
    certificate = town.data_security.get(f"/v1/certificates/{certificate_id}").json()
    (evidence,) = certificate["content"]["evidence"]
    assert (evidence["sha256"], evidence["media_type"]) == (report["sha256"], "application/zip")
    pdf = town.data_security.get(f"/v1/certificates/{certificate_id}/pdf").content
    assert verify_certificate_file(pdf).pages == "identical"


def test_the_same_folder_again_and_the_kept_report_itself_are_known(town: Town) -> None:
    files = {"nvme0/log.txt": LOG, "nvme0/id.json": IDENTITY}
    first = upload(town.technician, folder(files), name="wipes.zip").json()
    report = first["files"][0]["report"]
    again = upload(town.technician, folder(files), name="again.zip").json()
    assert (again["kept"], again["known"]) == (0, 2)
    kept = town.technician.get(f"/v1/erasure-reports/{report['id']}/content").content
    third = upload(town.technician, kept, name="kept.zip").json()
    assert {file["report"]["id"] for file in third["files"]} == {report["id"]}


def test_two_drives_whose_logs_are_the_same_to_the_last_byte_are_two_reports(town: Town) -> None:
    both = [at_bench(town, VM01), at_bench(town, [NewMedium(OTHER, "ssd_nvme")], serial="PF2", asset_tag=None)]
    files = {"a/log.txt": LOG, "a/s.json": SMART, "b/log.txt": LOG, "b/s.json": of(OTHER, SMART)}
    answer = upload(town.technician, folder(files), name="wipes.zip").json()
    assert answer["kept"] == 4
    for device_id in both:
        assert decide(town.data_security, device_id).status_code == 202


def test_a_log_with_a_drive_that_names_no_time_still_waits_for_one(town: Town) -> None:
    device_id = at_bench(town, VM01, received=RECEIVED)
    upload(town.technician, folder({"log.txt": LOG, "id.json": IDENTITY}), name="wipes.zip")
    assert decide(town.data_security, device_id).json()["missing"] == ["time_unknown"]


def test_a_failed_sanitize_stays_a_fail_and_a_pair_makes_nothing_better(town: Town) -> None:
    at_bench(town, VM01)
    files = {"log.txt": FAILED, "id.json": IDENTITY}
    (item,) = upload(town.technician, folder(files), name="w.zip").json()["files"][0]["report"]["items"]
    assert (item["verdict"], item["serial"], item["reasons"]) == ("fail", SERIAL, ["sanitize_failed"])
    (lone,) = upload(town.technician, LOG).json()["items"]
    assert (lone["verdict"], lone["reasons"]) == ("unknown", ["no_identity"])
