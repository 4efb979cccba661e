"""Steps 8 and 9: prices, the catalogue, two networks that reserve, hand-overs with their receipts, a warranty case."""

from collections import Counter
from itertools import groupby

from reuse import clock
from reuse.demo.actors import Actor
from reuse.demo.story import parts
from reuse.demo.story.scene import Json, Scene, code_of, counted, name_of

COMMUNE = "59183"
"""Dunkerque, by its INSEE code; what stands for Grand-Port."""


def offer(scene: Scene) -> None:
    """Step 8: every price is explained and under the law's cap; no device is promised twice."""
    scene.teller.chapter(8, "Prices, catalogue, reservations")
    _list(scene)
    _look_around(scene)
    _reserve(scene)


def _list(scene: Scene) -> None:
    lead, teller = scene.cast.lead, scene.teller
    listings = {tag: lead.post(scene.path(tag, "listing"), {}, expects=200) for tag in parts.APPROVED}
    shown = listings[parts.WIPED[0]]
    teller.says(lead.name, f"lists {len(listings)} devices. {name_of(scene.device(parts.WIPED[0]))}:")
    for line in shown["explanation"]:
        teller.adds(line["text"])
    cap = shown["legal_cap"]
    teller.adds(f"Price {_money(shown['price'])}, at most {_money(cap)} by law ({cap['source']}).")
    _shelve(scene)
    tag = parts.HELD[1]
    teller.refused(lead.name, f"would list {name_of(scene.device(tag))}", lead.refused(scene.path(tag, "listing"), {}))


def _shelve(scene: Scene) -> None:
    """What is for sale has its place in the stock, six to a shelf."""
    lead = scene.cast.lead
    places = [(tag, f"Stock {'AB'[number % 2]}{number // 6 + 1}") for number, tag in enumerate(parts.APPROVED)]
    scans = [_scan(scene, tag, "locate", location=place) for tag, place in places]
    lead.post("/v1/scans", {"scans": scans}, expects=200)
    scene.teller.says(lead.name, f"scans them into the stock, shelves {places[0][1]} to {max(p for _, p in places)}.")


def _scan(scene: Scene, tag: str, action: str, **data: str) -> Json:
    """A scan of the device's label, now."""
    code = code_of(scene.device(tag), "label")
    return {"id": str(clock.new_id()), "code": code, "action": action, "at": clock.now().isoformat(), "data": data}


def _money(amount: Json) -> str:
    """An amount in euros, as this town counts."""
    return f"{amount['amount_minor'] / 100:.2f} {amount['currency']}"


def _look_around(scene: Scene) -> None:
    network, teller = scene.cast.network, scene.teller
    offers = sorted(network.pages("/v1/catalogue"), key=lambda one: one["category"])
    told: list[str] = []
    for category, group in groupby(offers, key=lambda one: one["category"]):
        prices = [one["price"]["amount_minor"] // 100 for one in group]
        span = f"{min(prices)}" if min(prices) == max(prices) else f"{min(prices)} to {max(prices)}"
        told.append(f"{len(prices)} {category} at {span} EUR")
    teller.says(network.name, f"{network.organisation} looks through the catalogue: {', '.join(told)}.")


def _reserve(scene: Scene) -> None:
    """By device, by criteria, and against another's hold."""
    first, second, teller = scene.cast.network, scene.cast.other_network, scene.teller
    wanted = ("INV-000417", "INV-000487", "INV-000552", "INV-000568", "INV-000616", "INV-000640")
    held = first.post("/v1/reservations", {"device_ids": [scene.ids[tag] for tag in wanted]})
    scene.reservations["first"] = held
    teller.says(first.name, f"reserves {len(held['lines'])} devices: {held['number']}, {held['status']}.")
    problem = second.refused("/v1/reservations", {"device_ids": [scene.ids[wanted[0]]]})
    teller.refused(second.name, f"{second.organisation} would have {name_of(scene.device(wanted[0]))}", problem)
    second.post("/v1/needs", {"category": "laptop", "quantity": 5, "purpose": "Ateliers numériques du mercredi"})
    laptops: Json = {"category": "laptop", "quantity": 5}
    problem = second.refused("/v1/reservations", {"criteria": laptops})
    teller.refused(second.name, "states a need of 5 laptops and would reserve 5 by criteria", problem)
    cheap: Json = {"category": "monitor", "quantity": 3, "max_price_minor": 3_000}
    for name, criteria in (("laptop", laptops), ("monitors", cheap)):
        body = {"criteria": criteria, "allow_partial": True}
        scene.reservations[name] = second.post("/v1/reservations", body)
        count = counted(len(scene.reservations[name]["lines"]), criteria["category"])
        teller.says(second.name, f"takes {count}: {scene.reservations[name]['number']}, held.")
    for name, network in (("first", first), ("laptop", second), ("monitors", second)):
        moves = f"/v1/reservations/{scene.reservations[name]['id']}/moves"
        confirmed = network.post(moves, {"to": "confirmed"}, expects=200)
        teller.says(network.name, f"confirms {confirmed['number']}: {confirmed['status']}.")


def hand_over(scene: Scene) -> None:
    """Step 9: a list to pick by, every gate again, a receipt with warranty, and one device that comes back."""
    first, second, teller = scene.cast.network, scene.cast.other_network, scene.teller
    teller.chapter(9, "Hand-over to families")
    _prepare(scene, "INV-000417")
    family = _family("F-118", qpv="yes", age_band="26-39")
    _refuse_dear(scene, family)
    _give(scene, first, "first", ["INV-000417"], family)
    _give(scene, first, "first", ["INV-000487", "INV-000552"], _family("F-121", qpv="no", age_band="60-74"))
    _give(scene, first, "first", ["INV-000568", "INV-000616", "INV-000640"], None)
    _give(scene, second, "laptop", _tags(scene, "laptop"), _family("F-205", qpv="unknown", age_band="18-25"))
    _give(scene, second, "monitors", _tags(scene, "monitors"), None)
    _complain(scene, first, "INV-000640")


def _complain(scene: Scene, network: Actor, tag: str) -> None:
    """A device comes back, and the term of its receipt is what counts."""
    body = {"device_id": scene.ids[tag], "complaint": {"words": "Ne charge plus"}, "take_back": True}
    case = network.post("/v1/warranty-cases", body)
    term = case["warranty"]
    told = f"under warranty until {term['until']}" if term["under_warranty"] else "out of warranty"
    scene.teller.says(
        network.name,
        f"brings back {name_of(scene.device(tag))} (Ne charge plus), case {case['number']}: {told}; "
        "all must be proved anew but its label and its hardware.",
    )


def _family(pseudonym: str, **more: str) -> Json:
    """What is kept of a beneficiary: no name, no papers, no income."""
    return {"pseudonym": pseudonym, "commune_insee": COMMUNE, "prescriber": "CCAS", "eligible": True, **more}


def _tags(scene: Scene, reservation: str) -> list[str]:
    """The tags of what a reservation by criteria has found."""
    found = {line["device_id"] for line in scene.reservations[reservation]["lines"]}
    return [tag for tag, device_id in scene.ids.items() if device_id in found]


def _prepare(scene: Scene, tag: str) -> None:
    """The workshop lays out what is reserved by a list, and scans what it fetches; a wrong device is told at once."""
    lead, teller = scene.cast.lead, scene.teller
    kept = scene.reservations["first"]
    job = lead.post(f"/v1/reservations/{kept['id']}/preparation", expects=202)
    name = scene.keep_document(lead, lead.result_of(job)["document_id"], f"preparation-{kept['number']}.pdf")
    teller.says(lead.name, f"prints what to lay out for {kept['number']}, in the order of the shelves; {name}")
    foreign = "INV-000418"
    scans = [_scan(scene, one, "hand_over_check", reservation_id=kept["id"]) for one in (tag, foreign)]
    good, wrong = lead.post("/v1/scans", {"scans": scans}, expects=200)["results"]
    teller.says(lead.name, f"scans {name_of(scene.device(tag))} at the shelf: {good['outcome']}.")
    teller.refused(lead.name, f"scans {name_of(scene.device(foreign))} too", wrong["problem"])


def _refuse_dear(scene: Scene, family: Json) -> None:
    network, teller = scene.cast.network, scene.teller
    body = {
        "device_ids": [scene.ids["INV-000417"]],
        "beneficiary": family,
        "payment": {"amount_minor": 20_000, "currency": "EUR", "method": "cash"},
    }
    problem = network.refused(f"/v1/reservations/{scene.reservations['first']['id']}/handovers", body)
    teller.refused(network.name, "would take 200.00 EUR for a laptop that a public body gave", problem)


def _give(scene: Scene, network: Actor, reservation: str, tags: list[str], family: Json | None) -> None:
    """Hand devices over at the price of their reservation, and keep the receipt."""
    kept = scene.reservations[reservation]
    prices = {line["device_id"]: line["price"]["amount_minor"] for line in kept["lines"]}
    body: Json = {
        "device_ids": [scene.ids[tag] for tag in tags],
        "signature": {
            "role": "beneficiary" if family else "network",
            "name": (family or {}).get("pseudonym", network.name),
        },
    }
    if family:
        amount = sum(prices[scene.ids[tag]] for tag in tags)
        body |= {"beneficiary": family, "payment": {"amount_minor": amount, "currency": "EUR", "method": "cash"}}
    made = network.post(f"/v1/reservations/{kept['id']}/handovers", body)
    made = network.wait_for(f"/v1/handovers/{made['id']}", lambda now: now["receipt_document_id"] is not None)
    name = scene.keep_document(network, made["receipt_document_id"], f"recu-remise-{made['number']}.pdf")
    to = f"the family {family['pseudonym']}" if family else "its own stock"
    what = Counter(scene.device(tag)["category"] for tag in tags)
    told = ", ".join(counted(count, category) for category, count in what.items())
    paid = _money(made["paid"]) + " paid" if made["paid"] else "to be paid by the network: " + _money(made["total"])
    scene.teller.says(network.name, f"hands {told} to {to}, {paid}; {name}")
