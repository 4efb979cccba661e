"""dmidecode's text: the machine's identity, processor and memory; it never tells media, so it is always partial."""

import re
from dataclasses import replace

from reuse.boundedjson import Node, refuse, text_at
from reuse.workshop.captures.findings import Findings, asset_tag_at, model_name, name_at, real_uuid, serial_at
from reuse.workshop.captures.kinds import chassis_of
from reuse.workshop.captures.shape import Component, Facts, Identity

_TITLE = re.compile(r"^(\S.*)$")
_FIELD = re.compile(r"^\s+([A-Z][A-Za-z ()-]*):\s*(.*)$")
_SIZE = re.compile(r"(\d{1,9}) (kB|MB|GB|TB)")
_UNIT = {"kB": 2**10, "MB": 2**20, "GB": 2**30, "TB": 2**40}
"""dmidecode prints SMBIOS sizes in powers of two (DSP0134, 7.18)."""


def is_dmidecode(text: str) -> bool:
    """Whether this is dmidecode's text, by its first line or by its handles."""
    return (
        text.lstrip().startswith("# dmidecode")
        or re.search(r"^Handle 0x[0-9A-F]{4}, DMI type \d+", text, re.MULTILINE) is not None
    )


def read_dmidecode(text: str, within: str = "") -> Findings:
    """Identity, processor and memory. Raises Invalid `no_system` where the system's own block is missing."""
    found = Findings("dmidecode", partial=True)
    sections = _sections(text, within)
    system = _first(sections, "System Information")
    if system is None:
        refuse(within, "no_system", "This dmidecode output has no 'System Information': run it as root, without -t.")
    chassis = _first(sections, "Chassis Information") or Node({}, within)
    manufacturer = name_at(found, system, "Manufacturer")
    found.identity = Identity(
        manufacturer=manufacturer,
        model=model_name(found, manufacturer, system, ("Product Name", "Version")),
        serial=serial_at(found, system, "Serial Number"),
        asset_tag=asset_tag_at(found, chassis, "Asset Tag"),
        uuid=real_uuid(found, text_at(system, "UUID"), f"{system.pointer}/UUID"),
        chassis=chassis_of(text_at(chassis, "Type")),
        virtual_machine="System is a virtual machine" in text,
    )
    processor = _first(sections, "Processor Information")
    found.facts = Facts(cpu=text_at(processor, "Version") if processor is not None else None)
    tpm = _first(sections, "TPM Device")
    if tpm is not None:
        found.facts = replace(found.facts, tpm=text_at(tpm, "Specification Version") or "present")
    _see_memory(found, [node for title, node in sections if title == "Memory Device"])
    return found


def _see_memory(found: Findings, modules: list[Node]) -> None:
    quiet = Findings("")
    found.facts = replace(found.facts, ram_slots=len(modules) or None)
    for module in modules:
        match = _SIZE.fullmatch(text_at(module, "Size") or "")
        if match is None:
            continue
        size = int(match[1]) * _UNIT[match[2]]
        found.facts = replace(found.facts, ram_bytes=(found.facts.ram_bytes or 0) + size)
        maker, model = name_at(quiet, module, "Manufacturer"), name_at(quiet, module, "Part Number")
        found.components.append(Component("memory", maker, model, serial_at(quiet, module, "Serial Number"), size))


def _sections(text: str, within: str) -> list[tuple[str, Node]]:
    """The blocks of the output as title and fields; long values on lines of their own are left out."""
    sections: list[tuple[str, Node]] = []
    for line in text.splitlines():
        if line.startswith(("Handle ", "#")):
            continue
        if _TITLE.match(line):
            title = line.strip()
            sections.append((title, Node({}, f"{within}/{title.replace(' ', '_')[:40]}")))
        elif sections and (match := _FIELD.match(line)):
            sections[-1][1].value.setdefault(match[1], match[2])
    return sections


def _first(sections: list[tuple[str, Node]], wanted: str) -> Node | None:
    return next((node for title, node in sections if title == wanted), None)
