"""The command line (spec/api.md): answers go to stdout, logs to stderr, a refusal is one sentence and status 1."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID

import click
from pydantic import ValidationError
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from reuse import tables
from reuse.db import open_database
from reuse.errors import Conflict, Refusal
from reuse.handovers.queries import contact_keys
from reuse.history.queries import verify_history
from reuse.house import House, open_house
from reuse.invariants import violations
from reuse.logs import configure_logs
from reuse.pdf_keys import PdfKey, check_term, days_left, key_of_settings
from reuse.people.actions import add_key, add_organisation, add_territory, revoke_key
from reuse.people.queries import keys_of
from reuse.people.rules import Activity, LegalForm, Quality, Role
from reuse.proofs import EXISTING, answer, certificate, json_option, pack
from reuse.schema import SchemaState, check_state, migrate, schema_state
from reuse.sealing import lost_keys, sealing_folder
from reuse.settings import Settings
from reuse.transactions import in_transaction, reading

SOON_DAYS = 60
"""An authority may take weeks to give a certificate."""
FILE = click.Path(path_type=Path, dir_okay=False)

assert tables.__all__  # noqa: S101  # importing it makes every table known


def main() -> None:
    """Run one command; what goes wrong is told in a sentence, without a trace."""
    try:
        filiere(prog_name="filiere")
    except Refusal as refusal:
        _fail(refusal.detail)
    except ValidationError as error:
        wrong = "; ".join(f"FILIERE_{str(one['loc'][0]).upper()}: {one['msg']}" for one in error.errors())
        _fail(f"A setting cannot be used. {wrong}.")
    except ValueError as error:
        _fail(f"{error}.")
    except OperationalError as error:
        _fail(f"The database cannot be used: {str(error.orig).strip()}.")


def _fail(sentence: str) -> None:
    click.echo(sentence, err=True)
    sys.exit(1)


@contextmanager
def _house() -> Iterator[House]:
    """The house that the settings name, for one short command, perhaps beside a running server.

    An empty database is made ready; an older one is left to `serve` or `migrate`, which take care of it.
    """
    with closing(open_house(Settings())) as house:
        state = schema_state(house.database)
        check_state(state)
        if state is SchemaState.older:
            raise Conflict("The database is older than this program; run `filiere migrate`.", code="database_older")
        if state is SchemaState.empty:
            migrate(house.database)
        yield house


@click.group(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.version_option(package_name="filiere", prog_name="filiere")
def filiere() -> None:
    """Filière: the circular economy of digital equipment, from a donor's shelf to a family's table."""
    configure_logs(Settings().log_format)


@filiere.command()
@click.option("--host", help="Address to listen on; otherwise FILIERE_HOST.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on, 0 for any; otherwise FILIERE_PORT.")
def serve(host: str | None, port: int | None) -> None:
    """Serve the whole product, or the API of the full profile."""
    from reuse import serving  # noqa: PLC0415  # the API and its libraries take a second that no other command needs

    given: dict[str, Any] = {"host": host, "port": port}
    with closing(open_house(Settings(**{name: value for name, value in given.items() if value is not None}))) as house:
        serving.serve(house)


@filiere.command()
@click.option(
    "--devices",
    type=click.IntRange(57, 500),
    help="How many devices the council declares; a longer list goes on with screens and laptops.",
)
@click.option("--keep-serving", is_flag=True, help="Leave the server running at the end, until Ctrl-C.")
def demo(devices: int | None, *, keep_serving: bool) -> None:
    """Walk a town's donation through all ten steps, on fresh data in `demo` of the data folder."""
    from reuse.demo import play  # noqa: PLC0415  # see serve

    play.play(devices=devices, keep_serving=keep_serving)


@filiere.command()
@click.option("--concurrency", type=click.IntRange(1), help="Jobs at the same time; otherwise one per processor.")
def worker(concurrency: int | None) -> None:
    """Work on jobs for the full profile."""
    from reuse import serving  # noqa: PLC0415  # see serve

    if Settings().broker_url is None:
        raise Conflict(
            "FILIERE_BROKER_URL is not set: without a broker the worker runs inside `filiere serve`.", code="no_broker"
        )
    serving.work(concurrency=concurrency)


@filiere.command("migrate")
@json_option
def migrate_command(*, as_json: bool) -> None:
    """Bring the database to the tables of this version."""
    with closing(open_database(Settings())) as database:
        applied = migrate(database)
    answer({"applied": applied}, as_json=as_json, text=f"Applied: {', '.join(applied) or 'nothing, it is current'}.")


@filiere.command()
@json_option
def check(*, as_json: bool) -> None:
    """Check the settings, and all that must hold in the data."""
    settings = Settings()
    key = key_of_settings(settings)
    if key is not None:
        check_term(key)
    with _house() as house, reading(house.database) as session:
        found = violations(session, house.files)
        warnings = [
            *_warnings(settings),
            *_term_warnings(key),
            *_lost_contacts(session, settings),
            *_printing_warnings(),
        ]
    lines = [f"{'ok  ' if not places else 'FAIL'}  {words}" for words, places in found.items()]
    lines += [f"      {place}" for places in found.values() for place in places]
    is_ok = not any(found.values())
    text = "\n".join([*(f"note  {warning}" for warning in warnings), *lines])
    answer({"ok": is_ok, "violations": found, "warnings": warnings}, as_json=as_json, text=text)
    sys.exit(0 if is_ok else 1)


def _term_warnings(key: PdfKey | None) -> list[str]:
    days = days_left(key) if key is not None else SOON_DAYS
    return (
        [] if days >= SOON_DAYS else [f"The certificate that signs PDFs ends in {days} days: have its successor made."]
    )


def _warnings(settings: Settings) -> list[str]:
    found: list[str] = []
    if settings.public_url is None:
        found.append("FILIERE_PUBLIC_URL is not set: labels and certificates are marked as trial.")
    elif not settings.public_url.startswith("https://"):
        found.append("FILIERE_PUBLIC_URL is not an https address: what people scan would not be protected.")
    if settings.database_url is not None and settings.broker_url is None:
        found.append("FILIERE_DATABASE_URL without FILIERE_BROKER_URL: each API process works on jobs itself.")
    return found


def _printing_warnings() -> list[str]:
    """What keeps documents from being printed; a server learns it only with its first document."""
    try:
        import_module("labels.pdf")
    except (ImportError, OSError) as error:
        return [f"Documents cannot be printed: {error}. As root on Debian, deploy/setup.sh runtime installs Pango."]
    return []


def _lost_contacts(session: Session, settings: Settings) -> list[str]:
    """Contacts that nobody can open any more; all else goes on without them."""
    sealed = contact_keys(session)
    lost = lost_keys(settings, set(sealed))
    if not lost:
        return []
    count = sum(sealed[one] for one in lost)
    return [f"{count} contacts are lost: no {', '.join(lost)} in {sealing_folder(settings)}. Put the keys back."]


@filiere.group()
def territory() -> None:
    """Territories."""


@territory.command("add")
@click.argument("name")
@click.option("--currency", required=True, help="ISO 4217, such as EUR or TND.")
@click.option("--country", required=True, help="ISO 3166-1 alpha-2, such as FR or TN.")
@click.option("--language", default="fr", help="ISO 639-1: fr, en or ar.")
@click.option("--timezone", required=True, help="IANA name, such as Europe/Paris.")
@json_option
def add_territory_command(*, as_json: bool, **facts: Any) -> None:  # noqa: ANN401  # as the options say
    """Add a territory: it fixes currency, time zone and language."""
    with _house() as house:
        made = in_transaction(house.database, lambda session: add_territory(session, **facts))
    answer({"id": made.id, "name": made.name}, as_json=as_json, text=f"Territory {made.name}: {made.id}")


@filiere.group()
def org() -> None:
    """Organisations."""


@org.command("add")
@click.argument("name")
@click.option("--activity", "activities", type=click.Choice(Activity), multiple=True, required=True)
@click.option("--legal-form", type=click.Choice(LegalForm), default=LegalForm.other)
@click.option("--quality", type=click.Choice(Quality), help="Its standing in law, which some donations depend on.")
@click.option("--country", help="ISO 3166-1 alpha-2; otherwise the territory's.")
@click.option("--siret", help="14 digits; checked.")
@click.option("--territory", "territory_id", type=click.UUID, help="Otherwise the default one: EUR, FR, fr.")
@json_option
def add_organisation_command(*, as_json: bool, **facts: Any) -> None:  # noqa: ANN401  # as the options say
    """Add an organisation, with one or more activities."""
    with _house() as house:
        made = in_transaction(house.database, lambda session: add_organisation(session, **facts))
    answer({"id": made.id, "name": made.name}, as_json=as_json, text=f"Organisation {made.name}: {made.id}")


@filiere.group()
def key() -> None:
    """Keys of organisations, for persons and stations."""


@key.command("add")
@click.option("--org", "organisation_id", type=click.UUID, required=True)
@click.option("--role", "roles", type=click.Choice(Role), multiple=True, help="Otherwise all that its activities give.")
@click.option("--person", help="Whom the key stands for; without, a station.")
@json_option
def add_key_command(organisation_id: UUID, roles: Sequence[Role], person: str | None, *, as_json: bool) -> None:
    """Add a key; it is shown this once and cannot be read again."""
    with _house() as house:
        made, secret = in_transaction(
            house.database,
            lambda session: add_key(
                session, organisation_id=organisation_id, secret_key=house.secret_key, roles=roles, person=person
            ),
        )
    answer({"id": made.id, "key": secret}, as_json=as_json, text=f"Key {made.id}, shown only now:\n{secret}")


@key.command("list")
@click.option("--org", "organisation_id", type=click.UUID, help="Otherwise those of all organisations.")
@json_option
def list_keys(organisation_id: UUID | None, *, as_json: bool) -> None:
    """List keys, without their secrets."""
    with _house() as house, reading(house.database) as session:
        rows = [one.model_dump(mode="json", exclude={"secret_hmac"}) for one in keys_of(session, organisation_id)]
    lines = [
        f"{row['id']}  flr_{row['public_id']}_…  {row['person'] or 'station'}  {', '.join(row['roles'])}"
        f"{'  revoked ' + row['revoked_at'] if row['revoked_at'] else ''}"
        for row in rows
    ]
    answer({"items": rows}, as_json=as_json, text="\n".join(lines) or "There is no key yet; see filiere key add.")


@key.command("revoke")
@click.argument("key_id", type=click.UUID)
@json_option
def revoke_key_command(key_id: UUID, *, as_json: bool) -> None:
    """End a key at once."""
    with _house() as house:
        in_transaction(house.database, lambda session: revoke_key(session, key_id=key_id))
    answer({"id": key_id, "revoked": True}, as_json=as_json, text=f"Key {key_id} opens nothing any more.")


@filiere.group()
def ledger() -> None:
    """The record of all that happened."""


@ledger.command("verify")
@json_option
def verify_ledger(*, as_json: bool) -> None:
    """Recompute the hash chain of the whole history; status 1 where it does not hold."""
    with _house() as house, reading(house.database) as session:
        found = verify_history(session)
    breaks = [{"thing": b.thing, "thing_id": b.thing_id, "seq": b.seq, "reason": b.reason} for b in found.breaks]
    lines = [f"BROKEN {b['thing']} {b['thing_id']}, record {b['seq']}: {b['reason']}." for b in breaks]
    text = "\n".join([*lines, f"{found.records} records in {found.chains} chains, {len(breaks)} breaks."])
    told = {"ok": not breaks, "chains": found.chains, "records": found.records, "breaks": breaks}
    answer(told, as_json=as_json, text=text)
    sys.exit(1 if breaks else 0)


filiere.add_command(certificate)
filiere.add_command(pack)


@filiere.command()
@click.argument("file", type=FILE)
@json_option
def backup(file: Path, *, as_json: bool) -> None:
    """Write everything, documents and keys included, to FILE; guard it as you guard the house."""
    from reuse.backups import back_up  # noqa: PLC0415  # only these two commands need it

    with _house() as house:
        done = back_up(house, file)
    answer(done, as_json=as_json, text=f"{file}: {done['bytes']} bytes, {done['files']} files.")


@filiere.command()
@click.argument("file", type=EXISTING)
@json_option
def restore(file: Path, *, as_json: bool) -> None:
    """Bring a backup into an empty data folder and an empty database."""
    from reuse.backups import restore as bring_back  # noqa: PLC0415  # only these two commands need it

    settings = Settings()
    with closing(open_database(settings)) as database:
        done = bring_back(settings, database, file)
    answer(done, as_json=as_json, text=f"Restored what was backed up on {done['made_at']}: {done['files']} files.")


if __name__ == "__main__":
    main()
