# ruff: noqa: RUF001  # French apostrophes, dashes and minus signs are what the documents print
"""Values that documents are made of, with memorable names; every person and organisation here is invented."""

import dataclasses
import hashlib
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from labels import values as v

AT = datetime(2026, 11, 23, 14, 13, 5, tzinfo=UTC)
NWIPE_LOG = (
    b"[2026/11/20 09:12:01]  notice: Found /dev/nvme0n1, NVME, SAMSUNG MZVLB512HAJQ, 512 GB, S/N=S3W8NX0M123456\n"
)


def imprint(number: str, **changes: object) -> v.Imprint:
    known: dict[str, object] = {
        "number": number,
        "issued_at": AT,
        "issuer": v.Party("Atelier du Canal", ("12 quai des Filatures, 59000 Lille", "SIRET 732 829 320 00074")),
        "language": "fr",
        "verification_address": "https://filiere.example.org/verify/9XyZk2mQp4R7sT1vW3bN5c",
    }
    return v.Imprint(**(known | changes))  # type: ignore[arg-type]  # a maker takes any field


DONOR = v.Party("Ville de Montreuil-sur-Lys", ("Place de la République", "SIRET 217 500 016 00019"))
CARRIER = v.Party("Transports Lys & Deûle", ("SIRET 552 100 554 00012",))
WORKSHOP = v.Party("Atelier du Canal", ("12 quai des Filatures, 59000 Lille",))
ITEMS = (
    v.Item("7K3M-9QX2-BV4", "laptop", "Lenovo", "ThinkPad T480", "PF1ABC2D", "MON-0412"),
    v.Item("2H8T-W4CN-Z0R", "laptop", "HP", "EliteBook 840 G5", "5CG8123XYZ", "MON-0413", "charnière fendue"),
    v.Item("P6VD-1JYE-K9S", "monitor", "Dell", "P2419H", "CN-0KHT8-74261-96A-1B2L"),
)


@pytest.fixture
def certificate() -> v.ErasureCertificate:
    return v.ErasureCertificate(
        imprint=imprint("CE-2026-000123"),
        medium=v.Medium("Samsung", "MZVLB512HAJQ-000L7", "S3W8NX0M123456", "ssd_nvme", 512_110_190_592, soldered=False),
        device=ITEMS[0],
        donor=DONOR,
        donation_number="DO-2026-000031",
        method="purge",
        required_method="clear",
        technique="NVMe Sanitize, block erase (SANACT 2)",
        tool="nvme-cli",
        tool_version="2.11",
        rounds=1,
        started_at=datetime(2026, 11, 20, 9, 12, 1, tzinfo=UTC),
        ended_at=datetime(2026, 11, 20, 9, 14, 40, tzinfo=UTC),
        verification="last",
        verification_read_as="sstat 0x101 (success, nothing written since)",
        verdict="pass",
        operator=v.Person("AC-17", "technicien", datetime(2026, 11, 20, 9, 14, tzinfo=UTC), "Lille"),
        validator=v.Person("Noor Lemaire", "sécurité des données", AT, "Lille"),
        destination="réemploi dans l’appareil d’origine",
        confidentiality="interne",
        evidence=(
            v.Evidence("nwipe.log", "text/plain", NWIPE_LOG, hashlib.sha256(NWIPE_LOG).hexdigest(), "nwipe_log"),
        ),
        canonical_json=b'{"certificate":"CE-2026-000123","verdict":"pass"}',
        notes=("page_cache", "manual_capture", "ieee_declared"),
        json_signature=b"\x01" * 64,
        signing_key="ed25519:5f0c2a7d9b1e4c36",
    )


@pytest.fixture
def cover() -> v.CertificateCover:
    media = (
        v.CoveredMedium(
            "CE-2026-000123",
            "7K3M-9QX2-BV4",
            "PF1ABC2D",
            "Samsung",
            "MZVLB512HAJQ",
            "S3W8NX0M123456",
            "ssd_nvme",
            "erased",
            "purge",
            AT,
            "ab" * 32,
        ),
        v.CoveredMedium(
            "CE-2026-000124",
            "2H8T-W4CN-Z0R",
            "5CG8123XYZ",
            "Seagate",
            "ST500LM021",
            "W6212345",
            "hdd",
            "destroyed",
            "destroy",
            AT,
            "cd" * 32,
        ),
        v.CoveredMedium("", "P6VD-1JYE-K9S", "CN-0KHT8", "Toshiba", "MQ01", "77X8S", "hdd", "removed"),
    )
    return v.CertificateCover(imprint("RC-2026-000007"), "donation", "DO-2026-000031", DONOR, media, ("Lot complet.",))


@pytest.fixture
def agreement() -> v.DonationAgreement:
    return v.DonationAgreement(
        imprint("CV-2026-000031"), "DO-2026-000031", DONOR, WORKSHOP, "public_free_transfer", "purge",
        (v.AgreedLine("laptop", 40, "environ 40, 2017 à 2019", "always"), v.AgreedLine("monitor", 14, "", "never")),
        "Cession gratuite par une personne publique (CG3P, art. L3212-2 3°).", supersedes="CV-2026-000030",
        donor_reference="DSI-2026-014", place="Hôtel de ville, quai n° 2", recipient_quality="general_interest",
        sites=(
            v.AgreedSite("Mairie annexe", "3 quai du Port", "poste 12", (("lift", False), ("hours", "8 h à 12 h")),
                         ((AT, AT),)),
            v.AgreedSite("Médiathèque", "1 place du Marché"),
        ),
        declarations=(
            v.Declared("Référence de la décision", text="DEL-2026-041"), v.Declared("Date", day=AT.date()),
            v.Declared("Matériel classifié", yes=False), v.Declared("Valeur unitaire", amount=v.Money(15000, "EUR", 2)),
        ),
        missing=("Matériel de sécurité",), resale="Revente à prix solidaire seulement.",
        caps=(v.PriceCap("laptop", v.Money(18000, "EUR", 2), "avec chargeur"),), caps_source="Décret 2022-1413",
        terms=("Garde. Le matériel passe sous la garde du destinataire.",),
        processing=v.Processing("Données (RGPD, art. 28)", "Le destinataire est sous-traitant.",
                                (v.Clause("Sécurité", "Locaux fermés."),)),
        clauses=("Les câbles et chargeurs sont remis avec les appareils.",),
        signatures=(v.Signature("donor", "C. Delattre", AT), v.Signature("recipient")),
    )  # fmt: skip


@pytest.fixture
def pickup() -> v.PickupNote:
    return v.PickupNote(
        imprint("BE-2026-000018"), "CO-2026-000018", ("DO-2026-000031", "DO-2026-000033"), (DONOR,), CARRIER, WORKSHOP,
        AT, AT, "Hôtel de ville, quai n° 2", (v.CountLine("laptop", 39), v.CountLine("monitor", 14, "dont 2 fêlés")),
        vehicle="AB-123-CD",
        containers=(
            v.Container("PAL-0007", "pallet", "SC-88213", "30 portables"), v.Container("CAG-0002", "cage", "SC-88214"),
        ),
        items=ITEMS, remarks=("Une palette filmée sur place.",),
        signatures=(v.Signature("donor", "C. Delattre", AT), v.Signature("carrier", "R. Okafor", AT)),
    )  # fmt: skip


@pytest.fixture
def transfer() -> v.TransferSlip:
    return v.TransferSlip(
        imprint("TA-2026-000004"), "TR-2026-000009", "accepted", CARRIER, WORKSHOP, AT, AT, "5e" * 32,
        seals_intact=False,
        containers=(
            v.Container("PAL-0007", "pallet", "SC-88213", "30 portables", devices=28, sha256="9f" * 32),
            v.Container("CAR-0001", "box", devices=2, inside="PAL-0007", sha256="1b" * 32),
        ),
        items=ITEMS, differences=(v.TransferDifference("seal_broken", "PAL-0007", "scellé coupé"),),
        note="Quai 2.",
        signatures=(
            v.Signature("carrier", "R. Okafor", AT, "M10 80 C30 10 50 10 60 80 Q90 120 110 60"), v.Signature("taker"),
        ),
    )  # fmt: skip


@pytest.fixture
def reception() -> v.ReceptionNote:
    return v.ReceptionNote(
        imprint("BR-2026-000018"), "CO-2026-000018", ("DO-2026-000031",), (DONOR,), CARRIER, AT, "Lille, quai A",
        (v.ReconciliationLine("laptop", 40, 39, 38), v.ReconciliationLine("monitor", 14, 14, 15)),
        differences=(
            v.Difference("missing", "laptop", 2, note="absents de la palette PAL-0007, scellé intact"),
            v.Difference("extra", "monitor", 1, "P6VD-1JYE-K9S", "CN-0KHT8-74261-96A-1B2L"),
            v.Difference("serial_differs", "laptop", 1, "2H8T-W4CN-Z0R", "5CG8123XYZ", "déclaré 5CG8123XY2"),
        ),
        items=ITEMS, signatures=(v.Signature("lead", "M. Benali", AT), v.Signature("donor")),
    )  # fmt: skip


def euros(minor: int) -> v.Money:
    return v.Money(minor, "EUR", 2)


@pytest.fixture
def handover() -> v.HandoverReceipt:
    return v.HandoverReceipt(
        imprint("RE-2026-000077"), WORKSHOP, v.Party("Centre social des Moulins", ("4 rue du Moulin, 59000 Lille",)),
        AT,
        (
            v.HandoverLine("7K3M-9QX2-BV4", "laptop", "Lenovo ThinkPad T480, 8 Go, 256 Go", "PF1ABC2D", "B",
                           euros(12000), euros(18000), refurbished=True),
            v.HandoverLine("P6VD-1JYE-K9S", "monitor", "Dell P2419H", "CN-0KHT8-74261-96A-1B2L", "A", euros(2500),
                           euros(3000), refurbished=True),
        ),
        euros(14500), reservation_number="RS-2026-000052", beneficiary="ROSEAU-4127", paid=euros(14500),
        payment_method="card", cap_source="décret 2022-1413 du 7 novembre 2022",
        accessories=(v.AccessoryLine("Chargeur", 1), v.AccessoryLine("Câble vidéo", 1, "CV-7")),
        warranty=v.Warranty(24, date(2028, 11, 23), 12, "atelier@canal.example, 03 20 00 00 00"),
        signatures=(v.Signature("seller", "M. Benali", AT), v.Signature("network")),
    )  # fmt: skip


@pytest.fixture
def preparation() -> v.PreparationList:
    charger = (v.AccessoryLine("Chargeur", 1),)
    return v.PreparationList(
        imprint("PREP-2026-000004"), "RES-2026-000052", "https://filiere.example.org/v1/reservations/52",
        v.Party("Centre social des Moulins"),
        (
            v.PickLine("7K3M-9QX2-BV4", "https://filiere.example.org/d/7K3M-9QX2-BV4", "laptop", "Lenovo ThinkPad T480",
                       "ABC2D", "B", "A2", charger),
            v.PickLine("P6VD-1JYE-K9S", "https://filiere.example.org/d/P6VD-1JYE-K9S", "monitor", "Dell P2419H",
                       "-1B2L", "A", "A10", (v.AccessoryLine("Câble vidéo", 1), v.AccessoryLine("Câble secteur", 1))),
            v.PickLine("", "", "peripheral", "", "", "", ""),
        ),
    )  # fmt: skip


@pytest.fixture
def vouchers() -> v.VoucherSheet:
    codes = ("7K3M-9QX2-BV4T-P6V1", "D1JY-EK9S-0000-ZZZZ", "A1B2-C3D4-E5F6-G7H8", "K9S7-K3M9-QX2B-V4T1")
    return v.VoucherSheet(imprint("BON-2026-000002"), "CCAS de Grand-Port", codes, "laptop", date(2027, 3, 31))


@pytest.fixture
def register() -> v.ProcessingRegister:
    row = v.RegisteredProcessing(
        "Responsable de traitement",
        "Remettre des équipements",
        "RGPD art. 6.1.f",
        "Bénéficiaires",
        "Pseudonyme, commune",
        "Le réseau",
        "2 an(s) après la remise",
        "Les remises",
    )
    contact = "dpo@atelier.example"
    return v.ProcessingRegister(imprint("RT-2026-000001"), contact, "Aucun", (row,) * 3, ("Clés", "Journal"))


@pytest.fixture
def slips(preparation: v.PreparationList) -> v.PaperSlips:
    printed = tuple(v.PaperSlip(f"BRP-2026-{n:06}", f"https://filiere.example.org/v1/paper-slips/{n}") for n in (1, 2))
    return v.PaperSlips(
        imprint("BRP-2026-000001"), WORKSHOP, v.Party("Réseau"), "RES-2026-000052", printed, preparation.lines
    )


def three(low: str, central: str, high: str) -> v.ThreeFigures:
    return v.ThreeFigures(Decimal(low), Decimal(central), Decimal(high))


@pytest.fixture
def impact() -> v.ImpactReport:
    rows = tuple(
        v.ImpactRow(f"7K3M-9QX2-B{n:02}", "laptop", Decimal("37.08"), Decimal(3), three("25.380", "81.000", "107.900"))
        for n in range(10)
    ) + tuple(
        v.ImpactRow(f"P6VD-1JYE-K{n:02}", "monitor", Decimal("11.63"), Decimal(3), three("7.750", "25.200", "25.200"))
        for n in range(4)
    )
    return v.ImpactReport(
        imprint("RI-2026-000009"), "Don DO-2026-000031, Ville de Montreuil-sur-Lys", date(2026, 1, 1),
        date(2026, 12, 31),
        "fr-ademe-2026-07", "Impact CO2 (ADEME), fichier du 2026-07 ; étude ADEME sur le reconditionné, 2022",
        three("284.800", "910.800", "1179.800"), rows, (v.CountLine("printer", 3),),
        (v.Indicator("Heures d’insertion", "126 h"), v.Indicator("Foyers équipés", "9")),
    )  # fmt: skip


@pytest.fixture
def sheet() -> v.CarrierSheet:
    load = v.Burden(40, Decimal("66.0"), Decimal("0.32"))
    stop = v.SheetStop(
        1, "CO-2026-000018", ("DO-2026-000031",), DONOR, "Hôtel de ville, quai n° 2", "accueil, 03 20 00 00 00", AT, AT,
        (v.CountLine("laptop", 40),), load, "purge", True, "https://filiere.example.org/v1/collections/0198",
        access=(("hours", "lun-ven 9h-12h"), ("stairs", "3 étages"), ("dock", "non")),
        why="Placé ici pour raccourcir la tournée.", is_late=True,
    )  # fmt: skip
    return v.CarrierSheet(
        imprint("FR-2026-000007"), AT.date(), CARRIER, WORKSHOP, (stop,), load, round_number="TO-2026-000003",
        vehicle="Fourgon 1", departs_at=AT, ends_at=AT, kilometres=Decimal("42.5"), basis="coordinates",
        over_capacity_reason="Deux trajets dans la journée.", notes="Prendre deux transpalettes.",
    )  # fmt: skip


@pytest.fixture
def export() -> v.ExportFile:
    tests = (
        v.ExportTest("Clavier : toutes les touches", "Keyboard: every key", "pass"),
        v.ExportTest("Batterie", "Battery", "pass", "82 %"),
        v.ExportTest("Lecteur optique", "Optical drive", "not_applicable"),
    )
    record = v.ExportRecord(
        code="7K3M-9QX2-BV4",
        name_fr="Ordinateur portable",
        name_en="Laptop",
        annex_category="2",
        annex_fr="Écrans",
        annex_en="Screens",
        manufacturer="Lenovo",
        model="ThinkPad T480",
        serial="PF1ABC2D",
        test_kind="laptop 1",
        tester="Atelier du Canal, P-9RJTF42D",
        tests=tests,
        year=2018,
        tested_on=date(2026, 11, 20),
        hazards_fr=("accumulateur au lithium, intact",),
        hazards_en=("lithium battery, intact",),
        hazards_by="Atelier du Canal, P-9RJTF42D",
        hazards_on=date(2026, 11, 20),
        certificates=("CE-2026-000123",),
        sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    )
    return v.ExportFile(
        imprint=imprint("EXP-2026-000004"),
        holder=v.Party("Atelier du Canal", ("12 quai des Filatures, 59000 Lille, France", "FR")),
        consignee=v.Party("Mairie de Tunis", ("12 rue de Marseille, 1000 Tunis, Tunisie", "TN")),
        departed_at=AT,
        contract_kind="sale",
        contract_reference="C-2026-7",
        contract_date="2026-02-20",
        declared_by="responsable-2",
        declared_at=AT,
        packing="Caisses à alvéoles, filmées sur palette",
        carrier="Transports du Golfe",
        transport_document="CMR 4711",
        records=(record, record),
    )


@pytest.fixture
def handback() -> v.RemedySlip:
    return v.RemedySlip(
        imprint=imprint("REM-2026-000207"),
        seller=WORKSHOP,
        taker=v.Party("Réseau Connexions Solidaires"),
        at=AT,
        case_number="GAR-2026-000012",
        receipt_number="REM-2026-000119",
        complaint="Touches manquantes ou muettes",
        device=ITEMS[0],
        beneficiary="ROSEAU-4127",
        until=date(2029, 6, 2),
        presumption_until=date(2027, 11, 23),
        first_until=date(2028, 11, 23),
        source="Durée prolongée : code de la consommation, articles L217-13 et L217-28.",
        signatures=(v.Signature("network", "reseau-1", AT),),
    )


@pytest.fixture
def exchange(handback: v.RemedySlip) -> v.RemedySlip:
    return dataclasses.replace(handback, replaces=ITEMS[1], price=v.Money(8500, "EUR", 2))


@pytest.fixture
def refund(handback: v.RemedySlip) -> v.RemedySlip:
    price = v.Money(8500, "EUR", 2)
    return dataclasses.replace(handback, price=price, amount=price, method="transfer", on=date(2026, 11, 23))
