"""nvme-cli's text: the table of `nvme list` and the fields of `nvme id-ctrl`; media only, never the whole machine."""

import re

from reuse.boundedjson import Node, refuse
from reuse.workshop.captures.findings import Findings
from reuse.workshop.captures.nvme import read_nvme_id_ctrl, read_nvme_list

_RULE = re.compile(r"^-{3,}(?: +-{2,}){4,} *$", re.MULTILINE)
_HEADER = re.compile(r"^Node {1,80}.{0,80}\bSN {1,80}.{0,80}\bModel\b", re.MULTILINE)
_ID_CTRL = re.compile(r"^(?:NVME Identify Controller:|vid +: 0x[0-9a-f]{1,4})\s*$", re.MULTILINE | re.IGNORECASE)
_FIELD = re.compile(r"^([a-z0-9]{1,12}) +: (.{0,200})$")
_SIZE = re.compile(r"/ +(\d{1,6}(?:[.,]\d{1,3})?) +([kMGTP]?)B")
_POWER = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15}
MAX_ROWS = 500


def is_nvme_list_text(text: str) -> bool:
    """Whether this is the table that nvme list prints."""
    return _HEADER.search(text) is not None


def is_nvme_id_ctrl_text(text: str) -> bool:
    """Whether this is what nvme id-ctrl prints."""
    return _ID_CTRL.search(text) is not None and re.search(r"^sn +: ", text, re.MULTILINE) is not None


def read_nvme_list_text(text: str, within: str = "") -> Findings:
    """One medium a drive; columns are cut where the rule below the header has its gaps.

    Sizes are rounded by the tool to three digits. Raises Invalid `no_medium` for a table without rows.
    """
    rule = _RULE.search(text)
    lines = text[rule.end() :].splitlines() if rule else []
    rows = [line for line in lines if line.startswith("/dev/nvme")]
    if not rows or rule is None:
        refuse(within, "no_medium", "nvme list shows no drive on this machine.")
    if len(rows) > MAX_ROWS:
        refuse(within, "too_many_media", f"This table lists {len(rows):,} drives; no machine has over {MAX_ROWS}.")
    spans = [(match.start(), match.end()) for match in re.finditer(r"-+", rule[0])]
    header = ["", *text[: rule.start()].rstrip("\r\n").splitlines()][-1]
    names = [header[start:end].strip() for start, end in spans]
    cells = [dict(zip(names, (line[start:end] for start, end in spans), strict=True)) for line in rows]
    devices: list[object] = [_device(line, one) for line, one in zip(rows, cells, strict=True)]
    return read_nvme_list(Node({"Devices": devices}, within))


def _device(line: str, cells: dict[str, str]) -> dict[str, object]:
    """A row under the names that `nvme list -o json` uses."""
    size = _SIZE.search(line)
    return {
        "DevicePath": cells.get("Node", ""),
        "SerialNumber": cells.get("SN"),
        "ModelNumber": cells.get("Model"),
        "PhysicalSize": round(float(size[1].replace(",", ".")) * _POWER[size[2]]) if size else None,
    }


def read_nvme_id_ctrl_text(text: str, within: str = "") -> Findings:
    """The one drive of nvme id-ctrl."""
    node = Node({}, within)
    for line in text.splitlines():
        if (match := _FIELD.match(line)) is not None and match[1] in {"sn", "mn", "fr", "tnvmcap"}:
            node.value.setdefault(match[1], match[2].strip().replace(",", "") if match[1] == "tnvmcap" else match[2])
    return read_nvme_id_ctrl(node)
