"""Hardware captures: what the tools print, what they get wrong, and what nobody should send."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reuse.errors import Invalid, Refusal, TooLarge, UnknownFormat
from reuse.workshop.captures.read import read_capture
from reuse.workshop.captures.shape import CaptureFound

SAMPLES = Path(__file__).resolve().parents[2] / "../shared/samples"


def machine(*inside: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": "MARKER-hostname", "class": "system", "description": "Notebook", "vendor": "Dell Inc.",
        "product": "Latitude 7490 (081C)", "serial": "5J6MP2A",
        "configuration": {"chassis": "notebook", "sku": "081C", "uuid": "4c4c4544-0035-4a10-8036-c3c04f4d5032"},
        "children": [{"id": "core", "class": "bus", "children": list(inside)}],
        **more,
    }  # fmt: skip


def disk(serial: str = "S3YANB0K312345", **more: Any) -> dict[str, Any]:
    return {
        "id": "disk", "class": "disk", "description": "ATA Disk", "product": "SAMSUNG SSD PM87", "serial": serial,
        "logicalname": "/dev/sda", "businfo": "scsi@0:0.0.0", "size": 256060514304, "units": "bytes", **more,
    }  # fmt: skip


def usb(*inside: dict[str, Any], product: str = "DataTraveler 2.0", serial: str = "8998011620") -> dict[str, Any]:
    return {
        "id": "usb", "class": "storage", "product": product, "serial": serial, "businfo": "usb@1:4",
        "children": list(inside),
    }  # fmt: skip


def smart(serial: str | None = "S3YANB0K312345", **more: Any) -> dict[str, Any]:
    return {
        "json_format_version": [1, 0], "smartctl": {"version": [7, 4], "exit_status": 0},
        "device": {"name": "/dev/sda", "type": "sat", "protocol": "ATA"},
        "model_name": "SAMSUNG SSD PM871b M.2 2280 256GB", "serial_number": serial, "rotation_rate": 0,
        "wwn": {"naa": 5, "oui": 9528, "id": 61213881027},
        "user_capacity": {"blocks": 500118192, "bytes": 256060514304},
        **more,
    }  # fmt: skip


def snapshot(*components: dict[str, Any], **device: Any) -> dict[str, Any]:
    return {
        "type": "Snapshot", "version": "11.0b11", "software": "Workbench",
        "device": {
            "type": "Laptop", "chassis": "Netbook", "manufacturer": "HP", "model": "ProBook",
            "serialNumber": "CND4286ZJ2", **device,
        },
        "components": list(components),
    }  # fmt: skip


def read(value: object) -> CaptureFound:
    return read_capture(json.dumps(value).encode())


def media_of(found: CaptureFound) -> list[tuple[str | None, str, int | None]]:
    return [(medium.serial, medium.kind, medium.size_bytes) for medium in found.media]


def codes(found: CaptureFound) -> list[str]:
    return [warning.code for warning in found.warnings]


@pytest.mark.parametrize("wrapped", [False, True])
def test_lshw_tells_machine_facts_and_media_as_object_or_list(*, wrapped: bool) -> None:
    memory = {
        "id": "memory", "class": "memory", "description": "System Memory", "size": 8589934592,
        "children": [{"id": "bank:0", "class": "memory", "size": 8589934592, "serial": "3A4F2C11"}],
    }  # fmt: skip
    processor = {"id": "cpu", "class": "processor", "product": "Intel(R) Core(TM) i7-8650U"}
    tree = machine(disk(), memory, processor)
    found = read([tree] if wrapped else tree)
    assert (found.format, found.partial, codes(found)) == ("lshw", False, [])
    identity = found.identity
    assert (identity.manufacturer, identity.model, identity.serial) == ("Dell Inc.", "Latitude 7490", "5J6MP2A")
    assert (identity.chassis, identity.uuid) == ("laptop", "4c4c4544-0035-4a10-8036-c3c04f4d5032")
    assert (found.facts.cpu, found.facts.ram_bytes) == ("Intel(R) Core(TM) i7-8650U", 8589934592)
    assert found.facts.storage_bytes == 256060514304
    assert media_of(found) == [("S3YANB0K312345", "ssd_sata", 256060514304)]
    assert [part["serial"] for part in found.kept["components"] if part["kind"] == "memory"] == ["3A4F2C11"]


@pytest.mark.parametrize("serial", [r"a b/c\d&e<f>", "ends\\", r"A\b12", r"X\u0041", r"quo\"te"])
def test_a_backslash_that_lshw_does_not_escape_is_repaired(serial: str) -> None:
    written = serial.replace('"', '\\"') if serial.startswith("quo") is False else serial
    meant = serial.replace('\\"', '"')
    text = json.dumps([machine(disk("PLACE"))], indent=2, separators=(",", " : ")).replace("PLACE", written)
    assert read_capture(text.encode()).media[0].serial == meant


def test_a_bare_list_of_disks_is_partial() -> None:
    found = read([disk()])
    assert (found.partial, media_of(found)[0][0]) == (True, "S3YANB0K312345")
    joined = ",\n".join(
        json.dumps(each, indent=2, separators=(",", " : "))
        for each in (disk("AB1"), disk("AB2", logicalname="/dev/sdb"))
    )
    assert [medium.serial for medium in read_capture(joined.encode()).media] == ["AB1", "AB2"]


def test_an_nvme_controller_with_its_namespaces_is_one_medium() -> None:
    controller = {
        "id": "nvme", "class": "storage", "description": "NVMe device", "product": "PM981", "serial": "S444NX0K512345",
        "logicalname": "/dev/nvme0", "capabilities": {"nvme": True, "nvm_express": True},
        "configuration": {"nqn": "nqn.2014:MARKER"},
        "children": [
            {"id": "namespace:0", "class": "disk", "logicalname": "hwmon0"},
            {"id": "namespace:1", "class": "disk", "logicalname": "/dev/nvme0n1", "size": 300},
            {"id": "namespace:2", "class": "disk", "logicalname": "/dev/nvme0n2", "size": 200, "serial": "another"},
        ],
    }  # fmt: skip
    found = read(machine(controller))
    assert media_of(found) == [("S444NX0K512345", "ssd_nvme", 500)]
    assert "MARKER" not in repr(found)


def test_an_empty_card_reader_and_a_cd_drive_are_no_media() -> None:
    reader = usb(
        {"id": "disk", "class": "disk", "product": "SD/MMC", "capabilities": {"removable": True}}, product="Card Reader"
    )
    cdrom = {
        "id": "cdrom", "class": "disk", "description": "DVD-RAM writer", "logicalname": ["/dev/cdrom", "/dev/sr0"],
        "size": 4_000_000, "capabilities": {"dvd": True},
    }  # fmt: skip
    nameless = {"id": "disk", "class": "disk", "description": "DVD reader"}
    found = read(machine(reader, cdrom, nameless, disk()))
    assert media_of(found) == [("S3YANB0K312345", "ssd_sata", 256060514304)]


def test_a_usb_stick_takes_the_serial_of_its_bridge_and_a_card_does_not() -> None:
    stick = usb({"id": "disk", "class": "disk", "product": "DataTraveler", "logicalname": "/dev/sdb",
                 "children": [
                     {"id": "medium", "class": "disk", "size": 4045930496, "logicalname": "/dev/sdb"}
                 ]})  # fmt: skip
    card = usb(
        {"id": "disk", "class": "disk", "serial": "2006", "logicalname": "/dev/sdc", "size": 32_000_000_000},
        product="Card Reader",
    )
    found = read(machine(stick, card, disk()))
    assert media_of(found)[:2] == [("8998011620", "usb", 4045930496), (None, "sd", 32_000_000_000)]
    assert found.facts.storage_bytes == 256060514304


def test_soldered_emmc_is_told_from_a_card() -> None:
    chip = {
        "id": "card", "class": "disk", "businfo": "mmc@0:0001", "description": "SD/MMC Device", "product": "SEM32G",
        "serial": "591234567", "logicalname": ["mmcblk0rpmb", "/dev/mmcblk0boot0", "/dev/mmcblk0"],
        "size": 31_000_000_000,
    }  # fmt: skip
    card = {
        "id": "device", "class": "generic", "businfo": "mmc@1:aaaa", "description": "SD Card", "serial": "77123",
        "children": [{"id": "interface", "class": "disk", "logicalname": "/dev/mmcblk1", "size": 16_000_000_000}],
    }  # fmt: skip
    wireless = {"id": "device", "class": "generic", "businfo": "mmc@2:0001", "description": "SDIO Device"}
    found = read(machine(chip, card, wireless))
    assert media_of(found) == [("591234567", "emmc", 31_000_000_000), ("77123", "sd", 16_000_000_000)]
    assert [medium.soldered for medium in found.media] == [True, False]


def test_a_medium_seen_twice_is_one_but_two_media_of_one_serial_stay_two() -> None:
    again = read(machine(disk(), disk()))
    assert len(again.media) == 1
    assert len(read([smart(), smart()]).media) == 1
    twins = read(machine(disk(), disk(logicalname="/dev/sdb", businfo="scsi@1:0.0.0")))
    assert (len(twins.media), "duplicate_serial" in codes(twins)) == (2, True)
    nameless = read(machine(disk("N/A"), disk("N/A", logicalname="/dev/sdb")))
    assert [medium.serial for medium in nameless.media] == [None, None]


def test_a_machine_without_a_built_in_medium_and_a_live_stick_are_warned_about() -> None:
    stick = {
        "id": "disk", "class": "disk", "logicalname": "/dev/sda", "size": 1002438656,
        "children": [{"id": "volume", "class": "volume", "logicalname": ["/dev/sda1", "/run/live/medium"]}],
    }  # fmt: skip
    assert {"no_internal_medium", "live_medium"} <= set(codes(read(machine(usb(stick)))))


@pytest.mark.parametrize(
    "serial",
    [
        "To be filled by O.E.M.",
        "Default string",
        "0",
        "None",
        "XXXXXXXX",
        "System Serial Number",
        "[REMOVED]",
        "",
        "N/A",
    ],
)
def test_placeholders_identify_nothing_and_give_a_warning(serial: str) -> None:
    found = read(machine(disk(serial), serial=serial, vendor=serial))
    assert (found.identity.serial, found.identity.manufacturer, found.media[0].serial) == (None, None, None)
    assert "serial_missing" in codes(found)
    assert ("placeholder_identity" in codes(found)) == bool(serial)


def test_a_default_uuid_and_a_network_address_are_no_identity() -> None:
    tree = machine(disk(), serial="00:11:22:AA:bb:cc")
    tree["configuration"]["uuid"] = "03000200-0400-0500-0006-000700080009"
    found = read(tree)
    assert (found.identity.uuid, found.identity.serial) == (None, None)
    assert {"placeholder_identity", "mac_address_serial"} <= set(codes(found))


@pytest.mark.parametrize(
    ("vendor", "product"),
    [("QEMU", "Standard PC (Q35 + ICH9, 2009)"), ("innotek GmbH", "VirtualBox"),
     ("VMware, Inc.", "VMware Virtual Platform"),
     ("Microsoft Corporation", "Virtual Machine"), ("Xen", "HVM domU")],
)  # fmt: skip
def test_virtual_machines_are_flagged_and_not_refused(vendor: str, product: str) -> None:
    found = read(machine(disk(), vendor=vendor, product=product))
    assert (found.identity.virtual_machine, "virtual_machine" in codes(found)) == (True, True)
    assert not read(machine(disk(), vendor="Microsoft Corporation", product="Surface Go 2")).identity.virtual_machine


def test_the_firmwares_own_word_for_a_virtual_machine_is_believed() -> None:
    firmware = {
        "id": "firmware",
        "class": "memory",
        "capabilities": {"virtualmachine": "This machine is a virtual machine"},
    }
    assert read(machine(firmware, disk())).identity.virtual_machine


def test_two_machines_in_one_file_are_refused() -> None:
    with pytest.raises(Invalid) as refused:
        read([machine(disk()), machine(disk())])
    assert (refused.value.code, refused.value.errors[0].pointer) == ("several_machines", "/1")


@pytest.mark.parametrize(
    ("changes", "kind", "size"),
    [
        ({}, "ssd_sata", 256060514304),
        ({"rotation_rate": 7200}, "hdd", 256060514304),
        ({"device": {"protocol": "NVMe"}, "user_capacity": None, "nvme_total_capacity": 512}, "ssd_nvme", 512),
        (
            {"device": {"protocol": "NVMe"}, "user_capacity": None, "nvme_namespaces": [{"size": {"bytes": 9}}]},
            "ssd_nvme",
            9,
        ),
        ({"device": {"protocol": "SCSI"}, "rotation_rate": 10000, "scsi_vendor": "SEAGATE"}, "hdd", 256060514304),
        ({"device": {"protocol": "SCSI"}, "rotation_rate": None}, "other", 256060514304),
        ({"rotation_rate": None, "model_name": "WDC WD5000AAKX-08U6AA0"}, "hdd", 256060514304),
    ],
)
def test_smartctl_tells_one_medium_and_never_the_machine(changes: dict[str, Any], kind: str, size: int) -> None:
    found = read(smart(**changes))
    assert (found.format, found.partial, found.identity.serial) == ("smartctl", True, None)
    assert media_of(found) == [("S3YANB0K312345", kind, size)]
    assert found.media[0].wwn == "5002538e40a1b2c3"


def test_several_smartctl_objects_in_a_list_are_several_media() -> None:
    found = read([smart("AB1", wwn=None), smart("AB2", wwn=None)])
    assert [medium.serial for medium in found.media] == ["AB1", "AB2"]


def test_smartctl_that_read_nothing_is_refused_with_the_reason() -> None:
    lost = smart(
        None, model_name=None, smartctl={"exit_status": 1, "messages": [{"string": "Unknown USB bridge [0x46f4]"}]}
    )
    with pytest.raises(Invalid, match="connect the disk directly") as refused:
        read(lost)
    assert refused.value.code == "smartctl_failed"
    with pytest.raises(Invalid, match="--scan"):
        read({"json_format_version": [1, 0], "smartctl": {}, "devices": [{"name": "/dev/sda"}]})
    optical = smart("AB1", device_type={"scsi_value": 5, "name": "CD/DVD"})
    with pytest.raises(Invalid) as none:
        read(optical)
    assert none.value.code == "no_medium"


def test_nvme_list_counts_a_drive_once_with_its_namespaces() -> None:
    rows = [
        {"DevicePath": "/dev/nvme0n1", "SerialNumber": "S4", "ModelNumber": "PM981", "PhysicalSize": 100},
        {"DevicePath": "/dev/nvme0n1", "SerialNumber": "S4", "ModelNumber": "PM981", "PhysicalSize": 100},
        {"DevicePath": "/dev/nvme0n2", "SerialNumber": "S4", "ModelNumber": "PM981", "PhysicalSize": 50},
        {"DevicePath": "/dev/nvme1n1", "SerialNumber": "S5", "ModelNumber": "PM981", "PhysicalSize": 100},
    ]
    assert media_of(read({"Devices": rows})) == [("S4", "ssd_nvme", 150), ("S5", "ssd_nvme", 100)]
    verbose = {
        "Devices": [{"Subsystems": [{"Controllers": [{"SerialNumber": "S6", "Namespaces": [{"PhysicalSize": 7}]}]}]}]
    }
    assert media_of(read(verbose)) == [("S6", "ssd_nvme", 7)]
    with pytest.raises(Invalid):
        read({"Devices": []})


@pytest.mark.parametrize(("total", "size"), [("0", None), ("512110190592", 512110190592), (1024, 1024)])
def test_nvme_id_ctrl_tells_one_drive(total: str | int, size: int | None) -> None:
    found = read({"vid": 1, "sn": "S444NX0K512345      ", "mn": "PM981   ", "fr": "7.2", "tnvmcap": total})
    assert (found.format, media_of(found)) == ("nvme_id_ctrl", [("S444NX0K512345", "ssd_nvme", size)])


@pytest.mark.parametrize(
    ("size", "expected"), [(238475, 238475 * 2**20), (500107.862016, 500107862016), ("160042.0 MB", 160042000000)]
)
def test_ereuse_sizes_come_in_three_spellings(size: float | str, expected: int) -> None:
    hard = {
        "type": "HardDrive",
        "serialNumber": "S3P9A80F",
        "model": "ST500LT012-1DG14",
        "size": size,
        "interface": "ATA",
    }
    assert media_of(read(snapshot(hard))) == [("S3P9A80F", "hdd", expected)]


def test_an_ereuse_snapshot_tells_the_whole_machine() -> None:
    found = read(
        snapshot(
            {"type": "SolidStateDrive", "serialNumber": "LDS645R002202", "model": "Emtec X150", "size": 120034.123776},
            {"type": "SolidStateDrive", "serialNumber": "NV1", "model": "WD SN520 NVMe", "size": 256060.5},
            {"type": "RamModule", "size": "1024.0 mebibyte", "serialNumber": "4F43487B"},
            {"type": "Processor", "model": "Intel Core i5-4210U"},
            {"type": "Display", "size": 15.529237982414482, "resolutionWidth": 1366, "resolutionHeight": 768},
            {"type": "Battery", "size": 2200, "actions": [{"type": "MeasureBattery", "size": 1870}]},
        )
    )
    assert (found.format, found.partial, found.identity.chassis) == ("ereuse_v11", False, "laptop")
    assert [medium.kind for medium in found.media] == ["ssd_sata", "ssd_nvme"]
    facts = found.facts
    assert (facts.ram_bytes, facts.screen_inches, facts.screen_width_px, facts.battery_health_percent) == (
        2**30,
        15.5,
        1366,
        85,
    )


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"chassis": "Notebook"}, "/device/chassis"), ({"chassis": None}, "/device/chassis"), ({"type": "Fridge"},
        "/device/type"),
        ({"actions": [{"type": "BenchmarkProcessorr"}]}, "/device/actions/0/type"),
    ],
)  # fmt: skip
def test_a_snapshot_with_words_that_workbench_does_not_know_is_refused(change: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(snapshot(**change))
    assert (refused.value.code, refused.value.errors[0].pointer) == ("invalid_value", pointer)


def test_a_snapshot_in_yaml_is_read_and_an_unfolding_one_is_refused() -> None:
    text = (
        "type: Snapshot\nversion: 11.0\ndevice: {type: Desktop, chassis: Tower, serialNumber: AB12}\ncomponents: []\n"
    )
    assert read_capture(text.encode()).identity.serial == "AB12"
    bomb = text + "a: &a [x, x]\nb: &b [*a, *a]\n"
    deep = "type: Snapshot\na: " + "[" * 500 + "]" * 500
    dates = "type: Snapshot\na: 2019-99-99\n"
    for hostile, code in (
        (bomb, "invalid_yaml"),
        (deep, "too_deep"),
        (dates, "invalid_yaml"),
        ("type: Snapshot\n\t- x: [", "invalid_yaml"),
    ):
        with pytest.raises(Invalid) as refused:
            read_capture(hostile.encode())
        assert refused.value.code == code


def test_a_script_snapshot_holds_other_tools_output_as_text() -> None:
    dmi = "# dmidecode 3.4\n\nHandle 0x0001, DMI type 1, 27 bytes\nSystem Information\n"
    dmi += "\tManufacturer: Dell Inc.\n\tSerial Number: 5CQ6VY1\n"
    script = {
        "type": "Snapshot",
        "data": {"smartctl": json.dumps([smart(), {}]), "dmidecode": dmi},
        "erase": ["MARKER"],
    }
    found = read(script)
    assert (found.format, found.partial, found.identity.serial) == ("ereuse_workbench_script", False, "5CQ6VY1")
    assert media_of(found)[0][0] == "S3YANB0K312345"
    with pytest.raises(Invalid) as refused:
        read({"type": "Snapshot", "data": {"smartctl": "[{"}})
    assert refused.value.errors[0].pointer == "/data/smartctl"


def test_dmidecode_tells_the_machine_and_no_media() -> None:
    text = """# dmidecode 3.4
Getting SMBIOS data from sysfs.

Handle 0x0300, DMI type 3, 22 bytes
Chassis Information
\tType: Notebook
\tAsset Tag: INV-000417

Handle 0x0100, DMI type 1, 27 bytes
System Information
\tManufacturer: LENOVO
\tProduct Name: 20L5S0XX00
\tVersion: ThinkPad T480
\tSerial Number: PF1A2B3C

Handle 0x1100, DMI type 17, 40 bytes
Memory Device
\tSize: 8 GB
Memory Device
\tSize: No Module Installed
"""
    found = read_capture(text.encode())
    identity = found.identity
    assert (found.format, found.partial, found.media) == ("dmidecode", True, ())
    assert (identity.model, identity.serial, identity.asset_tag) == ("ThinkPad T480", "PF1A2B3C", "INV-000417")
    assert (identity.chassis, found.facts.ram_bytes) == ("laptop", 2**33)
    with pytest.raises(Invalid) as refused:
        read_capture(b"# dmidecode 3.4\nHandle 0x0300, DMI type 3, 22 bytes\nChassis Information\n\tType: Notebook\n")
    assert refused.value.code == "no_system"


def test_a_phone_is_one_medium() -> None:
    phone = {
        "type": "Snapshot", "software": "WorkbenchAndroid", "version": "0.0.2",
        "device": {"type": "Mobile", "serialNumber": "AF8D8FCF", "model": "F1", "manufacturer": "Xiaomi",
        "ramSize": 5631},
    }  # fmt: skip
    found = read(phone)
    assert media_of(found) == [("AF8D8FCF", "phone", None)]
    assert found.media[0].soldered


def test_nothing_personal_is_kept_or_answered() -> None:
    network = {
        "id": "network", "class": "network", "serial": "MARKER-mac", "logicalname": "MARKER",
        "configuration": {"ip": "MARKER", "ssid": "MARKER"},
    }  # fmt: skip
    volume = {"id": "volume", "class": "volume", "serial": "MARKER", "logicalname": ["/media/MARKER"],
              "configuration": {"label": "MARKER"}}  # fmt: skip
    texts = [
        machine(network, disk(children=[volume]), MARKER="MARKER", users=["MARKER"]),
        smart(local_time={"asctime": "MARKER"}, smartctl={"argv": ["/media/MARKER"], "exit_status": 0}),
        snapshot(
            {"type": "HardDrive", "serialNumber": "AB1", "MARKER": "MARKER"},
            {"type": "NetworkAdapter", "serialNumber": "MARKER"},
            {"type": "SimCard", "serialNumber": "MARKER"}, user="MARKER",
        ) | {"debug": {"lshw": "MARKER", "software": ["MARKER"]}},
        {"Devices": [{"SerialNumber": "S4", "GenericPath": "MARKER", "HostNQN": "MARKER"}]},
        {"type": "Snapshot", "operator_id": "MARKER",
         "data": {"smartctl": json.dumps([smart()]), "inxi": "MARKER",
                  "dmidecode": "# dmidecode 3\nSystem Information\n\tSKU Number: MARKER\n"}},
    ]  # fmt: skip
    for value in texts:
        found = read(value)
        assert "MARKER" not in repr(found)
        assert "MARKER" not in json.dumps(found.kept)


def test_what_is_kept_is_plain_json_and_the_same_as_what_is_answered() -> None:
    found = read(machine(disk()))
    assert json.loads(json.dumps(found.kept)) == found.kept
    assert found.kept["media"] == [asdict(medium) for medium in found.media]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"), (b" \n", "empty_file"), (b"\x7fELF\x00\x01", "binary_file"),
        (b'{"id": "a\x00"}', "binary_file"),
        (b"[" * 1000 + b"]" * 1000, "too_deep"), (b'{"a":' * 100_000, "too_deep"), (b"[" * 65 + b"]" * 65, "too_deep"),
        (b'{"id": NaN}', "invalid_json"), (b'{"size": 1e999}', "number_too_large"),
        (b"[" + b"9" * 5000 + b"]", "number_too_large"),
        (b'{"id": ', "invalid_json"), (b"[1, 2]", "wrong_type"), (b"[[]]", "wrong_type"),
    ],
)  # fmt: skip
def test_hostile_input_is_refused_with_code_and_place(content: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_capture(content)
    assert (refused.value.code, refused.value.errors[0].code) == (code, code)


def test_the_place_of_broken_json_is_named() -> None:
    with pytest.raises(Invalid, match="line 2, column"):
        read_capture(b'{"id": "x",\n "class": }')


def test_a_tree_larger_than_any_machine_is_refused_and_no_medium_is_left_out() -> None:
    leaf = {"id": "x", "class": "generic"}
    for value, code in (
        (machine(*[disk(f"S{n}", logicalname=f"/dev/x{n}") for n in range(501)]), "too_many_media"),
        (machine(*[leaf for _ in range(20_000)]), "too_many_nodes"),
    ):
        with pytest.raises(Invalid) as refused:
            read(value)
        assert refused.value.code == code


def test_more_than_20_megabytes_are_refused() -> None:
    with pytest.raises(TooLarge):
        read_capture(b" " * 20_000_001)


@pytest.mark.parametrize("content", [b"hello", b"{}", b"[]", b'{"a": 1}', b'[{"a": 1}]', b"a: b"])
def test_what_no_tool_here_writes_is_an_unknown_format(content: bytes) -> None:
    with pytest.raises(UnknownFormat, match="lshw"):
        read_capture(content)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"serial": 12}, "/serial"), ({"vendor": ["x"]}, "/vendor"), ({"configuration": "x"}, "/configuration"),
        ({"children": {}}, "/children"), ({"children": [3]}, "/children/0"), ({"product": "x" * 2001}, "/product"),
        ({"children": [{"id": "d", "class": "disk", "size": "12"}]}, "/children/0/size"),
        ({"children": [{"id": "d", "class": "disk", "size": True}]}, "/children/0/size"),
        ({"children": [{"id": "d", "class": "disk", "logicalname": [1]}]}, "/children/0/logicalname/0"),
    ],
)  # fmt: skip
def test_a_wrong_type_is_refused_with_its_place(change: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(machine() | change)
    assert refused.value.errors[0].pointer == pointer


@pytest.mark.parametrize("size", [2**64 - 512, -1, 10**39])
def test_an_impossible_size_is_left_out_and_told(size: int) -> None:
    found = read(machine(disk(size=size)))
    assert media_of(found) == [("S3YANB0K312345", "ssd_sata", None)]
    assert "impossible_size" in codes(found)


def test_output_redirected_by_powershell_and_damaged_bytes_are_read() -> None:
    text = json.dumps(machine(disk()))
    assert read_capture(text.encode("utf-16")).identity.serial == "5J6MP2A"
    damaged = text.replace("5J6MP2A", "5J6M\\ufffd").encode().replace(b"S3YANB0K312345", b"S3\xff\x7f")
    found = read_capture(damaged)
    assert (found.identity.serial, found.media[0].serial, "damaged_text" in codes(found)) == (None, None, True)


WORDS = st.sampled_from(
    ["id", "class", "system", "disk", "children", "size", "serial", "product", "logicalname", "capabilities",
     "smartctl",
     "device", "type", "Snapshot", "data", "components", "Devices", "sn", "mn", "fr", "wwn", "user_capacity", "bytes",
     "chassis", "Desktop", "Tower", "HardDrive", "RamModule", "actions", "configuration", "storage", "nvme_namespaces"]
)  # fmt: skip
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), WORDS, st.text(max_size=8))
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(WORDS, inner, max_size=8)),
    max_leaves=25,
)
BASES = [
    machine(disk(), usb(disk())),
    smart(),
    snapshot({"type": "HardDrive", "size": 3}),
    {"Devices": [{"SerialNumber": "S4"}]},
]


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(BASES), st.data())
def test_any_value_at_any_place_is_read_or_refused_and_never_crashes(base: dict[str, Any], data: st.DataObject) -> None:
    value = json.loads(json.dumps(base))
    spot: Any = value
    while True:
        key = (
            data.draw(st.sampled_from(sorted(spot)))
            if isinstance(spot, dict)
            else data.draw(st.integers(0, len(spot) - 1))
        )
        if isinstance(spot[key], dict | list) and spot[key] and data.draw(st.booleans()):
            spot = spot[key]
            continue
        spot[key] = data.draw(VALUES)
        break
    survives(json.dumps(value).encode())


@settings(max_examples=200, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.one_of(
        st.binary(max_size=300),
        VALUES.map(lambda value: json.dumps(value).encode()),
        st.text(max_size=200).map(lambda text: ("type: Snapshot\n" + text).encode("utf-8", "ignore")),
    )
)
def test_whatever_is_sent_is_read_or_refused_and_never_crashes(content: bytes) -> None:
    survives(content)


def survives(content: bytes) -> None:
    try:
        found = read_capture(content)
    except Refusal as refused:
        told = refused.code
    else:
        told = found.format
        json.dumps(found.kept, allow_nan=False).encode()
    assert told


SEEN: dict[str, tuple[str, str | None, list[tuple[str | None, str]]]] = {
    "lshw/7220w3t.lshw.json": ("lshw", "S4R6062", [("6VY54ZKX", "hdd")]),
    "lshw/asus-e200h.lshw.json": (
        "lshw", "G6NLCX01Z49224G", [("FB08091700013827", "usb"), ("899801162008011514251721", "usb")],
    ),
    "lshw/erased-i5.lshw.json": ("lshw", "CZC901381R", [("6RX7AWEZ", "hdd")]),
    "lshw/virtualbox-client.lshw.json": ("lshw", None, [("VBd9783eb3-8ef7f22a", "hdd")]),
    "smartctl/exporter-KXG60ZNV512G_TOSHIBA_2.json": ("smartctl", None, [(None, "ssd_nvme")]),
    "smartctl/exporter-SAMSUNG_MZ7WD240HAFV-00003_21.json": ("smartctl", None, [(None, "ssd_sata")]),
    "smartctl/exporter-ST3500418AS_11.json": ("smartctl", None, [(None, "hdd")]),
    "smartctl/scrutiny-smart-ata.json": ("smartctl", None, [("9RK1XXXX", "hdd")]),
    "smartctl/scrutiny-smart-fail2.json": ("smartctl", None, [("MSK423Y20S3HBC", "hdd")]),
    "smartctl/scrutiny-smart-nvme.json": ("smartctl", None, [("BTNH93710FS91P0B", "ssd_nvme")]),
    "ereuse/basic.snapshot.badly_formed.yaml": ("invalid_value", None, []),
    "ereuse/complete.export.snapshot.json": (
        "ereuse_v11", "B8OAAS048287", [("E2024242CV86HJ", "hdd"), ("WD-WX11A80W7430", "hdd")],
    ),
    "ereuse/erase-sectors-2-hdd.snapshot.yaml": (
        "ereuse_v11", "foo", [("WD-WCAV29008961", "hdd"), ("WD-WCAV27984668", "hdd")],
    ),
    "ereuse/erased-i5.snapshot.json": ("ereuse_v10", "CZC901381R", [("6RX7AWEZ", "hdd")]),
    "ereuse/example_wb11.json": ("ereuse_v11", "LUSEA0D010038879A01601", [("WD-WX11A80W7430", "hdd")]),
    "ereuse/failed.snapshot.422.missing-chassis.yaml": ("invalid_value", None, []),
    "ereuse/hp_probook_450.json": ("ereuse_v11", "CND4286ZJ2", [("S3P9A80F", "hdd")]),
    "ereuse/mobil.yaml": ("ereuse_android", None, [(None, "phone")]),
    "ereuse/snapshot-workbench11.json": ("ereuse_v12", "CNU406CLGR", [("LDS645R002202", "ssd_sata")]),
    "ereuse/snapshot01.json": ("ereuse_v11", None, [(None, "hdd")]),
    "ereuse/snapshotErrors.json": ("ereuse_v12", "S4WBPH6", [("WD-WCC2EFM32092", "hdd")]),
    "ereuse/snapshot_workbench-script.json": (
        "ereuse_workbench_script", "5CQ6VY1", [("TW0XXM305508539G1361", "ssd_sata"), ("S33HNX0J203755R", "ssd_sata")],
    ),
    "vm01-lenovo-t480-nvme/capture.lshw.json": ("lshw", "PF1A2B3C", [("S444NX0K512345", "ssd_nvme")]),
    "vm01-lenovo-t480-nvme/smartctl-nvme0.json": ("smartctl", None, [("S444NX0K512345", "ssd_nvme")]),
    "vm02-dell-latitude-7490/capture.lshw.json": ("lshw", "5J6MP2A", [("S3YANB0K312345", "ssd_sata")]),
    "vm02-dell-latitude-7490/smartctl-sda.json": ("smartctl", None, [("S3YANB0K312345", "ssd_sata")]),
    "vm03-hp-prodesk-600-g3/capture.lshw.json": (
        "lshw", "CZC7438XYZ", [("WD-WCC6Y5KJ1234", "hdd"), ("50026B7782D01234", "ssd_sata")],
    ),
    "vm03-hp-prodesk-600-g3/smartctl-sda.json": ("smartctl", None, [("WD-WCC6Y5KJ1234", "hdd")]),
    "vm03-hp-prodesk-600-g3/smartctl-sdb.json": ("smartctl", None, [("50026B7782D01234", "ssd_sata")]),
    "vm04-oem-placeholders-ide/capture.lshw.json": ("lshw", None, [("9VMXYZ12", "hdd"), ("QM00003", "hdd")]),
    "vm04-oem-placeholders-ide/smartctl-sda.json": ("smartctl", None, [("QM00003", "hdd")]),
    "vm04-oem-placeholders-ide/smartctl-sdb.json": ("smartctl", None, [("9VMXYZ12", "hdd")]),
    "vm05-fujitsu-aborted/capture.lshw.json": (
        "lshw", "YLNS123456", [("Z3TBK1234", "hdd"), ("17290A1B2C3D", "ssd_sata")],
    ),
    "vm05-fujitsu-aborted/smartctl-sda.json": ("smartctl", None, [("Z3TBK1234", "hdd")]),
    "vm05-fujitsu-aborted/smartctl-sdb.json": ("smartctl", None, [("17290A1B2C3D", "ssd_sata")]),
    "vm06-acer-io-errors/capture.lshw.json": (
        "lshw", "DTVPUEG00264301234",
        [("WD-WMC2E0123456", "hdd"), ("TF655AWH1ABCDE", "hdd"), ("JP2940J81ABCDE", "hdd"),
         ("AA000000000000012345", "ssd_sata")],
    ),
    "vm06-acer-io-errors/smartctl-sda.json": ("smartctl", None, [("WD-WMC2E0123456", "hdd")]),
    "vm06-acer-io-errors/smartctl-sdb.json": ("smartctl", None, [("TF655AWH1ABCDE", "hdd")]),
    "vm06-acer-io-errors/smartctl-sdc.json": ("smartctl", None, [("JP2940J81ABCDE", "hdd")]),
    "vm06-acer-io-errors/smartctl-sdd.json": ("smartctl", None, [("AA000000000000012345", "ssd_sata")]),
    "vm08-dell-optiplex-redacted/capture.lshw-sanitize.json": ("lshw", None, [(None, "ssd_nvme"), (None, "hdd")]),
    "vm08-dell-optiplex-redacted/capture.lshw.json": (
        "lshw", "5BHWJK2", [("28FB81XXK3QP", "ssd_nvme"), ("S314J90G612345", "hdd")],
    ),
    "vm08-dell-optiplex-redacted/smartctl-nvme0.json": ("smartctl", None, [("28FB81XXK3QP", "ssd_nvme")]),
    "vm08-dell-optiplex-redacted/smartctl-sda.json": ("smartctl", None, [("S314J90G612345", "hdd")]),
}  # fmt: skip
"""What each sample tells: its format (or the code of its refusal), the machine's serial, the media."""


def told_by(path: Path) -> tuple[str, str | None, list[tuple[str | None, str]]]:
    try:
        found = read_capture(path.read_bytes())
    except Refusal as refused:
        return refused.code, None, []
    return found.format, found.identity.serial, [(medium.serial, medium.kind) for medium in found.media]


def of_the_same_run(path: Path) -> str:
    """Smartctl -x and a second run tell the same medium as the first."""
    return path.name.replace("-x-", "-").replace("-after", "")


@pytest.mark.samples
@pytest.mark.skipif(not SAMPLES.is_dir(), reason="../shared/samples is not here")
def test_every_sample_tells_what_is_known_about_it() -> None:
    patterns = (
        "lshw/*",
        "smartctl/*",
        "ereuse/*",
        "virtual-machines/*/capture*.json",
        "virtual-machines/*/smartctl*.json",
    )
    paths = sorted(path for pattern in patterns for path in SAMPLES.glob(pattern))
    told = {f"{path.parent.name}/{path.name}": told_by(path) for path in paths}
    scans = {name for name in told if name.endswith("smartctl-scan.json")}
    again = {f"{path.parent.name}/{path.name}": path for path in paths if of_the_same_run(path) != path.name}
    assert all(told[name][0] == "no_medium" for name in scans)
    assert all(told[name] == SEEN[f"{path.parent.name}/{of_the_same_run(path)}"] for name, path in again.items())
    assert {name: value for name, value in told.items() if name not in scans | again.keys()} == SEEN
    assert all(
        read_capture(path.read_bytes()).identity.virtual_machine for path in SAMPLES.glob("virtual-machines/*/capture*")
    )
