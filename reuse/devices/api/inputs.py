"""Texts and words that people send about devices, as the doors of several stages read them."""

from typing import Annotated, Literal

from litestar.params import HeaderParameter
from pydantic import AfterValidator, Field, StringConstraints

from reuse.web import Shape


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("Control characters and line breaks cannot be part of it")
    return text


Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_printable)
]
"""One line of text: no control characters, 1 to 200 characters without the spaces around it."""

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
"""Why somebody did something, in their words."""

AcceptLanguage = Annotated[str | None, HeaderParameter(name="accept-language")]
"""Which language a person reads (RFC 9110, 12.5.4)."""


class WasteShape(Shape):
    """How a device leaves as waste; hazardous waste (a code with a star) needs its slip."""

    mass_grams: Annotated[int, Field(gt=0, le=100_000_000)]
    waste_code: Annotated[str, StringConstraints(pattern=r"^\d{2} ?\d{2} ?\d{2} ?\*?$")]
    destination: Line
    treatment: Line
    slip: Line | None = None
    destination_siret: Line | None = None


MediaKind = Literal["hdd", "ssd_sata", "ssd_nvme", "emmc", "ufs", "sd", "usb", "phone", "other"]
CodeKind = Literal["label", "asset_tag", "serial", "imei", "donor_reference", "external"]
