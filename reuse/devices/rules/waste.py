"""What the law asks of a device that leaves as waste. Source: spec/law.md, Waste; `reuse/data/waste_codes.json`."""

import json
from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import Any

from reuse.errors import Fault

FRANCE = "FR"


@cache
def waste_codes() -> dict[str, Any]:
    """Return the codes and treatments that may be said, with their titles."""
    text = resources.files("reuse.data").joinpath("waste_codes.json").read_text("utf-8")
    return json.loads(text)


def plain_waste_code(code: str) -> str:
    """Return a code of the list of waste without spaces: `16 02 13*` is `160213*`."""
    return "".join(code.split())


def is_hazardous(code: str) -> bool:
    """Say whether waste of this code is hazardous: its code bears a star (decision 2014/955/EU)."""
    return plain_waste_code(code).endswith("*")


def waste_faults(
    *,
    waste_code: str,
    treatment: str,
    slip: str | None,
    destination_siret: str | None,
    country: str,
    is_siret: Callable[[str], bool],
) -> tuple[Fault, ...]:
    """Return what is wrong with the papers of a device that leaves as waste, each with its place.

    Hazardous waste needs its slip (in France the number of the BSDD, R541-45). A code that is not in the table is
    refused: it is no code under which equipment leaves a workshop.
    """
    table = waste_codes()
    faults: list[Fault] = []
    code = plain_waste_code(waste_code)
    if code not in table["codes"]:
        other = f"{code}*" if f"{code}*" in table["codes"] else code.removesuffix("*")
        hint = f" Did you mean {other}?" if other != code and other in table["codes"] else ""
        sentence = f"{waste_code} is no waste code of equipment, parts or batteries.{hint}"
        faults.append(Fault("/waste/waste_code", "unknown_waste_code", sentence))
    if treatment.replace(" ", "").upper() not in table["treatments"]:
        sentence = f"{treatment} is no treatment code; write one such as R12, R13 or D15."
        faults.append(Fault("/waste/treatment", "unknown_treatment", sentence))
    if is_hazardous(code) and not (slip or "").strip():
        named = "its BSDD of Trackdéchets" if country == FRANCE else "its consignment note"
        sentence = f"{waste_code} is hazardous waste: give the number of {named} as slip."
        faults.append(Fault("/waste/slip", "slip_missing", sentence))
    if destination_siret is not None and not is_siret(destination_siret):
        sentence = f"{destination_siret} is no SIRET: it has 14 digits, and its check digit must fit. Read it again."
        faults.append(Fault("/waste/destination_siret", "bad_siret", sentence))
    return tuple(faults)
