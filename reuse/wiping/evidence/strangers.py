"""What is sent by mistake instead of a report: named to the technician, with what to send instead.

Seen among the files of real machines. No verdict rests on this: whatever is not recognised is refused as well.
"""

import re

from reuse.errors import UnknownFormat

_HEAD = 65_536
_HARDWARE = (
    ("lshw", r'"class" *: *"(?:system|bus|bridge)"|^\s*\*-core$'),
    ("smartctl", r'"smartctl" *: *\{|"smartctl_version"|^smartctl \d'),
    ("lsblk", r'"blockdevices"'),
    ("dmidecode", r"^# dmidecode|^DMI type \d|^\s*Handle 0x[0-9A-F]{4}, DMI type"),
    ("lspci", r"^[0-9a-f]{2}:[0-9a-f]{2}\.\d .*: |^[0-9a-f]{2}:[0-9a-f]{2}\.\d \S"),
    ("nvme list", r'^Node\s+(?:Generic\s+)?SN\s|"Devices" *:\s*\['),
    ("nvme id-ctrl", r'^NVME Identify Controller|"mntmt" *:|"subnqn" *:'),
    ("nvme smart-log", r'"percent_used" *:|"avail_spare" *:'),
    ("GLPI inventory", r'"versionclient" *:|"deviceid" *:|<REQUEST>'),
    ("a battery report", r"native-path:|^\[[^]]*BATTERY|^POWER_SUPPLY_|charge-cycles|full_charge"),
    ("hdparm", r"^ATA device, with |^\s*max sectors\s*=|DCO (?:Revision|Checksum)"),
)
_KNOWN = tuple((name, re.compile(pattern, re.MULTILINE)) for name, pattern in _HARDWARE)
_DUMP = re.compile(r"^[0-9a-f]{6,16}[: ] *(?:[0-9a-f]{2,4} +){4}", re.MULTILINE)
_TABLE = re.compile(r"""["']?[\w ./()-]{2,60}["']?(?:[;,\t]["']?[\w ./()-]{1,60}["']?){2,}\s*$""")
_TOOLS = "nwipe, ShredOS, nvme sanitize-log, hdparm, eReuse Workbench or Blancco"


def refuse_stranger(text: str) -> UnknownFormat:
    """Make the refusal of a text that no parser knows; its sentence says what the file seems to be."""
    head = text[:_HEAD]
    hardware = next((name for name, pattern in _KNOWN if pattern.search(head)), None)
    if hardware is not None:
        sentence = (
            f"This describes the hardware ({hardware}) and does not say that anything was erased. "
            f"Send it as a capture of the device; here, send the log of the tool that erased the disk ({_TOOLS})."
        )
    elif _DUMP.search(head):
        sentence = f"This shows bytes of a disk, which proves nothing of the rest of it. Send the log of {_TOOLS}."
    elif _TABLE.fullmatch(head.lstrip().split("\n", 1)[0][:1000]):
        sentence = f"This is a list or table, not a tool's report. Send the log that the tool itself wrote ({_TOOLS})."
    else:
        sentence = f"No known erasure tool writes such a file. Send the log that the tool itself wrote ({_TOOLS})."
    return UnknownFormat(sentence, code="unknown_format")
