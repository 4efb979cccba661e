"""Steps 1 and 2: a council registers what it gives; the workshop accepts, fetches, counts and compares."""

from collections import Counter

from reuse.demo.story import parts
from reuse.demo.story.scene import Json, Scene, by_tag, code_of, counted, name_of
from reuse.demo.story.townlist import corrected_list, first_list

LIST_NAME = "inventaire-ville.csv"
FRENCH = {"pickup_note": "bon-enlevement", "reception_note": "note-reception"}


def register(scene: Scene) -> None:
    """Step 1: a donation with rough lines, then the council's own file, its faults, and the file mended."""
    council, teller = scene.cast.council, scene.teller
    teller.chapter(1, "The council registers a donation")
    scene.donation = council.post(
        "/v1/donations",
        {
            "legal_basis": "public_free_transfer",
            "required_erasure": "clear",
            "collection_address": "12 quai Nord, 59140 Grand-Port",
            "contact": {"service": "Direction du numérique", "person": council.name},
            "lines": [{"category": "laptop", "quantity": 12}, {"category": "monitor", "quantity": 12}],
            "notes": "Renouvellement du parc, hôtel de ville et médiathèque",
        },
    )
    teller.says(
        council.name,
        f"{council.organisation} registers {scene.donation['number']} ({scene.donation['status']}): about 12 laptops "
        "and 12 screens, a free transfer by a public body, erased at least to NIST Clear.",
    )
    result = _send(scene, first_list(scene.devices), dry_run="true")
    teller.says(council.name, f"sends {LIST_NAME} for a trial: {_told(result)}. Nothing is kept yet.")
    for fault in result["errors"]:
        teller.adds(f"row {fault['row']}, {fault['column']}: {fault['message']}")
    result = _send(scene, first_list(scene.devices))
    teller.says(council.name, f"lets the good rows in: {_told(result)}.")
    result = _send(scene, corrected_list(scene.devices))
    news = f"{counted(result['accepted'], 'new device')}, {result['known']} known already, {result['rejected']} refused"
    teller.says(council.name, f"sends the list mended: {news}.")
    scene.ids = by_tag(scene.cast.council.pages(f"/v1/devices?donation_id={scene.donation['id']}"))
    lines = council.get(f"/v1/donations/{scene.donation['id']}")["lines"]
    teller.adds("declared now: " + ", ".join(f"{line['category']} {line['declared']}" for line in lines))


def _send(scene: Scene, content: bytes, **fields: str) -> Json:
    council, path = scene.cast.council, f"/v1/donations/{scene.donation['id']}/imports"
    job = council.upload(path, LIST_NAME, content, expects=202, mode="good_rows", **fields)
    return council.result_of(job)


def _told(result: Json) -> str:
    return f"{counted(result['rows'], 'row')}, {result['accepted']} good, {result['rejected']} refused"


def receive(scene: Scene) -> None:
    """Step 2: submitted, accepted, fetched, counted three times."""
    scene.teller.chapter(2, "The workshop accepts, the carrier fetches, the dock counts")
    _accept(scene)
    collection = _fetch(scene)
    _count(scene, collection)


def _accept(scene: Scene) -> None:
    council, lead, teller = scene.cast.council, scene.cast.lead, scene.teller
    moves = f"/v1/donations/{scene.donation['id']}/moves"
    council.post(moves, {"to": "submitted"}, expects=200)
    teller.says(council.name, f"submits {scene.donation['number']}; the territory has one workshop, so it goes there.")
    problem = council.refused(moves, {"to": "accepted"}, expects=403)
    teller.refused(council.name, "tries to accept it too", problem)
    accepted = lead.post(moves, {"to": "accepted"}, expects=200)
    teller.says(
        lead.name,
        f"accepts for {lead.organisation}, an association of general interest, to which the law allows the gift "
        f"({accepted['status']}).",
    )
    _agree(scene)


def _agree(scene: Scene) -> None:
    """The council declares what the law asks of a public body, and both sides accept the agreement that is printed."""
    council, lead, teller = scene.cast.council, scene.cast.lead, scene.teller
    path = f"/v1/donations/{scene.donation['id']}"
    lead.result_of(lead.post(f"{path}/agreement", expects=202))
    problem = council.refused(f"{path}/agreement/acceptances", {}, expects=409)
    teller.refused(council.name, "tries to accept the agreement before declaring anything", problem)
    council.ask("PATCH", path, json={"declarations": parts.DECLARATIONS})
    teller.says(council.name, "declares the council's decision, a unit value of 150 € and that nothing is classified.")
    document_id = lead.result_of(lead.post(f"{path}/agreement", expects=202))["document_id"]
    council.post(f"{path}/agreement/acceptances", {})
    agreement = lead.post(f"{path}/agreement/acceptances", {})
    name = scene.keep_document(council, document_id, f"convention-{agreement['number']}.pdf")
    teller.says(lead.name, f"and {council.name} accept {agreement['number']} by its hash: {agreement['state']}.")
    teller.adds(f"printed: {name}")


def _fetch(scene: Scene) -> Json:
    lead, carrier, teller = scene.cast.lead, scene.cast.carrier, scene.teller
    collection = lead.post(
        "/v1/collections",
        {
            "donation_ids": [scene.donation["id"]],
            "carrier_id": carrier.organisation_id,
            "mode": "pickup",
            "planned_at": parts.PICKED_UP_AT,
            "vehicle": "Fourgon 12 m³",
        },
    )
    teller.says(lead.name, f"plans {collection['number']} with {carrier.organisation}.")
    counts = Counter(device["category"] for device in scene.all_devices())
    counts["smartphone"] -= 1  # one of the two that never arrive was not there to be signed for
    collection = carrier.post(
        f"/v1/collections/{collection['id']}/pickup",
        {
            "at": parts.PICKED_UP_AT,
            "counts": [{"category": category, "quantity": quantity} for category, quantity in sorted(counts.items())],
            "containers": [
                {"code": "PAL-1", "kind": "pallet", "seal": "A-48213", "content": "Unités centrales, portables"},
                {"code": "PAL-2", "kind": "pallet", "seal": "A-48214", "content": "Écrans"},
                {"code": "CAI-1", "kind": "crate", "seal": "A-48215", "content": "Téléphones, tablettes"},
            ],
            "signatures": [
                {"role": "donor", "name": scene.cast.council.name},
                {"role": "carrier", "name": carrier.name},
            ],
        },
        expects=200,
    )
    sealed = counted(len(collection["containers"]), "sealed container")
    teller.says(carrier.name, f"signs for {counts.total()} devices in {sealed} ({collection['status']}).")
    return collection


def _count(scene: Scene, collection: Json) -> None:
    lead, teller = scene.cast.lead, scene.teller
    collection = lead.post(
        f"/v1/collections/{collection['id']}/reception",
        {
            "at": parts.RECEIVED_AT,
            "devices": [_seen(device) for device in scene.all_devices()],
            "extra": [{"category": "monitor", "manufacturer": "Dell", "model": "P2217H", "serial": "CN7GHX311"}],
            "signatures": [{"role": "carrier", "name": scene.cast.carrier.name}],
        },
        expects=200,
    )
    found = collection["reconciliation"]
    teller.says(
        lead.name, f"receives and signs ({collection['status']}); declared, picked up and received are compared:"
    )
    teller.table(
        ["category", "declared", "picked up", "received"],
        [[line[name] for name in ("category", "declared", "picked_up", "received")] for line in found["lines"]],
    )
    by_id = {device["id"]: device for device in scene.all_devices()}
    for one in found["differences"]:
        device = by_id.get(one["device_id"] or "")
        name = name_of(device) if device else counted(one["quantity"], one["category"])
        if one["expected"] and one["found"]:
            name += f": {one['expected']} on the list, {one['found']} on the machine"
        teller.adds(f"{one['reason']}: {name}")
    path = f"/v1/collections/{collection['id']}"
    collection = lead.wait_for(path, lambda now: all(paper["document_id"] for paper in now["documents"]))
    for paper in collection["documents"]:
        name = scene.keep_document(lead, paper["document_id"], f"{FRENCH[paper['kind']]}-{paper['number']}.pdf")
        teller.adds(f"printed: {name}")


def _seen(device: Json) -> Json:
    """What the dock says of one listed device: mostly that it is there."""
    tag = code_of(device, "asset_tag")
    if tag in parts.MISSING:
        return {"device_id": device["id"], "outcome": "missing"}
    if tag == parts.BROKEN:
        condition = "Dalle cassée au transport"
        return {"asset_tag": tag, "outcome": "damaged", "condition": condition, "note": "Coin enfoncé, palette PAL-2"}
    if tag == parts.MISCOPIED[0]:
        return {"asset_tag": tag, "serial": parts.MISCOPIED[1], "outcome": "received"}
    return {"device_id": device["id"], "outcome": "received"}
