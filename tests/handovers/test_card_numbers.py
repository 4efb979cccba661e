"""Numbers of payment cards are never kept: refused where they stand, and not said back."""

from collections.abc import Iterator

import pytest

from makers import Town
from makers_distribution import FAMILY, ask_handover, handed_over, listed_devices, reserved
from reuse.errors import Invalid
from reuse.handovers.rules.cards import holds_card_number, refuse_card_numbers

# Numbers that card schemes publish for tests; nobody has them.
VISA, AMEX, LONG = "4111111111111111", "378282246310005", "6304000000000000000"


def ways_of_writing(number: str) -> Iterator[str]:
    for sign in (" ", "-", "\u00a0", "\u202f", "\u2011", "\u2013", ".", " - "):
        yield sign.join(number[start : start + 4] for start in range(0, len(number), 4))
    yield sign.join(number[start : start + 1] for start in range(len(number)))
    yield f"CB {number} exp 12/27"
    yield f"carte:{number};12/27"
    yield f"12 {number}"
    yield f"{number} 123"
    yield number.translate({48 + digit: 0x660 + digit for digit in range(10)})


@pytest.mark.parametrize("number", [VISA, AMEX, LONG, "4222222222222"])
def test_a_card_number_is_found_however_it_is_written(number: str) -> None:
    assert holds_card_number(number)
    assert [text for text in ways_of_writing(number) if not holds_card_number(text)] == []


@pytest.mark.parametrize(
    "text",
    [
        "card",
        "4111111111111112",
        "411111111111",
        "2026-03-02 09:30",
        "chèque 0012345",
        "03 20 00 00 00",
        "0" * 16,
        "",
        "IMEI 353879234252633",
    ],
)
def test_other_texts_are_none(text: str) -> None:
    assert not holds_card_number(text)


def test_the_refusal_names_every_place_and_repeats_no_number() -> None:
    said = {"payment": {"method": VISA, "amount_minor": 4111111111111111}, "accessories": [{"serial": f"x {AMEX}"}]}
    with pytest.raises(Invalid) as refused:
        refuse_card_numbers(said)
    assert [fault.pointer for fault in refused.value.errors] == ["/payment/method", "/accessories/0/serial"]
    told = refused.value.detail + " ".join(fault.message for fault in refused.value.errors)
    assert not any(sign.isdigit() for sign in told)


def test_no_card_number_is_kept_of_a_contact_a_return_or_a_voucher(town: Town) -> None:
    written = f"{VISA[:4]} {VISA[4:8]} {VISA[8:12]} {VISA[12:]}"
    answers = [
        ask_handover(town.network, reserved(town.network, listed_devices(town)), contact=contact)
        for contact in ({"phone": written}, {"phone": f"+{VISA}"}, {"words": f"carte {VISA}"})
    ]
    phoned = {"beneficiary": FAMILY, "contact": {"phone": "00 33 6 12 34 56 79"}}
    made = handed_over(town.network, reserved(town.network, listed_devices(town)), **phoned)
    path = f"/v1/devices/{made['lines'][0]['device_id']}/returns"
    answers += [town.network.post(path, body) for body in ({"reason": VISA}, {"reason": "Panne", "note": written})]
    voucher = town.network.post("/v1/vouchers", {"prescriber": "CCAS"}).json()["vouchers"][0]
    answers.append(town.network.post(f"/v1/vouchers/{voucher['id']}/revocation", {"reason": written}))
    assert [(one.status_code, one.json()["code"]) for one in answers] == [(400, "card_number")] * 6
    assert holds_card_number("00 33 6 12 34 56 79")
