"""A donor's list of 50,000 rows taken in by bulk, against the same rows taken in one at a time by the same rules.

Both read the file, check every row and look for what is known; both commit in portions of a thousand rows. Run with
`--peak ROWS` it takes in a list of so many rows and prints the process's peak memory, which nothing else must disturb.
"""

import contextlib
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from uuid import UUID

from figures import Figure
from sqlmodel import Session

from reuse import clock, tables
from reuse.devices.actions.identity import add_devices
from reuse.donations.actions.imports import device_of_row, take_all, take_rows
from reuse.donations.actions.recognise import recognise_rows
from reuse.donations.actions.register import change_donation, lock_donation, settle_lines
from reuse.donations.imports.kept import kept_rows
from reuse.donations.imports.keys import KeyedRow, check_list, in_portions, keyed
from reuse.donations.imports.read import open_list
from reuse.donations.models import Donation, DonationImport, DonationItem, ImportDevice
from reuse.history.actions import record
from reuse.history.queries import verify_history
from reuse.history.rules import SYSTEM, Actor
from reuse.house import House, open_house
from reuse.people.actions import add_organisation
from reuse.people.rules import Activity
from reuse.schema import migrate
from reuse.serving import spare_what_stays
from reuse.settings import Settings
from reuse.transactions import in_transaction, reading
from workers.imports import PORTION

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))

import services  # the tests know how to start a PostgreSQL that is gone afterwards

assert tables.__all__  # noqa: S101  # importing it makes every table known

ROWS = 50_000
ONE_BY_ONE = 3_000
TIMES_FASTER = 10
FEW = 5_000
HEADER = "Inventaire;Catégorie;Marque;Modèle;N° de série;Année;État;Quantité;Commentaire"
Take = Callable[[House, DonationImport, bytes], None]


def measure() -> list[Figure]:
    """Rows a second on each database, peak memory, and how long another writer waits on SQLite."""
    spare_what_stays()
    figures = _rates("SQLite, executemany", None)
    try:
        with services.postgresql_server(durable=True) as server, services.fresh_database(server) as address:
            figures += _rates("PostgreSQL, COPY", address)
    except (FileNotFoundError, RuntimeError) as missing:
        print(f"imports are measured on SQLite alone: {missing}", file=sys.stderr)
    return [*figures, _waiting(), _memory()]


def _rates(name: str, address: str | None) -> list[Figure]:
    """Rows a second from the file's bytes to the last commit."""
    with _house(address) as house:
        alone = ONE_BY_ONE / _seconds(house, _one_by_one, ONE_BY_ONE, first=ROWS)
        bulk = ROWS / _seconds(house, _in_bulk, ROWS)
        with reading(house.database) as session:
            found = verify_history(session)
        if found.breaks:
            raise SystemExit(f"the history is broken: {found.breaks[:3]}")
    note = f"history verified, {found.records:,} records"
    what = "the same rows one at a time by the ORM"
    return [Figure(f"import of {ROWS:,} rows, {name}", "/s", TIMES_FASTER * alone, bulk, alone, what, note)]


def _seconds(house: House, take: Take, rows: int, *, first: int = 0) -> float:
    content, this = a_list(rows, first=first), in_transaction(house.database, an_import)
    began = time.perf_counter()
    take(house, this, content)
    return time.perf_counter() - began


@contextlib.contextmanager
def _read(content: bytes) -> Iterator[tuple[Iterator[list[KeyedRow]], dict[str, str]]]:
    """As the job does it: the list is read to its end first, then handed on by portions."""
    opened = open_list(content)
    with kept_rows() as kept:
        check_list(opened, kept)
        yield in_portions(keyed(kept), devices=PORTION), opened.header.by_column


def _in_bulk(house: House, this: DonationImport, content: bytes) -> None:
    with _read(content) as (portions, headers):
        for rows in portions:
            in_transaction(house.database, lambda session, rows=rows: take_rows(session, this, rows, headers))


def _one_by_one(house: House, this: DonationImport, content: bytes) -> None:
    def take(session: Session, rows: list[KeyedRow]) -> None:
        donation = lock_donation(session, this.donation_id)
        for row in rows:
            _take_one(session, this, donation, row)
        settle_lines(session, donation)
        change_donation(session, donation)
        record(session, SYSTEM, thing="donation", thing_id=donation.id, verb="listed", data={"items": len(rows)})

    with _read(content) as (portions, _):
        for rows in portions:
            in_transaction(house.database, lambda session, rows=rows: take(session, rows))


def _take_one(session: Session, this: DonationImport, donation: Donation, row: KeyedRow) -> None:
    seen = recognise_rows(session, this, donation, [row], {})
    for known, key in seen.new:
        (device,) = add_devices(session, Actor(this.organisation_id), [device_of_row(donation, known.item)])
        item = known.item
        session.add(
            DonationItem(
                device_id=device.id, donation_id=donation.id, key=key, category=item.category, serial=item.serial
            )
        )
        session.add(ImportDevice(id=clock.new_id(), import_id=this.id, device_id=device.id, row=item.row, is_new=True))
        session.flush()


def _all_at_once(house: House, this: DonationImport, content: bytes) -> None:
    with _read(content) as (portions, headers):
        in_transaction(house.database, lambda session: take_all(session, this, portions, headers))


def _waiting() -> Figure:
    """Milliseconds that another writer waits at most on SQLite while the list comes in."""
    portions, whole = (_longest_wait(take) for take in (_in_bulk, _all_at_once))
    name, what = f"another writer's longest wait, {ROWS:,} rows", "all in one transaction (all_or_nothing)"
    return Figure(name, "ms", 1000, portions * 1000, whole * 1000, what)


def _longest_wait(take: Take) -> float:
    waits: list[float] = []
    ended = threading.Event()
    with _house(None) as house:

        def write() -> None:
            while not ended.wait(0.02):
                began = time.perf_counter()
                in_transaction(house.database, _a_word)
                waits.append(time.perf_counter() - began)

        writer = threading.Thread(target=write)
        writer.start()
        try:
            _seconds(house, take, ROWS)
        finally:
            ended.set()
            writer.join()
    return max(waits)


def _a_word(session: Session) -> None:
    record(session, SYSTEM, thing="probe", thing_id=UUID(int=1), verb="waited")


def _memory() -> Figure:
    """Peak resident megabytes (10^6 bytes) of a process that takes in the long list, against a tenth of it."""
    many, few = (_peak(rows) for rows in (ROWS, FEW))
    return Figure(f"peak memory, import of {ROWS:,} rows", "MB", None, many, few, f"the same for {FEW:,} rows")


def _peak(rows: int) -> float:
    command = [sys.executable, __file__, "--peak", str(rows)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@contextlib.contextmanager
def _house(address: str | None) -> Iterator[House]:
    """A house on SQLite in a folder of its own, or on the PostgreSQL at the address; migrated."""
    with tempfile.TemporaryDirectory(prefix="filiere-bench-") as name:
        settings = Settings(data_dir=Path(name), database_url=address, secret_key="s" * 40)
        with closing(open_house(settings)) as house:
            migrate(house.database)
            yield house


def an_import(session: Session) -> DonationImport:
    """A list that was sent for a fresh donation of a fresh donor."""
    donor = add_organisation(session, name=f"Ville {clock.new_id()}", activities=[Activity.donor])
    session.flush()
    facts = {"legal_basis": "company_gift", "required_erasure": "purge", "created_at": clock.now()}
    donation = Donation(
        id=clock.new_id(), number="DON-1", status="submitted", donor_id=donor.id, registered_by_id=donor.id,
        territory_id=donor.territory_id, **facts,
    )  # fmt: skip
    session.add(donation)
    session.flush()
    this = DonationImport(
        id=clock.new_id(), donation_id=donation.id, organisation_id=donor.id, sha256="0" * 64, mode="good_rows",
        dry_run=False, created_at=clock.now(),
    )  # fmt: skip
    session.add(this)
    session.flush()
    return this


def a_list(rows: int, *, first: int = 0) -> bytes:
    """A clean list, as a council exports it."""
    row = "INV-{0};PC portable;Lenovo;ThinkPad T480;PF{0:08d};2019;Bon;1;bureau {0}"
    return "\n".join([HEADER, *(row.format(number) for number in range(first, first + rows))]).encode()


if __name__ == "__main__":
    with _house(None) as own:
        _seconds(own, _in_bulk, int(sys.argv[-1]))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6)
