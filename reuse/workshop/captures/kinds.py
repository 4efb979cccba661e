"""Which kind of medium this is, where the tool does not say it outright."""

import json
import re
from functools import cache
from importlib.resources import files
from typing import TypedDict, cast


class _Rule(TypedDict):
    kind: str
    pattern: str


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    table = json.loads(files("reuse").joinpath("data/media_models.json").read_text("utf-8"))
    return tuple((rule["kind"], re.compile(rule["pattern"])) for rule in cast("list[_Rule]", table["patterns"]))


def kind_by_model(model: str | None) -> str | None:
    """Tell hdd or ssd_sata where the model name says it (`data/media_models.json`), else None: no guess."""
    if model is None:
        return None
    upper = model.upper()
    return next((kind for kind, pattern in _patterns() if pattern.search(upper)), None)


RAID_VOLUME = (
    "This is a volume of a RAID controller and no disk: run smartctl -j -a -d megaraid,N for each disk behind it."
)


@cache
def _volumes() -> re.Pattern[str]:
    table = json.loads(files("reuse").joinpath("data/media_models.json").read_text("utf-8"))
    return re.compile("|".join(cast("list[str]", table["raid_volumes"])), re.IGNORECASE)


def is_raid_volume(model: str | None) -> bool:
    """Whether this model is what a RAID controller calls its volumes: the disks behind it are not seen."""
    return model is not None and _volumes().search(model) is not None


CHASSIS = {
    "laptop": (
        "notebook", "laptop", "portable", "sub-notebook", "subnotebook", "netbook", "convertible", "detachable",
        "handheld", "hand held",
    ),
    "desktop": (
        "desktop", "low-profile", "low profile desktop", "pizza-box", "pizza box", "pizzabox", "mini-tower",
        "mini tower", "microtower", "tower", "space-saving", "all in one", "all-in-one", "allinone", "lunch-box",
        "lunch box", "lunchbox", "mini-pc", "mini pc", "stick-pc", "stick pc", "stick",
    ),
    "server": (
        "server", "main server chassis", "rackmount", "rack mount chassis", "blade", "blade enclosure", "multi-system",
    ),
    "tablet": ("tablet",),
}  # fmt: skip
"""SMBIOS chassis types (DSP0134, 7.4.1) as lshw, dmidecode and eReuse Workbench spell them."""


def chassis_of(word: str | None) -> str | None:
    """Tell laptop, desktop, server, tablet or other; None where the tool says nothing, or unknown."""
    if word is None or word.strip().lower() in {"", "unknown"}:
        return None
    text = word.strip().lower().removesuffix(" computer")
    return next((kind for kind, words in CHASSIS.items() if text in words), "other")
