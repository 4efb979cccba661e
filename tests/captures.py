"""What tools print of an invented laptop, each in its own format, for tests; `marker` stands where a person shows."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).parent / "workshop" / "fixtures"
EVIDENCE = Path(__file__).parents[1] / "reuse" / "data" / "demo" / "evidence"
SERIAL, DISK, UUID = "5J6MP2A", "S3YANB0K312345", "4c4c4544-0035-4a10-8036-c3c04f4d5032"


def lshw(marker: str = "atelier", *, serial: str = SERIAL, disk: str = DISK, tag: str = "/dev/sda") -> bytes:
    """Lshw -json."""
    network = {
        "id": "network", "class": "network", "serial": f"00:11:22:{marker}", "logicalname": marker,
        "configuration": {"ip": marker, "ssid": marker},
    }  # fmt: skip
    volume = {"id": "volume", "class": "volume", "serial": marker, "logicalname": [f"/media/{marker}"],
              "configuration": {"label": marker, "lastmountpoint": f"/home/{marker}"}}  # fmt: skip
    drive = {
        "id": "disk", "class": "disk", "product": "SAMSUNG SSD PM87", "serial": disk, "logicalname": tag,
        "businfo": "scsi@0:0.0.0", "size": 256060514304, "children": [volume],
    }  # fmt: skip
    bank = {"id": "bank:0", "class": "memory", "size": 8589934592, "serial": "3A4F2C11", "vendor": "Samsung"}
    memory = {"id": "memory", "class": "memory", "description": "System Memory", "size": 8589934592, "children": [bank]}
    tree = {
        "id": marker, "class": "system", "description": "Notebook", "vendor": "Dell Inc.",
        "product": "Latitude 7490 (081C)", "serial": serial,
        "configuration": {"chassis": "notebook", "sku": "081C", "uuid": UUID, "boot": marker},
        "children": [{"id": "core", "class": "bus", "children": [drive, memory, network]}],
    }  # fmt: skip
    return json.dumps(tree).encode()


def dmidecode(marker: str = "atelier", *, serial: str = SERIAL, tag: str = "INV-000417", model: str = "") -> bytes:
    """Dmidecode's text."""
    return f"""# dmidecode 3.4
Getting SMBIOS data from sysfs.

Handle 0x0100, DMI type 1, 27 bytes
System Information
\tManufacturer: Dell Inc.
\tProduct Name: {model or "Latitude 7490"}
\tSerial Number: {serial}
\tUUID: {UUID}
\tSKU Number: {marker}

Handle 0x0300, DMI type 3, 22 bytes
Chassis Information
\tType: Notebook
\tAsset Tag: {tag}

Handle 0x0B00, DMI type 11, 5 bytes
OEM Strings
\tString 1: {marker}

Handle 0x1100, DMI type 17, 40 bytes
Memory Device
\tSize: 8 GB
\tManufacturer: Samsung
\tSerial Number: 3A4F2C11
Memory Device
\tSize: No Module Installed

Handle 0x2B00, DMI type 43, 31 bytes
TPM Device
\tSpecification Version: 2.0
""".encode()


def smartctl(marker: str = "atelier", *, serial: str = DISK, **more: Any) -> bytes:
    """Smartctl -j -a of the laptop's disk."""
    value = {
        "json_format_version": [1, 0], "smartctl": {"exit_status": 0, "argv": ["smartctl", f"/media/{marker}"]},
        "device": {"name": "/dev/sda", "type": "sat", "protocol": "ATA"}, "local_time": {"asctime": marker},
        "model_name": "SAMSUNG SSD PM871b M.2 2280 256GB", "serial_number": serial, "rotation_rate": 0,
        "user_capacity": {"blocks": 500118192, "bytes": 256060514304}, **more,
    }  # fmt: skip
    return json.dumps(value).encode()


def hwinfo(marker: str = "atelier") -> bytes:
    """Hwinfo --all, the blocks that tell something."""
    return f"""01: None 00.0: 10105 BIOS
  [Created at bios.186]
  Unique ID: rdCR.lZF+r4EgHp4
  Hardware Class: bios
  SMBIOS Version: 2.7
  System Info: #1
    Manufacturer: "Dell Inc."
    Product: "Latitude 7490"
    Serial: "{SERIAL}"
    UUID: undefined, but settable
  Chassis Info: #3
    Manufacturer: "Dell Inc."
    Asset Tag: "PC de {marker}"
    Type: 0x0a (Notebook)
  Memory Device: #21
    Location: "DIMM A"
    Manufacturer: "Samsung"
    Serial: "3A4F2C11"
    Size: 8 GB
  Memory Device: #22
    Size: No Memory Installed

12: None 00.0: 10102 Main Memory
  [Created at memory.74]
  Hardware Class: memory
  Memory Size: 7 GB + 512 MB

29: None 00.0: 10000 Monitor
  [Created at monitor.125]
  Hardware Class: monitor
  Model: "AUO LCD Monitor"
  Resolution: 1920x1080@60Hz
  Size: 309x174 mm

41: SCSI 600.4: 10600 Disk
  [Created at block.256]
  Hardware Class: disk
  Model: "Generic SD/MMC"
  Driver: "ums-realtek", "sd"
  Device File: /dev/sdf (/dev/sg6)
  Drive status: no medium

47: IDE 00.0: 10600 Disk
  [Created at block.245]
  SysFS Device Link: /devices/{marker}
  Hardware Class: disk
  Model: "SAMSUNG SSD PM87"
  Vendor: "SAMSUNG"
  Serial ID: "{DISK}"
  Driver: "ahci", "sd"
  Device File: /dev/sda
  Device Files: /dev/sda, /dev/disk/by-label/{marker}
  Capacity: 238 GB (256060514304 bytes)

57: None 00.0: 10103 CPU
  [Created at cpu.460]
  Hardware Class: cpu
  Model: 6.142.10 "Intel(R) Core(TM) i7-8650U CPU @ 1.90GHz"

60: USB 00.0: 10700 Network
  [Created at net.1]
  Hardware Class: network
  HW Address: {marker}
  ESSID: "{marker}"
""".encode()


def upower(marker: str = "atelier") -> bytes:
    """Upower -d in French, with a mouse beside the battery."""
    return f"""Device: /org/freedesktop/UPower/devices/mouse_{marker}
  native-path:          /sys/devices/{marker}
  model:                Souris de {marker}
  power supply:         no
  battery
    percentage:          55%

Device: /org/freedesktop/UPower/devices/battery_BAT0
  native-path:          BAT0
  vendor:               LGC
  model:                DELL HMYXT37
  serial:               19075
  power supply:         yes
  battery
    present:             yes
    energy-full:         39,264 Wh
    energy-full-design:  51,504 Wh
    capacity:            76,2349%
""".encode()


def uevent() -> bytes:
    """/sys/class/power_supply/BAT0/uevent."""
    lines = ("NAME=BAT0", "PRESENT=1", "CHARGE_FULL_DESIGN=5600000", "CHARGE_FULL=1997000", "CAPACITY=95",
             "MODEL_NAME=DELL HMYXT37", "MANUFACTURER=LGC", "SERIAL_NUMBER=19075")  # fmt: skip
    return "\n".join(f"POWER_SUPPLY_{line}" for line in lines).encode()


def glpi(marker: str = "atelier", **more: Any) -> bytes:
    """An inventory of a GLPI agent."""
    content = {
        "bios": {"smanufacturer": "Dell Inc.", "smodel": "Latitude 7490", "ssn": SERIAL, "assettag": marker},
        "hardware": {"name": marker, "lastloggeduser": marker, "chassis_type": "Laptop", "memory": 7800, "uuid": UUID,
                     "vmsystem": "Physical", "defaultgateway": marker},
        "users": [{"login": marker}], "softwares": [{"name": marker}], "simcards": [{"serial": marker}],
        "networks": [{"mac": marker, "ipaddress": marker, "wifi_ssid": marker}],
        "operatingsystem": {"fqdn": marker, "ssh_key": marker}, "drives": [{"volumn": marker, "serial": marker}],
        "memories": [{"capacity": 8192, "manufacturer": "Samsung", "serialnumber": "3A4F2C11"}, {}],
        "storages": [{"description": "SATA", "disksize": 256060, "model": "SAMSUNG SSD PM871b", "name": "sda",
                      "serial": DISK}, {"name": "sr0", "type": "cd-rom", "serial": marker}],
        "batteries": [{"capacity": 57570, "real_capacity": 43765, "name": "DELL HMYXT37", "serial": "19075"}],
        "cpus": [{"name": "Intel(R) Core(TM) i7-8650U CPU @ 1.90GHz"}],
        **more,
    }  # fmt: skip
    return json.dumps({"action": "inventory", "deviceid": marker, "tag": marker, "content": content}).encode()


def lite(marker: str = "atelier") -> bytes:
    """A snapshot of eReuse WorkbenchLite: other tools' output as text and as JSON."""
    data = {
        "lshw": json.loads(lshw(marker)), "dmidecode": dmidecode(marker).decode(), "hwinfo": hwinfo(marker).decode(),
        "smart": [json.loads(smartctl(marker))], "sanitize": [marker], "lspci": marker,
    }  # fmt: skip
    value = {"type": "Snapshot", "schema_api": "1.0.0", "software": "Workbench", "sid": marker, "data": data}
    return json.dumps(value).encode()


def snapshot(marker: str = "atelier") -> bytes:
    """A snapshot of eReuse Workbench 11, with what its debug part tells of people."""
    value = {
        "type": "Snapshot", "version": "11.0b11", "software": "Workbench", "user": marker,
        "device": {"type": "Laptop", "chassis": "Netbook", "manufacturer": "Dell Inc.", "model": "Latitude 7490",
                   "serialNumber": SERIAL},
        "components": [
            {"type": "SolidStateDrive", "serialNumber": DISK, "model": "SAMSUNG SSD PM871b", "size": 256060.5},
            {"type": "NetworkAdapter", "serialNumber": marker}, {"type": "SimCard", "serialNumber": marker},
        ],
        "debug": {"lshw": marker, "hwinfo": marker},
    }  # fmt: skip
    return json.dumps(value).encode()


def nvme_list(marker: str = "atelier") -> bytes:
    """Nvme list -o json."""
    row = {"DevicePath": "/dev/nvme0n1", "SerialNumber": "S444NX0K512345", "ModelNumber": "PM981",
           "PhysicalSize": 512110190592, "GenericPath": marker, "HostNQN": marker}  # fmt: skip
    return json.dumps({"Devices": [row]}).encode()


def yaml_snapshot(marker: str = "atelier") -> bytes:
    """The same snapshot in YAML, as Workbench once wrote it."""
    return f"""type: Snapshot
version: 11.0
user: {marker}
device: {{type: Laptop, chassis: Netbook, manufacturer: Dell Inc., model: Latitude 7490, serialNumber: {SERIAL}}}
components:
- {{type: SolidStateDrive, serialNumber: {DISK}, model: SAMSUNG SSD PM871b, size: 256060.5}}
- {{type: NetworkAdapter, serialNumber: {marker}}}
""".encode()


EVERY_FORMAT = {
    "lshw": lshw, "dmidecode": dmidecode, "smartctl": smartctl, "hwinfo": hwinfo, "upower": upower, "glpi": glpi,
    "ereuse_lite": lite, "ereuse_v11": snapshot, "nvme_list": nvme_list, "ereuse_yaml": yaml_snapshot,
}  # fmt: skip


def packed(*files: bytes, names: str = "capture-{}.txt") -> bytes:
    """A ZIP of files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, content in enumerate(files):
            archive.writestr(names.format(number), content)
    return out.getvalue()
