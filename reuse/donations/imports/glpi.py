"""A GLPI inventory JSON (one machine) as one row; users, software, networks and SIM cards are never read."""

from reuse.boundedjson import Node, child, text_at

CHASSIS = {
    "laptop": ("laptop", "notebook", "portable", "sub notebook", "convertible", "detachable", "hand held"),
    "tablet": ("tablet",),
    "server": ("main server chassis", "rack mount chassis", "blade", "blade enclosing", "server", "multi-system"),
}
"""SMBIOS chassis types as GLPI agents print them (glpi-project, inventory_format)."""
_ITEM_TYPES = {"phone": "smartphone", "printer": "printer", "networkequipment": "network", "monitor": "monitor"}


def is_glpi(node: Node) -> bool:
    """Whether this is an inventory of a GLPI agent (required: content and deviceid)."""
    return {"content", "deviceid"} <= node.value.keys()


def glpi_values(node: Node) -> dict[str, str]:
    """Our columns from `content.bios` and `content.hardware`; only what names the machine."""
    content = child(node, "content") or Node({}, "/content")
    bios = child(content, "bios") or Node({}, "/content/bios")
    hardware = child(content, "hardware") or Node({}, "/content/hardware")
    values = {
        "category": _category(text_at(node, "itemtype"), text_at(hardware, "chassis_type")),
        "manufacturer": text_at(bios, "smanufacturer") or text_at(bios, "bmanufacturer"),
        "model": text_at(bios, "smodel") or text_at(bios, "mmodel"),
        "serial": text_at(bios, "ssn"),
        "asset_tag": _asset_tag(text_at(bios, "assettag")),
    }
    return {column: value for column, value in values.items() if value is not None}


def _category(item_type: str | None, chassis: str | None) -> str:
    known = _ITEM_TYPES.get((item_type or "Computer").lower())
    if known is not None:
        return known
    word = (chassis or "").lower()
    return next((category for category, words in CHASSIS.items() if word in words), "desktop")


def _asset_tag(value: str | None) -> str | None:
    """Android agents put the build's key set here."""
    return None if value in {"release-keys", "test-keys", "dev-keys"} else value
