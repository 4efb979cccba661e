"""A key that never leaves its token signs certificates: SoftHSM stands for the module in the rack."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pkcs11
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from benches import VM01, at_bench, decide, log_of, upload, wiped_laptops
from commands import asked
from commands import run as filiere
from donating import accepted
from labels.pdf import html_to_pdf
from makers import Town, make_house, open_doors, settle_town
from racks import MODULE, PIN, Rack, certificate_of, close_sessions
from reuse import pdf_tokens
from reuse.pades import put_together, sign_pdf, signature_of
from reuse.pdf_keys import PdfKey, pdf_key
from reuse.pdf_tokens import Token
from reuse.settings import Settings
from reuse.wiping.actions.offline import verify_certificate_file
from workers import presses

AT = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def page() -> bytes:
    return html_to_pdf("<h1>Certificat</h1>", title="Certificat", language="fr", created_at=AT)


def key_of(rack: Rack, name: str, **other: Any) -> PdfKey:
    return pdf_key(Settings(data_dir=rack.folder, **rack.settings(name, **other)), uuid4(), "Atelier")  # type: ignore[arg-type]  # text, as from the environment


@pytest.mark.parametrize("name", ["rsa", "ec"])
def test_a_token_signs_and_the_file_can_be_put_together_again_from_what_it_holds(
    rack: Rack, page: bytes, tmp_path: Path, name: str
) -> None:
    key = key_of(rack, name)
    assert key.named["subject"] == "CN=Signature de la métropole"
    signed = sign_pdf(page, key, at=AT)
    found = signature_of(signed)
    assert (found.problem, found.fingerprint) == ("", key.fingerprint)
    assert put_together(page, found, at=AT) == signed
    (tmp_path / "signed.pdf").write_bytes(signed)
    told = subprocess.run(["pdfsig", "-nocert", tmp_path / "signed.pdf"], capture_output=True, text=True, check=False)
    assert "Signature is Valid" in told.stdout
    again = sign_pdf(page, key, at=AT)
    assert (again == signed) is (name == "rsa")  # a token puts chance into ECDSA, and none into PKCS #1 v1.5
    assert signature_of(again).problem == ""


def test_the_certificate_may_lie_on_the_token_itself(rack: Rack, page: bytes) -> None:
    der = certificate_of(rack.private["rsa"]).public_bytes(Encoding.DER)
    token = pkcs11.lib(str(MODULE)).get_token(token_label="Coffre")
    key_of(rack, "rsa").sign(b"logs in")
    with token.open(rw=True) as session:
        kind = {pkcs11.Attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE, pkcs11.Attribute.TOKEN: True}
        what = {pkcs11.Attribute.CERTIFICATE_TYPE: pkcs11.CertificateType.X_509, pkcs11.Attribute.ID: b"\x01"}
        subject = x509.load_der_x509_certificate(der).subject.public_bytes()
        lying = session.create_object({**kind, **what, pkcs11.Attribute.SUBJECT: subject, pkcs11.Attribute.VALUE: der})
        key = key_of(rack, "rsa", file=None)
        assert key.certificate == der
        assert signature_of(sign_pdf(page, key, at=AT)).problem == ""
        lying.destroy()


@dataclass(frozen=True)
class Wrong:
    """Settings that cannot sign, and what the check says of them."""

    other: dict[str, Any]
    told: str


WRONG: dict[str, Wrong] = {
    "no module": Wrong({"module": "/nowhere/lib.so"}, "there is no PKCS#11 module /nowhere/lib.so"),
    "a module that is none": Wrong({"module": "@rsa.pem"}, "cannot be loaded as a PKCS#11 module"),
    "no such token": Wrong({"token": "Tiroir"}, "has no token labelled Tiroir: it has Coffre"),
    "a wrong PIN": Wrong({"pin_file": "@wrong-pin"}, "refuses the PIN in"),
    "no PIN": Wrong({"pin_file": "@nothing"}, "the PIN cannot be read from"),
    "no such key": Wrong({"key": "dsa", "file": "@rsa.pem"}, "holds no private key labelled dsa"),
    "the certificate of another key": Wrong({"file": "@ec.pem"}, "belongs to the key rsa of the token Coffre"),
    "no certificate": Wrong({"file": None}, "holds no certificate of the key rsa: put it there, or name a PEM file"),
    "a certificate whose term is over": Wrong({"file": "@old.pem"}, "and not today: put a valid one in its place"),
    "a token without a key": Wrong({"key": None, "file": None}, "set also FILIERE_PDF_SIGNING_KEY"),
}


@pytest.mark.parametrize("name", WRONG)
def test_the_check_says_what_is_wrong_with_a_token(rack: Rack, tmp_path: Path, name: str) -> None:
    given = {
        what: rack.folder / str(value)[1:] if str(value).startswith("@") else value
        for what, value in WRONG[name].other.items()
    }
    told = filiere(tmp_path, "check", **rack.settings("rsa", **given))
    assert told.returncode == 1
    assert WRONG[name].told in told.stderr
    assert "Traceback" not in told.stderr
    assert PIN not in told.stderr


def test_the_check_is_content_with_a_token_that_signs(rack: Rack, tmp_path: Path) -> None:
    assert asked(tmp_path, "check", **rack.settings("ec"))["ok"] is True
    near = certificate_of(rack.private["ec"], days=(-1, 9)).public_bytes(Encoding.PEM)
    (tmp_path / "near.pem").write_bytes(near)
    said = asked(tmp_path, "check", **rack.settings("ec", file=tmp_path / "near.pem"))["warnings"]
    assert [one for one in said if "ends in 8 days" in one]


def test_without_the_package_that_talks_to_tokens_it_is_named(rack: Rack, monkeypatch: pytest.MonkeyPatch) -> None:
    key = key_of(rack, "rsa")
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    with pytest.raises(ValueError, match=r"pip install 'filiere\[pkcs11\]'"):
        key.sign(b"x")


@pytest.mark.usefixtures("rack")
def test_a_refused_pin_is_not_tried_again_until_it_was_changed(tmp_path: Path) -> None:
    """After a few wrong PINs a token locks itself, and jobs try again by themselves."""
    token = Token(MODULE, "Coffre", "rsa", tmp_path / "pin")
    token.pin_file.write_text("0000")
    asked_for: list[str] = []
    real = pdf_tokens._token_of

    def counted(named: Token) -> Any:
        asked_for.append(named.label)
        return real(named)

    close_sessions()  # while somebody is logged in, a process is not asked for its PIN
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pdf_tokens, "_token_of", counted)
        for _ in range(5):
            with pytest.raises(ValueError, match="refuses the PIN"):
                token.sign(b"x")
        assert len(asked_for) == 1
        token.pin_file.write_text(PIN)
        assert token.sign(b"x")


def test_a_session_that_the_token_has_ended_is_opened_anew(rack: Rack) -> None:
    key = key_of(rack, "rsa")
    first = key.sign(b"x")
    assert isinstance(key.private, Token)
    pdf_tokens._OPEN[key.private].session.close()
    assert key.sign(b"x") == first


def test_many_threads_sign_with_one_session(rack: Rack) -> None:
    key = key_of(rack, "rsa")
    with ThreadPoolExecutor(8) as pool:
        signed = list(pool.map(lambda n: key.sign(str(n % 4).encode()), range(64)))
    assert len(set(signed)) == 4


@pytest.fixture
def guarded_town(rack: Rack, tmp_path: Path) -> Iterator[Town]:
    """A town whose PDFs are signed by the token's elliptic key, into whose signatures there goes chance."""
    with closing(make_house(tmp_path, **rack.settings("ec"))) as house, open_doors(house) as client:
        yield settle_town(house, client)


def test_a_certificate_signed_by_a_token_is_verified_offline_to_the_last_byte(
    guarded_town: Town, tmp_path: Path
) -> None:
    device_id = at_bench(guarded_town, VM01)
    upload(guarded_town.technician, log_of("vm01-nwipe"))
    job = guarded_town.data_security.done(decide(guarded_town.data_security, device_id))
    assert job["state"] == "succeeded", job
    (certificate_id,) = job["result"]["certificate_ids"]
    pdf = guarded_town.data_security.get(f"/v1/certificates/{certificate_id}/pdf").content
    file = tmp_path / "certificate.pdf"
    file.write_bytes(pdf)
    checked = asked(tmp_path / "elsewhere", "certificate", "verify", file)  # a house that knows of no token
    assert (checked["ok"], checked["pages"]) == (True, "identical")
    assert checked["pdf_signer"] == "CN=Signature de la métropole"
    place = pdf.index(b"/Type /Page")
    changed = pdf[:place] + b"/Tyqe" + pdf[place + 5 :]
    assert not verify_certificate_file(changed).holds


def test_processes_of_a_batch_sign_with_the_token_each_in_a_session_of_its_own(
    guarded_town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presses, "FEW", 1)
    donation_id = UUID(accepted(guarded_town, required_erasure="clear")["id"])
    wiped_laptops(guarded_town, donation_id, 2)
    answer = guarded_town.data_security.post(f"/v1/donations/{donation_id}/sanitization", {"decision": "accepted"})
    job = guarded_town.data_security.done(answer, seconds=60)
    assert (job["state"], job["result"]["accepted"]) == ("succeeded", 2), job
    for one in job["result"]["certificate_ids"]:
        pdf = guarded_town.data_security.get(f"/v1/certificates/{one}/pdf").content
        assert verify_certificate_file(pdf).pages == "identical"


def test_while_a_token_cannot_sign_certificates_wait_and_then_come_by_themselves(rack: Rack, tmp_path: Path) -> None:
    pin = tmp_path / "pin"
    settings = rack.settings("rsa", pin_file=pin)
    with closing(make_house(tmp_path, **settings)) as house, open_doors(house) as client:
        town = settle_town(house, client)
        device_id = at_bench(town, VM01)
        upload(town.technician, log_of("vm01-nwipe"))
        close_sessions()
        answer = decide(town.data_security, device_id)
        job = waiting(town, answer.headers["Location"])
        assert job["problem"]["code"] == "pdf_key_unusable"
        assert str(pin) not in json.dumps(job)
        pin.write_text(PIN)
        assert town.data_security.done(answer)["state"] == "succeeded"


def waiting(town: Town, path: str) -> dict[str, Any]:
    """The job once it has failed for the first time."""
    for _ in range(500):
        job: dict[str, Any] = town.data_security.get(path).json()
        if job["problem"]:
            return job
        time.sleep(0.02)
    raise AssertionError(job)
