"""Every format by itself, then several files of one machine together: one picture, every disagreement told."""

import json
import struct
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

import captures as tools
from reuse.errors import Invalid, Refusal, TooLarge, UnknownFormat
from reuse.workshop.captures.bundle import read_captures
from reuse.workshop.captures.read import read_capture
from reuse.workshop.captures.shape import found_from

SAMPLES = Path(__file__).resolve().parents[2] / "../shared/samples"
SSD = [(tools.DISK, "ssd_sata", 256060514304)]


def media_of(content: bytes) -> list[tuple[str | None, str, int | None]]:
    return [(one.serial, one.kind, one.size_bytes) for one in read_capture(content).media]


def test_hwinfo_tells_machine_screen_memory_and_media() -> None:
    found = read_capture(tools.hwinfo())
    assert (found.format, found.partial, media_of(tools.hwinfo())) == ("hwinfo", False, SSD)
    assert (found.identity.serial, found.identity.model, found.identity.chassis) == (
        tools.SERIAL,
        "Latitude 7490",
        "laptop",
    )
    facts = found.facts
    assert (facts.ram_bytes, facts.ram_slots, facts.screen_inches, facts.screen_width_px) == (
        15 * 2**29,
        2,
        14.0,
        1920,
    )
    assert facts.cpu == "Intel(R) Core(TM) i7-8650U CPU @ 1.90GHz"
    assert [(part.kind, part.serial) for part in found.components] == [("memory", "3A4F2C11")]


def test_batteries_are_read_with_decimal_commas_and_without_the_mouse() -> None:
    found = read_capture(tools.upower())
    assert (found.partial, found.facts.battery_health_percent) == (True, 76)
    assert [(one.kind, one.serial, one.health_percent) for one in found.components] == [("battery", "19075", 76)]
    assert read_capture(tools.uevent()).facts.battery_health_percent == 36
    with pytest.raises(Invalid) as none:
        read_capture(b"  native-path: AC\n  power supply: yes\n")
    assert none.value.code == "no_battery"


def test_glpi_tells_the_machine_and_no_drive_of_discs() -> None:
    found = read_capture(tools.glpi())
    assert (found.format, found.partial, [one.serial for one in found.media]) == ("glpi", False, [tools.DISK])
    facts = found.facts
    assert (facts.ram_bytes, facts.ram_slots, facts.battery_health_percent) == (2**33, 2, 76)
    assert found.identity.asset_tag is None
    assert read_capture(tools.glpi(storages=None)).partial
    virtual = tools.glpi(hardware={"vmsystem": "VirtualBox"})
    assert read_capture(virtual).identity.virtual_machine


def test_a_phone_from_glpi_is_one_medium_under_its_own_serial() -> None:
    phone = json.loads(tools.glpi()) | {"itemtype": "Phone"}
    assert media_of(json.dumps(phone).encode()) == [(tools.SERIAL, "phone", None)]


def test_nvme_text_tells_what_its_json_tells() -> None:
    for name, size in (("vm01-nvme-list.txt", 67110000), ("vm01-nvme-id-ctrl.txt", None)):
        content = (tools.FIXTURES / name).read_bytes()
        assert media_of(content) == [("S444NX0K512345", "ssd_nvme", size)]


def test_disks_behind_a_raid_controller_are_each_a_medium_and_the_volume_is_told() -> None:
    disks = [
        json.loads(tools.smartctl(serial=f"ZA1{n}", device={"name": "/dev/bus/0", "type": f"megaraid,{n}",
        "protocol": "SCSI"}, rotation_rate=10000, scsi_vendor="SEAGATE", wwn=None))
        for n in range(3)
    ]  # fmt: skip
    found = read_capture(json.dumps(disks).encode())
    assert [(one.serial, one.kind) for one in found.media] == [("ZA10", "hdd"), ("ZA11", "hdd"), ("ZA12", "hdd")]
    volume = tools.smartctl(model_name="PERC H730 Mini", rotation_rate=None)
    assert "raid_volume" in [one.code for one in read_capture(volume).warnings]


@pytest.mark.parametrize(
    ("written", "kept"),
    [("INV-000417", True), ("7K3M-9QX2-BVX", True), ("PC de atelier", False), ("PCDEATELIER", False),
     ("dupont-marie-2019", False), ("agent-1", False), ("agent1@example.org", False), ("poste 12345 accueil", False)],
)  # fmt: skip
def test_an_asset_tag_that_might_name_a_person_is_dropped_and_not_repeated(written: str, *, kept: bool) -> None:
    found = read_capture(tools.dmidecode(tag=written))
    assert found.identity.asset_tag == (written if kept else None)
    assert (written in json.dumps(found.kept)) == kept
    assert ("asset_tag_dropped" in [one.code for one in found.warnings]) != kept


def test_workbench_lite_merges_what_it_carries() -> None:
    found = read_capture(tools.lite())
    assert (found.format, found.partial, media_of(tools.lite())) == ("ereuse_lite", False, SSD)
    assert (found.identity.asset_tag, found.facts.tpm) == ("INV-000417", "2.0")
    assert found.media[0].model == "SAMSUNG SSD PM871b M.2 2280 256GB"
    assert found.conflicts == ()


def test_a_capture_packed_in_a_json_string_is_read_once() -> None:
    text = json.dumps(tools.lshw().decode())
    assert read_capture(text.encode()).identity.serial == tools.SERIAL
    with pytest.raises(UnknownFormat):
        read_capture(json.dumps(json.dumps(text)).encode())


def test_the_same_formats_come_out_of_yaml() -> None:
    assert media_of(tools.yaml_snapshot()) == [(tools.DISK, "ssd_sata", 256060500000)]


@pytest.mark.parametrize("pack", [False, True])
def test_several_files_of_one_machine_are_one_picture(*, pack: bool) -> None:
    files = [tools.upower(), tools.smartctl(), tools.lshw(), tools.dmidecode(), tools.glpi()]
    found = read_captures([tools.packed(*files)] if pack else files)
    assert (found.format, found.partial) == ("dmidecode+glpi+lshw+smartctl+upower", False)
    assert [(one.serial, one.kind, one.model) for one in found.media] == [
        (tools.DISK, "ssd_sata", "SAMSUNG SSD PM871b M.2 2280 256GB")
    ]
    assert (found.identity.serial, found.identity.asset_tag) == (tools.SERIAL, "INV-000417")
    assert (found.facts.battery_health_percent, found.facts.tpm, found.facts.ram_slots) == (76, "2.0", 2)
    assert [(one.kind, one.serial) for one in found.components] == [("memory", "3A4F2C11"), ("battery", "19075")]
    assert found.conflicts == ()
    assert found_from(json.loads(json.dumps(found.kept))) == found


def test_every_conflict_is_told_with_who_said_what_and_why_one_was_taken() -> None:
    found = read_captures([tools.lshw(), tools.dmidecode(model="Latitude 5490")])
    conflict = next(one for one in found.conflicts if one.field == "model")
    assert [(said.value, said.source) for said in conflict.values] == [
        ("Latitude 5490", "dmidecode"),
        ("Latitude 7490", "lshw"),
    ]
    assert (conflict.chosen, found.identity.model) == ("Latitude 5490", "Latitude 5490")
    assert "dmidecode is believed" in conflict.why
    assert "identity_conflict" in [one.code for one in found.warnings]


def test_what_two_tools_only_write_differently_is_no_conflict() -> None:
    swapped = tools.dmidecode().replace(tools.UUID.encode(), b"44454c4c-3500-104a-8036-c3c04f4d5032")
    assert read_captures([tools.lshw(), swapped.replace(b"Dell Inc.", b"DELL")]).conflicts == ()


def test_the_files_of_two_machines_are_refused() -> None:
    other = tools.dmidecode(serial="ZZ99XX1").replace(tools.UUID.encode(), b"4c4c4544-9999-4a10-8036-c3c04f4d5032")
    with pytest.raises(Invalid, match="one machine at a time") as refused:
        read_captures([tools.lshw(), other])
    assert (refused.value.code, refused.value.errors[0].pointer) == ("several_machines", "/files/2/identity/serial")


def test_one_machine_with_two_serials_by_its_uuid_is_a_conflict() -> None:
    found = read_captures([tools.lshw(), tools.dmidecode(serial="ZZ99XX1")])
    assert [one.field for one in found.conflicts] == ["serial"]


def test_twin_media_of_one_serial_stay_two_whichever_tools_show_them() -> None:
    twins = json.loads(tools.lshw())
    second = json.loads(tools.lshw(tag="/dev/sdb"))["children"][0]["children"][0] | {"businfo": "scsi@1:0.0.0"}
    twins["children"][0]["children"].append(second)
    sdb = {"name": "/dev/sdb", "type": "sat", "protocol": "ATA"}
    found = read_captures([json.dumps(twins).encode(), tools.smartctl(), tools.smartctl(device=sdb)])
    assert len(found.media) == 2
    assert "duplicate_serial" in [one.code for one in found.warnings]


def test_a_file_of_no_known_tool_is_told_and_a_broken_one_refuses_all() -> None:
    found = read_captures([tools.lshw(), b"hello", b"[2026/03/02 08:14:00]  notice: Found /dev/sda"])
    aside = [(one.pointer, one.code) for one in found.warnings if one.code == "file_not_read"]
    assert aside == [("/files/2", "file_not_read"), ("/files/3", "file_not_read")]
    with pytest.raises(Invalid) as broken:
        read_captures([tools.dmidecode(), tools.lshw()[:-20]])
    assert broken.value.errors[0].pointer == "/files/2"
    with pytest.raises(UnknownFormat):
        read_captures([b"hello", b"world"])


ODD: dict[str, tuple[bytes, str, str]] = {
    "lshw as XML": (b'<?xml version="1.0"?>\n<list>\n<node id="pc" claimed="true"/>', "unknown_format", "lshw -json"),
    "a FusionInventory agent": (b"<?xml version='1.0'?><REQUEST><CONTENT/></REQUEST>", "unknown_format", "JSON"),
    "lshw as text": (b"pc\n    description: Notebook\n", "unknown_format", "lshw -json"),
    "smartctl as text": (b"smartctl 7.3 2022-02-28 r5338\n=== START", "unknown_format", "smartctl -j -a"),
    "an nwipe log": (b"[2026/03/02 08:14:00]  notice: Found /dev/sda", "unknown_format", "/v1/erasure-reports"),
    "a table": (b"a;b;c;d;e\n1;2;3;4;5\n", "unknown_format", "imports"),
    "lsblk": (b'{"blockdevices": []}', "unknown_format", "lshw -json"),
    "smartctl --scan": (b'{"smartctl": {}, "devices": []}', "no_medium", "smartctl -j -a on each disk"),
    "an empty file": (b"", "empty_file", "Run the tool again"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0", "binary_file", "NUL"),
    "half a file": (tools.lshw()[:300], "invalid_json", "complete"),
    "an empty ZIP": (b"PK\x05\x06" + bytes(18), "empty_file", "no file"),
    "a broken ZIP": (tools.packed(tools.lshw())[:-30], "broken_archive", "damaged"),
    "two machines": (b"[" + tools.lshw() + b"," + tools.lshw() + b"]", "several_machines", "one at a time"),
}


@pytest.mark.parametrize("what", ODD)
def test_an_odd_file_is_refused_with_what_to_do(what: str) -> None:
    content, code, sentence = ODD[what]
    with pytest.raises(Refusal, match=sentence) as refused:
        read_captures([content])
    assert refused.value.code == code


def test_an_archive_that_unpacks_to_more_than_inventories_need_is_refused() -> None:
    with pytest.raises(TooLarge) as bomb:
        read_captures([tools.packed(b" " * 30_000_000)])
    assert bomb.value.code == "zip_bomb"
    lying = bytearray(tools.packed(b" " * 30_000_000))
    at = lying.rindex(b"PK\x01\x02")
    struct.pack_into("<I", lying, at + 24, 10)  # the directory says that ten bytes are in it
    with pytest.raises(Refusal) as lied:
        read_captures([bytes(lying)])
    assert lied.value.code in {"zip_bomb", "broken_archive", "empty_file"}
    many = BytesIO()
    with zipfile.ZipFile(many, "w") as archive:
        for number in range(201):
            archive.writestr(f"{number}", "x")
    with pytest.raises(Invalid) as crowd:
        read_captures([many.getvalue()])
    assert crowd.value.code == "too_many_files"


def test_what_a_desktop_adds_to_an_archive_is_left_out() -> None:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("capture.json", tools.lshw())
        archive.writestr("__MACOSX/._capture.json", b"\0\0")
        archive.writestr(".DS_Store", b"\0\0")
    assert read_captures([out.getvalue()]).format == "lshw"


SEEN: dict[str, tuple[str, str | None, list[str | None], int | None]] = {
    "glpi/computer_1.json": ("glpi", "640HP72", ["S29NNXAH146409"], 88),
    "glpi/phone_1.json": ("glpi", "af8d8fcfa6fa4794", ["af8d8fcfa6fa4794"], None),
    "battery/e5530.battery.ini": ("battery_uevent", None, [], 36),
    "battery/glpi-infos_1.txt": ("upower", None, [], 76),
    "battery/jc-upower-i-utc.out": ("upower", None, [], 68),
    "dmidecode/dell-fx160": ("dmidecode", "C83T54J", [], None),
    "dmidecode/lenovo-thinkpad": ("dmidecode", "LR9NKZ7", [], None),
    "dmidecode/surface-go-2": ("dmidecode", "48368130c2f8", [], None),
    "virtual-machines/vm01-lenovo-t480-nvme": (
        "dmidecode+lshw+nvme_id_ctrl+nvme_list+smartctl", "PF1A2B3C", ["S444NX0K512345"], None,
    ),
    "virtual-machines/vm02-dell-latitude-7490": ("dmidecode+lshw+smartctl", "5J6MP2A", ["S3YANB0K312345"], None),
    "virtual-machines/vm03-hp-prodesk-600-g3": (
        "dmidecode+lshw+smartctl", "CZC7438XYZ", ["WD-WCC6Y5KJ1234", "50026B7782D01234"], None,
    ),
    "virtual-machines/vm04-oem-placeholders-ide": ("dmidecode+lshw+smartctl", None, ["QM00003", "9VMXYZ12"], None),
    "virtual-machines/vm05-fujitsu-aborted": (
        "dmidecode+lshw+smartctl", "YLNS123456", ["Z3TBK1234", "17290A1B2C3D"], None,
    ),
    "virtual-machines/vm08-dell-optiplex-redacted": (
        "dmidecode+lshw+nvme_id_ctrl+nvme_list+smartctl", "5BHWJK2", ["28FB81XXK3QP", "S314J90G612345"], None,
    ),
}  # fmt: skip
"""What each sample, or each folder of one machine's files, tells: format, serial, media, battery health."""


@pytest.mark.samples
@pytest.mark.skipif(not SAMPLES.is_dir(), reason="needs the samples of real tools in ../shared/samples")
@pytest.mark.parametrize("sample", SEEN)
def test_samples_of_real_tools_tell_what_they_hold(sample: str) -> None:
    path = SAMPLES / sample
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    found = read_captures([file.read_bytes() for file in files if file.is_file() and file.stat().st_size])
    told = (found.format, found.identity.serial, [one.serial for one in found.media])
    assert (*told, found.facts.battery_health_percent) == SEEN[sample]
    assert found.conflicts == ()
