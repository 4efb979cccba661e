"""The signature of a certificate's PDF: whose it is, that nothing changed since, that the pages are the record's."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

import reuse.wiping.actions.offline as checking
from benches import VM01, at_bench, decide, log_of, upload
from commands import run as filiere
from labels.pdf import html_to_pdf
from makers import Town
from reuse.errors import Conflict
from reuse.pades import put_together, sign_pdf, signature_of
from reuse.pdf_keys import PdfKey, pdf_key
from reuse.settings import Settings
from reuse.transactions import reading
from reuse.wiping.actions.certificates import paper_of
from reuse.wiping.actions.offline import verify_certificate_file
from reuse.wiping.actions.printing import print_certificate
from reuse.wiping.models import Certificate

AT = datetime(2026, 11, 25, 12, tzinfo=UTC)
PASSWORD = b"open"
Private = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


@pytest.fixture
def key(tmp_path: Path) -> PdfKey:
    return pdf_key(Settings(data_dir=tmp_path), uuid4(), "Atelier Deuxième Souffle")


@pytest.fixture(scope="module")
def page() -> bytes:
    return html_to_pdf("<h1>Certificat</h1>", title="Certificat", language="fr", created_at=AT)


def self_signed(private: Private) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Signature de la métropole")])
    draft = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(private.public_key())
    draft = draft.serial_number(7).not_valid_before(AT).not_valid_after(AT + timedelta(days=30))
    return draft.sign(private, None if isinstance(private, ed25519.Ed25519PrivateKey) else hashes.SHA256())


def as_pem(private: Private) -> bytes:
    own = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return own + self_signed(private).public_bytes(Encoding.PEM)


def as_pkcs12(private: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    secret = BestAvailableEncryption(PASSWORD)
    return pkcs12.serialize_key_and_certificates(b"key", private, self_signed(private), None, secret)


def certified(town: Town) -> Certificate:
    """A certificate of a laptop wiped by the real tool in an emulated machine."""
    device_id = at_bench(town, VM01)
    assert upload(town.technician, log_of("vm01-nwipe")).status_code == 201
    job = town.data_security.done(decide(town.data_security, device_id))
    assert job["state"] == "succeeded", job
    with reading(town.house.database) as session:
        return session.get_one(Certificate, UUID(job["result"]["certificate_ids"][0]))


def pdf_of(town: Town, certificate: Certificate) -> bytes:
    return town.data_security.get(f"/v1/certificates/{certificate.id}/pdf").content


def test_signing_adds_to_the_file_and_gives_the_same_bytes_each_time(page: bytes, key: PdfKey) -> None:
    signed = sign_pdf(page, key, at=AT)
    assert signed.startswith(page)
    assert sign_pdf(page, key, at=AT) == signed
    found = signature_of(signed)
    assert (found.problem, found.fingerprint) == ("", key.fingerprint)
    assert put_together(page, found, at=AT) == signed


def test_the_file_is_still_a_tagged_pdf_a_and_keeps_its_own_metadata(page: bytes, key: PdfKey) -> None:
    added = sign_pdf(page, key, at=AT)[len(page) :]
    assert b"/Type /Metadata" not in added
    assert b"/MarkInfo" in added  # the catalogue, written anew, still says that the file is tagged
    assert b"/OutputIntents" in added
    assert b"/DocMDP" in added
    assert b"/DigestMethod" not in added  # ISO 19005-3, 6.1.12


def test_another_program_finds_the_signature_valid_over_the_whole_file(
    page: bytes, key: PdfKey, tmp_path: Path
) -> None:
    file = tmp_path / "signed.pdf"
    file.write_bytes(sign_pdf(page, key, at=AT))
    told = subprocess.run(["pdfsig", "-nocert", file], capture_output=True, text=True, check=False).stdout
    assert "Signature is Valid" in told
    assert "Total document signed" in told
    assert "ETSI.CAdES.detached" in told


def test_what_is_added_or_changed_after_the_signature_is_found(page: bytes, key: PdfKey) -> None:
    signed = sign_pdf(page, key, at=AT)
    assert signature_of(page).problem == "pdf_signature_missing"
    assert signature_of(signed + b"\n").problem == "pdf_changed_since_signed"
    middle = len(page) // 2
    altered = signed[:middle] + bytes([signed[middle] ^ 1]) + signed[middle + 1 :]
    assert signature_of(altered).problem == "pdf_signature_wrong"


@pytest.mark.parametrize("name", ["rsa.pem", "ec.pem", "rsa.p12", "ec.p12"])
def test_an_installation_signs_with_the_file_that_its_settings_name(page: bytes, tmp_path: Path, name: str) -> None:
    kind, form = name.split(".")
    private = rsa.generate_private_key(65537, 2048) if kind == "rsa" else ec.generate_private_key(ec.SECP256R1())
    file = tmp_path / name
    file.write_bytes(as_pem(private) if form == "pem" else as_pkcs12(private))
    secret = SecretStr(PASSWORD.decode()) if form == "p12" else None
    settings = Settings(data_dir=tmp_path, pdf_signing_file=file, pdf_signing_password=secret)
    key = pdf_key(settings, uuid4(), "Atelier")
    assert key.named["subject"] == "CN=Signature de la métropole"
    signed = sign_pdf(page, key, at=AT)
    assert sign_pdf(page, key, at=AT) == signed
    assert (signature_of(signed).problem, signature_of(signed).fingerprint) == ("", key.fingerprint)


BAD_FILES: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "a key of a kind that no reader knows": lambda: as_pem(ed25519.Ed25519PrivateKey.generate()),
    "a certificate of another key": lambda: (
        as_pem(ec.generate_private_key(ec.SECP256R1())).split(b"-----BEGIN CERTIFICATE", maxsplit=1)[0]
        + self_signed(ec.generate_private_key(ec.SECP256R1())).public_bytes(Encoding.PEM)
    ),
    "a locked file without its password": lambda: as_pkcs12(ec.generate_private_key(ec.SECP256R1())),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_file_that_cannot_sign_is_refused_in_a_sentence_that_says_what_to_give(tmp_path: Path, name: str) -> None:
    file = tmp_path / "key"
    file.write_bytes(BAD_FILES[name]())
    with pytest.raises(ValueError, match="give a PEM or PKCS#12 file"):
        pdf_key(Settings(data_dir=tmp_path, pdf_signing_file=file), uuid4(), "Atelier")


def test_a_key_that_cannot_be_used_is_told_by_the_check(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(b"-----BEGIN nothing")
    told = filiere(tmp_path, "check", pdf_signing_file=str(file))
    assert told.returncode == 1
    assert "cannot sign PDFs" in told.stderr


def test_the_record_names_the_certificate_that_signs_its_pdf(town: Town) -> None:
    certificate = certified(town)
    key = pdf_key(town.house.settings, certificate.organisation_id, "made already")
    assert certificate.content["pdf_signing_key"] == {
        "fingerprint": key.fingerprint,
        "subject": "CN=Atelier Deuxième Souffle",
    }
    check = verify_certificate_file(pdf_of(town, certificate))
    assert (check.holds, check.pages, check.pdf_fingerprint) == (True, "identical", key.fingerprint)


def test_pages_that_a_stranger_signed_are_not_the_record_s(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where this installation cannot draw the pages again, as after an update of WeasyPrint."""
    certificate = certified(town)
    stranger = pdf_key(Settings(data_dir=tmp_path / "stranger"), uuid4(), "Atelier Deuxième Souffle")
    value = replace(paper_of(town.house.files, certificate), pdf_signing_key=stranger.fingerprint)
    forged = print_certificate(replace(value, verdict="fail"), stranger)
    monkeypatch.setattr(checking, "renderer", lambda: "another one")
    assert verify_certificate_file(forged).problems == ("pdf_signed_by_somebody_else",)
    genuine = verify_certificate_file(pdf_of(town, certificate))
    assert (genuine.holds, genuine.pages) == (True, "not_compared")


def test_a_forged_page_signed_with_the_right_key_still_differs(town: Town) -> None:
    certificate = certified(town)
    key = pdf_key(town.house.settings, certificate.organisation_id, "made already")
    value = paper_of(town.house.files, certificate)
    forged = print_certificate(replace(value, remarks=("Purge",)), key)
    assert verify_certificate_file(forged).problems == ("pages_differ",)


def test_a_change_hidden_in_the_room_kept_for_the_signature_is_found(town: Town) -> None:
    """The bytes of /Contents are outside what is signed; whoever puts the file together again still sees them."""
    certificate = certified(town)
    pdf = pdf_of(town, certificate)
    room = pdf.rindex(b"0000000000>")
    altered = pdf[:room] + b"1" + pdf[room + 1 :]
    assert not verify_certificate_file(altered).holds


def test_a_certificate_is_not_signed_with_another_key_than_it_names(town: Town, tmp_path: Path) -> None:
    certificate = certified(town)
    other = pdf_key(Settings(data_dir=tmp_path / "other"), uuid4(), "Atelier Deuxième Souffle")
    with pytest.raises(Conflict) as refusal:
        print_certificate(paper_of(town.house.files, certificate), other)
    assert refusal.value.code == "pdf_key_changed"


def test_the_command_says_whose_signature_the_pages_carry(town: Town, tmp_path: Path) -> None:
    file = tmp_path / "certificate.pdf"
    certificate = certified(town)
    file.write_bytes(pdf_of(town, certificate))
    told = filiere(tmp_path, "certificate", "verify", str(file), "--json")
    answer = json.loads(told.stdout)
    assert (told.returncode, answer["ok"], answer["pages"]) == (0, True, "identical")
    assert answer["pdf_signer"] == "CN=Atelier Deuxième Souffle"
    assert answer["pdf_fingerprint"] == certificate.content["pdf_signing_key"]["fingerprint"]
