from donating import accepted, listed, picked_up, planned, receive
from makers import Town


def test_a_donation_cannot_be_closed_before_a_removed_medium_is_dealt_with(town: Town) -> None:
    donation = accepted(town)
    listed(town.council, donation, "Catégorie;N° de série\nportable;SN-1\n")
    collection = picked_up(town, planned(town, donation))
    device_id = town.lead.get(f"/v1/devices?donation_id={donation['id']}").json()["items"][0]["id"]
    seen = [{"device_id": device_id, "outcome": "received"}]
    answer = receive(town, collection, devices=seen, signatures=[{"role": "lead", "name": "lead-1"}])
    assert answer.status_code == 200, answer.text
    medium = town.technician.post(f"/v1/devices/{device_id}/media", {"serial": "DISK-1", "kind": "hdd"}).json()
    medium_id = medium["media"][0]["id"] if "media" in medium else medium["id"]
    disposals = f"/v1/media/{medium_id}/disposals"
    assert town.data_security.post(disposals, {"kind": "removed", "reason": "kept by the donor"}).status_code == 201
    close = f"/v1/donations/{donation['id']}/moves"
    refused = town.lead.post(close, {"to": "closed"})
    assert (refused.status_code, refused.json()["missing"]) == (409, ["removed_media"])
    destroyed = town.data_security.post(disposals, {"kind": "destroyed", "method": "shredded", "witness": "secu-2"})
    assert destroyed.status_code == 201, destroyed.text
    assert town.lead.post(close, {"to": "closed"}).status_code == 200
