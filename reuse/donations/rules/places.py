"""Where an address lies, as far as its words tell: no network is asked."""

import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

POSTCODE_NAMES = frozenset({"postcode", "postal_code", "postalcode", "zip", "code_postal", "cp"})
STREET_NAMES = frozenset({"street", "address", "rue", "adresse", "voie", "line1"})
LATITUDE_NAMES = frozenset({"latitude", "lat"})
LONGITUDE_NAMES = frozenset({"longitude", "lon", "lng"})
_POSTCODE = re.compile(r"(?<!\d)(\d{5}|\d{4})(?!\d)")
_EARTH_KM = 6371.0


@dataclass(frozen=True, slots=True)
class Point:
    """A place on the globe, in degrees (WGS 84)."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What an address tells: a point where coordinates stand in it, else a postcode and a street, in plain letters."""

    point: Point | None = None
    postcode: str = ""
    street: str = ""


def whereabouts(address: object) -> Whereabouts:
    """Read a collection address, which is free text or an object of short texts (French or English names)."""
    if isinstance(address, Mapping):
        fields = {str(name).lower(): value for name, value in cast("Mapping[object, object]", address).items() if value}
        text = ", ".join(str(value) for value in fields.values())
        postcode = _first(fields, POSTCODE_NAMES) or _postcode_in(text)
        return Whereabouts(_point(fields), _plain(postcode), _plain(_first(fields, STREET_NAMES) or text))
    text = str(address or "")
    postcode = _postcode_in(text)
    return Whereabouts(None, postcode, _plain(text.split(postcode)[0] if postcode else text))


def distance_km(one: Point, other: Point) -> float:
    """Kilometres as the crow flies (haversine on a sphere of 6,371 km)."""
    north = math.radians(other.latitude - one.latitude)
    east = math.radians(other.longitude - one.longitude)
    chord = (
        math.sin(north / 2) ** 2
        + math.cos(math.radians(one.latitude)) * math.cos(math.radians(other.latitude)) * math.sin(east / 2) ** 2
    )
    return 2 * _EARTH_KM * math.asin(math.sqrt(min(1.0, chord)))


def is_on_globe(latitude: float, longitude: float) -> bool:
    """Whether the two degrees can be a place."""
    return -90 <= latitude <= 90 and -180 <= longitude <= 180  # noqa: PLR2004  # degrees of the globe


def _first(fields: Mapping[str, object], names: frozenset[str]) -> str:
    return next((str(value) for name, value in fields.items() if name in names), "")


def _point(fields: Mapping[str, object]) -> Point | None:
    try:
        latitude = float(_first(fields, LATITUDE_NAMES).replace(",", "."))
        longitude = float(_first(fields, LONGITUDE_NAMES).replace(",", "."))
    except ValueError:
        return None
    return Point(latitude, longitude) if is_on_globe(latitude, longitude) else None


def _postcode_in(text: str) -> str:
    """The last group of four or five digits: a house number comes before it, and is shorter in most streets."""
    found: list[str] = _POSTCODE.findall(text)
    five = [one for one in found if len(one) == 5]  # noqa: PLR2004  # French and Moroccan postcodes
    return (five or found or [""])[-1]


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(one if one.isalnum() else " " for one in letters if not unicodedata.combining(one)).split())
