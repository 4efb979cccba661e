"""The end: what became of every category, computed from what the API answers."""

from collections import Counter
from collections.abc import Iterable

from reuse.demo.story.scene import Json, Scene

COLUMNS = ("declared", "received", "wiped", "ready", "handed over", "recycled", "in workshop")
READY = frozenset({"ready", "listed", "reserved", "handed_over"})
NOT_HERE = frozenset({"declared", "collected", "missing", "withdrawn"})
IN_WORKSHOP = frozenset({"received", "in_workshop", "returned"})


def outcome_rows(donation: Json, devices: Iterable[Json], certified: Iterable[str]) -> list[list[str | int]]:
    """A row for each category and one for all: declared lines, devices by status, devices with a certificate.

    `certified` are the ids of devices with a certificate of erasure. Ready counts what passed the gate and was not
    taken back since, so a device that is handed over counts there too.
    """
    counts: dict[str, Counter[str]] = {}
    for line in donation["lines"]:
        counts.setdefault(line["category"], Counter())["declared"] += line["declared"]
    proved = set(certified)
    for device in devices:
        of_category = counts.setdefault(device["category"], Counter())
        status = device["status"]
        of_category["received"] += status not in NOT_HERE
        of_category["wiped"] += device["id"] in proved
        of_category["ready"] += status in READY
        of_category["handed over"] += status == "handed_over"
        of_category["recycled"] += status == "recycled"
        of_category["in workshop"] += status in IN_WORKSHOP
    rows: list[list[str | int]] = [[name, *(found[column] for column in COLUMNS)] for name, found in counts.items()]
    total = [sum(found[column] for found in counts.values()) for column in COLUMNS]
    return [*rows, ["all", *total]]


def count_impact(scene: Scene) -> None:
    """Step 10: what the hand-overs avoid against buying new, always three numbers, and the report."""
    council, region, teller = scene.cast.council, scene.cast.region, scene.teller
    teller.chapter(10, "Impact")
    scope = {"donation_id": scene.donation["id"]}
    found = council.get(f"/v1/impact?donation_id={scene.donation['id']}")
    teller.says(
        council.name,
        f"reads what its {found['devices']} devices in use avoid against buying new, with the factors "
        f"{found['factor_set']}, in kg CO2e:",
    )
    sums: list[Json] = [
        *found["by_category"],
        {"category": "all", "devices": found["devices"], "kg_co2e": found["kg_co2e"]},
    ]
    rows = [[one["category"], one["devices"], *_three(one["kg_co2e"])] for one in sums]
    teller.table(["category", "devices", "low", "central", "high"], rows, total=True)
    if found["not_covered"]:
        without = ", ".join(f"{name} {count}" for name, count in found["not_covered"].items())
        teller.adds(f"without a factor, and counted as not covered: {without}")
    job = council.post("/v1/impact-reports", {**scope, "language": "fr"}, expects=202)
    name = scene.keep_document(council, council.result_of(job)["document_id"], "rapport-impact.pdf")
    teller.adds(f"printed with the line of every device: {name}")
    seen = region.get("/v1/impact")
    teller.says(
        region.name,
        f"{region.organisation} reads its territory's: {seen['devices']} devices, "
        f"{seen['kg_co2e']['central']:.1f} kg CO2e (central).",
    )


def _three(kilos: Json | None) -> list[str]:
    """Low, central and high; dashes where no factor covers the category."""
    names = ("low", "central", "high")
    return [f"{kilos[name]:.1f}" for name in names] if kilos else ["-"] * len(names)


def sum_up(scene: Scene) -> None:
    """Print the table of outcomes."""
    lead = scene.cast.lead
    donation = lead.get(f"/v1/donations/{scene.donation['id']}")
    certificates = lead.pages(f"/v1/certificates?donation_id={donation['id']}")
    certified = [one["device_id"] for one in certificates if one["status"] == "valid"]
    scene.teller.heading("What became of the donation")
    scene.teller.table(["category", *COLUMNS], outcome_rows(donation, scene.all_devices(), certified), total=True)
    scene.teller.plain(
        "    wiped: with a certificate of erasure · ready: passed every gate, those handed over included"
    )
