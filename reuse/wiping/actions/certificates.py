import base64
import secrets
from dataclasses import dataclass
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlmodel import Session, col, select, update

from labels.values import ErasureCertificate
from reuse import clock
from reuse.canonical import as_json, canonical_json, sha256_hex
from reuse.devices.actions.moves import change_device, lock_device
from reuse.documents.actions import Readers, add_document, next_number
from reuse.errors import Conflict, Fault, Invalid, Stale
from reuse.files import Files
from reuse.history.actions import record
from reuse.history.rules import Actor
from reuse.house import House
from reuse.pdf_keys import PdfKey, check_term, pdf_key
from reuse.people.models import Organisation
from reuse.people.rules import Caller, Role, require_person, require_role
from reuse.signing import public_key_of, signing_key
from reuse.wiping.actions.freezing import Facts, facts_for, frozen
from reuse.wiping.actions.paper import certificate_value
from reuse.wiping.actions.printing import key_unusable
from reuse.wiping.actions.withdrawal import end_sanitization
from reuse.wiping.models import Certificate, Sanitization
from reuse.wiping.queries.certificates import certificate_for
from reuse.wiping.queries.gate import live_sanitization

PREFIX = "CE"
TOKEN_BYTES = 24  # 192 random bits: nobody guesses the address of a certificate


@dataclass(frozen=True, slots=True)
class Seal:
    """With what a certificate is signed, and where it can be checked."""

    key: Ed25519PrivateKey
    pdf_key: PdfKey
    public_url: str
    is_trial: bool


def seal_of(house: House, workshop: Organisation) -> Seal:
    """The workshop's seal; its keys are made now where it has none yet. Conflict where what is named cannot sign."""
    try:
        pdf = pdf_key(house.settings, workshop.id, workshop.name)
        check_term(pdf)
    except ValueError as problem:
        raise key_unusable() from problem
    return Seal(signing_key(house.settings, workshop.id), pdf, house.public_url, house.is_trial)


def issue_certificate(session: Session, seal: Seal, *, sanitization_id: UUID, medium_id: UUID) -> Certificate:
    """The one certificate of this medium and acceptance: made, numbered and frozen now, or found from before.

    Conflict where what was accepted no longer stands.
    """
    sanitization = session.get_one(Sanitization, sanitization_id)
    device = lock_device(session, sanitization.device_id)  # of two workers, the second finds what the first has made
    session.refresh(sanitization)
    once = select(Certificate).where(Certificate.medium_id == medium_id, Certificate.sanitization_id == sanitization_id)
    if (known := session.exec(once).first()) is not None:
        return known
    if not sanitization.live:
        raise Conflict(
            f"Nothing is certified: the acceptance ended ({sanitization.ended_because}). Accept again when it is due.",
            code="sanitization_ended",
        )
    facts = facts_for(session, sanitization, medium_id)
    before = _last_of(session, sanitization.organisation_id, medium_id)
    certificate = _freeze(session, seal, facts, supersedes=before)
    session.add(certificate)
    session.flush()
    actor = Actor(sanitization.organisation_id, sanitization.person)
    _supersede(session, actor, before, certificate)
    what = {"number": certificate.number, "medium_id": medium_id, "sha256": certificate.sha256}
    record(session, actor, thing="certificate", thing_id=certificate.id, verb="issued", to_state="valid", data=what)
    change_device(session, device)
    what = {"certificate_id": certificate.id, "number": certificate.number, "medium_id": medium_id}
    record(session, actor, thing="device", thing_id=device.id, verb="certificate_issued", data=what)
    return certificate


def _last_of(session: Session, organisation_id: UUID, medium_id: UUID) -> Certificate | None:
    statement = select(Certificate).where(
        Certificate.medium_id == medium_id,
        Certificate.organisation_id == organisation_id,
        col(Certificate.superseded_by).is_(None),
    )
    return session.exec(statement.order_by(col(Certificate.id).desc())).first()


def _freeze(session: Session, seal: Seal, facts: Facts, *, supersedes: Certificate | None) -> Certificate:
    now, device, organisation_id = clock.now(), facts.device, facts.sanitization.organisation_id
    token = secrets.token_urlsafe(TOKEN_BYTES)
    imprint = {
        "id": (certificate_id := clock.new_id()),
        "number": (number := next_number(session, organisation_id=organisation_id, prefix=PREFIX, at=now)),
        "issued_at": now,
        "verification_address": f"{seal.public_url}/verify/{token}",
        "trial": seal.is_trial,
        "signing_key": public_key_of(seal.key),
        "pdf_signing_key": seal.pdf_key.named,
        "supersedes": supersedes.number if supersedes else "",
    }
    content = as_json(frozen(session, facts, imprint))
    truth = canonical_json(content)
    return Certificate(
        id=certificate_id,
        number=number,
        token=token,
        status="valid",
        medium_id=facts.medium.id,
        sanitization_id=facts.sanitization.id,
        device_id=device.id,
        organisation_id=organisation_id,
        donor_id=device.donor_id,
        donation_id=device.donation_id,
        territory_id=device.territory_id,
        content=content,
        sha256=sha256_hex(truth),
        signature=base64.b64encode(seal.key.sign(truth)).decode(),
        issued_at=now,
    )


def _supersede(session: Session, actor: Actor, before: Certificate | None, after: Certificate) -> None:
    """The older certificate points to the younger; a revoked one stays revoked."""
    if before is None:
        return
    status = "superseded" if before.status == "valid" else before.status
    _change(session, before, status=status, superseded_by=after.id)
    record(
        session,
        actor,
        thing="certificate",
        thing_id=before.id,
        verb="superseded",
        to_state=status,
        data={"by": after.number},
    )


def _change(session: Session, certificate: Certificate, **changes: object) -> None:
    session.flush()
    done = session.exec(
        update(Certificate)
        .where(col(Certificate.id) == certificate.id, col(Certificate.version) == certificate.version)
        .values(version=certificate.version + 1, **changes)
        .execution_options(synchronize_session=False)
    )
    if done.rowcount != 1:
        raise Conflict("Somebody changed this certificate at the same moment; look again.", code="changed_meanwhile")
    session.refresh(certificate)


def paper_of(files: Files, certificate: Certificate) -> ErasureCertificate:
    """What the PDF is drawn from; ValueError where the stored content is not what was signed."""
    truth = canonical_json(certificate.content)
    if sha256_hex(truth) != certificate.sha256:
        raise ValueError(f"the content of certificate {certificate.number} is not what was frozen")
    evidence = {one["sha256"]: files.get(one["sha256"]) for one in certificate.content["evidence"]}
    signature = base64.b64decode(certificate.signature)
    return certificate_value(certificate.content, evidence, canonical=truth, signature=signature)


def link_rendering(session: Session, certificate_id: UUID, *, sha256: str, size: int) -> Certificate:
    """Enter the rendered PDF, whose bytes are kept already, as the certificate's document; twice is once."""
    certificate = session.exec(select(Certificate).where(Certificate.id == certificate_id).with_for_update()).one()
    if certificate.document_id is not None:
        return certificate
    document = add_document(
        session,
        kind="erasure_certificate",
        title=f"Certificat d\u2019effacement {certificate.number}",
        media_type="application/pdf",
        file_name=f"{certificate.number}.pdf",
        sha256=sha256,
        size=size,
        organisation_id=certificate.organisation_id,
        readers=Readers(
            territory_id=certificate.territory_id,
            donor_id=certificate.donor_id,
            donation_id=certificate.donation_id,
            device_id=certificate.device_id,
        ),
        number=certificate.number,
        deduplicate=f"certificate:{certificate_id}",
    )
    _change(session, certificate, document_id=document.id)
    return certificate


def revoke_certificate(
    session: Session, caller: Caller, certificate_id: UUID, *, reason: str, version: int | None = None
) -> Certificate:
    """A named person takes a certificate back; it stays readable, and says so, for ever.

    What was accepted on it no longer stands, so the device loses `sanitized`; accepting anew issues a new number.
    """
    require_role(caller, Role.data_security)
    person = require_person(caller)
    certificate = certificate_for(session, caller, certificate_id)
    device = lock_device(session, certificate.device_id)
    session.refresh(certificate)
    if certificate.organisation_id != caller.organisation_id:
        raise Conflict("Only the workshop that issued a certificate can revoke it.", code="not_the_issuer")
    if not reason.strip():
        sentence = "Say why it is revoked."
        raise Invalid(sentence, code="reason_required", errors=(Fault("/reason", "required", sentence),))
    if version is not None and version != certificate.version:
        raise Stale(f"This certificate has changed: it is now version {certificate.version}. Look again.")
    if certificate.status != "valid":
        raise Conflict(f"This certificate is {certificate.status}; only a valid one can be revoked.", code="not_valid")
    changes = {"status": "revoked", "revoked_at": clock.now(), "revoked_by": person, "revocation_reason": reason}
    _change(session, certificate, **changes)
    record(
        session,
        caller.actor,
        thing="certificate",
        thing_id=certificate.id,
        verb="revoked",
        from_state="valid",
        to_state="revoked",
        data={"reason": reason},
    )
    change_device(session, device)
    live = live_sanitization(session, device.id)
    if live is not None and live.id == certificate.sanitization_id:
        end_sanitization(session, caller.actor, device, reason=f"certificate {certificate.number} was revoked")
    what = {"certificate_id": certificate.id, "number": certificate.number, "reason": reason}
    record(session, caller.actor, thing="device", thing_id=device.id, verb="certificate_revoked", data=what)
    return certificate
