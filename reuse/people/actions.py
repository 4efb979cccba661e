import hashlib
import hmac
import secrets
import unicodedata
from collections.abc import Collection
from uuid import UUID

import sqlalchemy
from sqlalchemy import bindparam
from sqlmodel import Session, col, select, update
from stdnum.exceptions import ValidationError
from stdnum.fr import siret as french_siret

from reuse import clock
from reuse.errors import Conflict, Fault, Invalid, NotFound, Stale
from reuse.history.actions import record
from reuse.history.rules import SYSTEM
from reuse.people import queries
from reuse.people.models import AccessRecord, ApiKey, Organisation, Territory
from reuse.people.rules import (
    STANDS_ALONE,
    Access,
    Activity,
    Caller,
    LegalForm,
    Quality,
    Role,
    check_territory,
    require_person,
    roles_of,
)

DEFAULT_TERRITORY = {"name": "France", "currency": "EUR", "country": "FR", "language": "fr", "timezone": "Europe/Paris"}


def add_territory(
    session: Session, *, name: str, currency: str, country: str, language: str, timezone: str, is_default: bool = False
) -> Territory:
    """Create a territory; currency is ISO 4217, country ISO 3166-1 alpha-2, timezone an IANA name; Invalid if not."""
    check_territory(currency=currency, country=country, language=language, timezone=timezone)
    territory = Territory(
        id=clock.new_id(),
        name=name,
        currency=currency,
        country=country,
        language=language,
        timezone=timezone,
        is_default=is_default,
        created_at=clock.now(),
    )
    session.add(territory)
    record(session, SYSTEM, thing="territory", thing_id=territory.id, verb="added", data={"name": name})
    return territory


def change_policy(
    session: Session, caller: Caller, territory_id: UUID, *, version: int | None = None, **decided: bool
) -> Territory:
    """What the territory decides about erasure from now on: `accepts_not_verified`, `two_persons`, or both.

    What was accepted before stays accepted: each certificate says which policy held. Stale where `version` is not the
    present one, Conflict where somebody changed it at the same moment; deciding what holds already changes nothing.
    """
    territory = queries.territory_to_decide(session, caller, territory_id)
    if version is not None and version != territory.policy_version:
        raise Stale(f"This policy has changed: it is now version {territory.policy_version}. Look again.")
    changes = {name: value for name, value in decided.items() if getattr(territory, name) is not value}
    if not changes:
        return territory
    before = {name: getattr(territory, name) for name in changes}
    seen = territory.policy_version
    done = session.exec(
        update(Territory)
        .where(col(Territory.id) == territory.id, col(Territory.policy_version) == seen)
        .values(policy_version=seen + 1, **changes)
        .execution_options(synchronize_session=False)
    )
    if done.rowcount != 1:
        raise Conflict("Somebody changed this policy at the same moment; look again.", code="changed_meanwhile")
    session.refresh(territory)
    what = {"from": before, "to": changes, "version": territory.policy_version}
    record(session, caller.actor, thing="territory", thing_id=territory.id, verb="policy_changed", data=what)
    return territory


def default_territory(session: Session) -> Territory:
    """The territory that organisations join when none is named; made when it is first asked for."""
    found = session.exec(select(Territory).where(col(Territory.is_default))).first()
    return found or add_territory(session, **DEFAULT_TERRITORY, is_default=True)


def add_organisation(
    session: Session,
    *,
    name: str,
    activities: Collection[Activity],
    legal_form: LegalForm = LegalForm.other,
    quality: Quality | None = None,
    country: str | None = None,
    siret: str | None = None,
    territory_id: UUID | None = None,
) -> Organisation:
    """Create an organisation; a SIRET is checked (14 digits, Luhn), NotFound for an unknown territory."""
    territory = session.get(Territory, territory_id) if territory_id else default_territory(session)
    if territory is None:
        raise NotFound(f"There is no territory {territory_id}; see filiere territory add.")
    organisation = Organisation(
        id=clock.new_id(),
        territory_id=territory.id,
        name=name,
        legal_form=legal_form,
        quality=quality,
        country=country or territory.country,
        siret=_valid_siret(siret),
        activities=sorted(activity.value for activity in set(activities)),
        created_at=clock.now(),
    )
    session.add(organisation)
    record(session, SYSTEM, thing="organisation", thing_id=organisation.id, verb="added", data={"name": name})
    return organisation


def _valid_siret(siret: str | None) -> str | None:
    if siret is None:
        return None
    try:
        return french_siret.validate(siret)
    except ValidationError as error:
        sentence = f"{siret!r} is not a SIRET: 14 digits with a check digit are expected."
        raise Invalid(sentence, code="bad_siret", errors=(Fault("/siret", "bad_siret", sentence),)) from error


def add_key(
    session: Session,
    *,
    organisation_id: UUID,
    secret_key: bytes,
    roles: Collection[Role] = (),
    person: str | None = None,
) -> tuple[ApiKey, str]:
    """Create a key; returns its row and the key itself, which is shown this once and cannot be read again.

    Without roles it gets every role of the organisation's activities but uploader; Invalid for a role they do not give.
    """
    organisation = session.get(Organisation, organisation_id)
    if organisation is None:
        raise NotFound(f"There is no organisation {organisation_id}; see filiere org add.")
    possible = roles_of(frozenset(Activity(name) for name in organisation.activities))
    if strange := set(roles) - possible:
        raise Invalid(
            f"{organisation.name} cannot give the role {', '.join(sorted(strange))}: its activities give "
            f"{', '.join(sorted(possible))}.",
            code="role_not_of_activity",
        )
    if STANDS_ALONE in roles and len(set(roles)) > 1:
        raise Invalid(
            "The role uploader is for a boot image's key and comes alone; make another key for the other roles.",
            code="uploader_alone",
        )
    name = " ".join(unicodedata.normalize("NFC", person).split()) if person is not None else None
    if name == "":
        raise Invalid("A person needs a name; leave it out for the key of a station.", code="bad_person")
    secret = secrets.token_urlsafe(32)
    key = ApiKey(
        id=clock.new_id(),
        public_id=secrets.token_hex(8),
        organisation_id=organisation_id,
        person=name,
        roles=sorted(roles or possible - {STANDS_ALONE}),
        secret_hmac=_hmac(secret_key, secret),
        created_at=clock.now(),
    )
    session.add(key)
    record(
        session, SYSTEM, thing="organisation", thing_id=organisation_id, verb="key_added", data={"key": key.public_id}
    )
    return key, f"flr_{key.public_id}_{secret}"


def revoke_key(session: Session, *, key_id: UUID) -> None:
    """End a key at once; NotFound where there is none."""
    key = session.get(ApiKey, key_id)
    if key is None:
        raise NotFound(f"There is no key {key_id}; see filiere key list.")
    session.exec(
        update(ApiKey).where(col(ApiKey.id) == key_id, col(ApiKey.revoked_at).is_(None)).values(revoked_at=clock.now())
    )
    record(
        session,
        SYSTEM,
        thing="organisation",
        thing_id=key.organisation_id,
        verb="key_revoked",
        data={"key": key.public_id},
    )


# Built once, and columns instead of objects: every request at every door asks this first.
_HOLDER = (
    sqlalchemy.select(
        col(ApiKey.id),
        col(ApiKey.secret_hmac),
        col(ApiKey.person),
        col(ApiKey.roles),
        col(ApiKey.organisation_id),
        col(Organisation.territory_id),
        col(Organisation.activities),
    )
    .join(Organisation, col(Organisation.id) == col(ApiKey.organisation_id))
    .where(col(ApiKey.public_id) == bindparam("public_id"), col(ApiKey.revoked_at).is_(None))
)


def caller_of_key(session: Session, presented: str, *, secret_key: bytes) -> Caller | None:
    """Who holds this key; None for a wrong, revoked or misshapen one, in the same time."""
    prefix, _, rest = presented.partition("_")
    public_id, _, secret = rest.partition("_")
    found = session.connection().execute(_HOLDER, {"public_id": public_id}).first()
    expected = found.secret_hmac if found else "-" * 64
    if not hmac.compare_digest(_hmac(secret_key, secret), expected) or prefix != "flr" or found is None:
        return None
    return Caller(
        organisation_id=found.organisation_id,
        territory_id=found.territory_id,
        activities=frozenset(Activity(name) for name in found.activities),
        roles=frozenset(Role(name) for name in found.roles),
        key_id=found.id,
        person=found.person,
    )


def say_privacy_contact(session: Session, caller: Caller, contact: str) -> Organisation:
    """Publish whom persons may turn to about their data, or the data protection officer, for the caller's own house."""
    require_person(caller)
    mine = queries.organisation(session, caller.organisation_id)
    mine.privacy_contact = contact
    session.add(mine)
    record(session, caller.actor, thing="organisation", thing_id=mine.id, verb="privacy_contact_set")
    return mine


def note_access(
    session: Session, caller: Caller, act: Access, *, thing: str, thing_id: UUID, owner_id: UUID, reason: str
) -> None:
    """Write down that personal data of this thing is read, exported or erased, in the transaction that does it.

    `owner_id` is whose data it is: that organisation sees the record, and so does the caller's.
    """
    session.add(
        AccessRecord(
            id=clock.new_id(),
            at=clock.now(),
            organisation_id=caller.organisation_id,
            person=caller.person,
            key_id=caller.key_id,
            act=act,
            thing=thing,
            thing_id=thing_id,
            owner_id=owner_id,
            reason=reason,
        )
    )


def _hmac(secret_key: bytes, secret: str) -> str:
    """HMAC-SHA256 (RFC 2104): secrets are random and long, so a slow password hash would add nothing."""
    return hmac.new(secret_key, secret.encode(), hashlib.sha256).hexdigest()
