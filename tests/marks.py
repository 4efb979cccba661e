"""What only one person would say, and whether it still stands anywhere: in a table, a file, the bytes of a database."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from makers import Town
from makers_distribution import handed_over, listed_devices, reserved
from reuse import clock

MARK = "zqxmarque"
"""A word that nothing else in a house says."""
FAMILY = {
    "pseudonym": f"famille-{MARK}-1",
    "commune_insee": "59183",
    "qpv": "yes",
    "age_band": "26-39",
    "prescriber": f"prescripteur-{MARK}",
    "eligible": True,
}
SEALED = "zqxscelle"
"""A word that only a contact says."""
CONTACT = {"phone": "+33 6 12 34 56 78", "email": f"{SEALED}@example.org", "words": f"Après 18 h, {SEALED}"}


def today() -> date:
    return clock.now().astimezone(ZoneInfo("Europe/Paris")).date()


def handed_to(town: Town, count: int = 1, **more: Any) -> dict[str, Any]:
    """Laptops that the network has handed over to a family, by default FAMILY."""
    return handed_over(
        town.network, reserved(town.network, listed_devices(town, count)), **{"beneficiary": FAMILY, **more}
    )


def everything_kept(town: Town) -> str:
    """All bytes of the house: the database with its log, and every file but packed ones, as one text."""
    folder = town.house.settings.data_dir
    return "\n".join(path.read_bytes().decode("latin-1") for path in sorted(folder.rglob("*")) if path.is_file())
