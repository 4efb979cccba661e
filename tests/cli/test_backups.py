import json
import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlmodel import select

import services
from makers import make_key, make_organisation
from reuse.backups import back_up, copy_sqlite, restore
from reuse.db import open_database
from reuse.documents.actions import Readers, add_document
from reuse.documents.models import Document
from reuse.errors import Conflict, Invalid
from reuse.house import House, open_house
from reuse.invariants import violations
from reuse.people.actions import caller_of_key
from reuse.people.rules import Activity
from reuse.schema import migrate
from reuse.settings import Settings
from reuse.transactions import reading, transaction

SIGNING_KEY = b"-----BEGIN PRIVATE KEY----- of nobody"
CERTIFICATE = b"%PDF-1.7 a certificate of one erased disk"


def busy_house(settings: Settings) -> tuple[House, str]:
    """A house with an organisation, its key, which is returned, and one document."""
    house = open_house(settings)
    migrate(house.database)
    keys = settings.keys_dir or settings.data_dir / "keys"
    keys.mkdir()
    (keys / "signing.pem").write_bytes(SIGNING_KEY)
    digest = house.files.put(CERTIFICATE)
    with transaction(house.database) as session:
        add_document(
            session,
            kind="certificate",
            number="CE-2026-000001",
            title="Effacement prouvé",
            media_type="application/pdf",
            file_name="CE-2026-000001.pdf",
            sha256=digest,
            size=len(CERTIFICATE),
            organisation_id=None,
            readers=Readers(),
        )
    return house, make_key(house, make_organisation(house, "Atelier Deuxième Souffle", Activity.workshop))


def bring_back(settings: Settings, file: Path) -> House:
    with closing(open_database(settings)) as database:
        restore(settings, database, file)
    return open_house(settings)


def is_whole(house: House, key: str) -> None:
    """Its document is there byte for byte, its keys still open, and all that must hold holds."""
    with reading(house.database) as session:
        (document,) = session.exec(select(Document)).all()
        assert house.files.get(document.sha256) == CERTIFICATE
        assert caller_of_key(session, key, secret_key=house.secret_key) is not None
        assert not any(violations(session, house.files).values())


def test_a_house_on_sqlite_comes_back_whole_with_its_documents_and_its_secret(tmp_path: Path) -> None:
    house, key = busy_house(Settings(data_dir=tmp_path / "old"))
    with closing(house):
        told = back_up(house, tmp_path / "copies" / "filiere.backup")
    assert told["files"] == 1
    assert (tmp_path / "copies" / "filiere.backup").stat().st_mode & 0o077 == 0, "the keys are in it"
    with closing(bring_back(Settings(data_dir=tmp_path / "new"), tmp_path / "copies" / "filiere.backup")) as back:
        is_whole(back, key)
    assert (tmp_path / "new" / "keys" / "signing.pem").read_bytes() == SIGNING_KEY


def test_a_house_on_postgresql_comes_back_whole(postgresql_server: services.Server, tmp_path: Path) -> None:
    secret = "one-secret-that-both-houses-are-told-of"
    with (
        services.fresh_database(postgresql_server) as old,
        services.fresh_database(postgresql_server) as new,
    ):
        house, key = busy_house(Settings(data_dir=tmp_path / "old", database_url=old, secret_key=secret))
        with closing(house):
            back_up(house, tmp_path / "filiere.backup")
        settings = Settings(data_dir=tmp_path / "new", database_url=new, secret_key=secret)
        with closing(bring_back(settings, tmp_path / "filiere.backup")) as back:
            is_whole(back, key)
        with pytest.raises(Conflict, match="not empty"):
            bring_back(settings, tmp_path / "filiere.backup")


def test_a_backup_is_not_restored_over_anything(tmp_path: Path) -> None:
    house, key = busy_house(Settings(data_dir=tmp_path / "old"))
    with closing(house):
        back_up(house, tmp_path / "filiere.backup")
        with pytest.raises(Conflict, match="not empty"):
            bring_back(house.settings, tmp_path / "filiere.backup")
        is_whole(house, key)


def _change_the_database(members: dict[str, bytes]) -> None:
    members["filiere.db"] = members["filiere.db"].replace(b"Atelier", b"Atolier")


def _forget_a_file(members: dict[str, bytes]) -> None:
    del members[next(name for name in members if name.startswith("files/"))]


def _smuggle(members: dict[str, bytes]) -> None:
    members["../outside"] = b"x"


def _drop_the_manifest(members: dict[str, bytes]) -> None:
    del members["manifest.json"]


def _come_from_the_future(members: dict[str, bytes]) -> None:
    members["manifest.json"] = json.dumps({"format": "filiere-backup/9"}).encode()


@pytest.mark.parametrize(
    "spoil", [_change_the_database, _forget_a_file, _smuggle, _drop_the_manifest, _come_from_the_future]
)
def test_a_backup_that_is_not_whole_is_refused_and_leaves_nothing(
    spoil: Callable[[dict[str, bytes]], None], tmp_path: Path
) -> None:
    house, _ = busy_house(Settings(data_dir=tmp_path / "old"))
    with closing(house):
        back_up(house, tmp_path / "good")
    with tarfile.open(tmp_path / "good") as archive:
        members = {one.name: (archive.extractfile(one) or pytest.fail(one.name)).read() for one in archive}
    spoil(members)
    with tarfile.open(tmp_path / "bad", "w:gz") as archive:
        for name, content in members.items():
            (tmp_path / "part").write_bytes(content)
            archive.add(tmp_path / "part", name)
    settings = Settings(data_dir=tmp_path / "new")
    with pytest.raises(Invalid, match="not a whole backup"):
        bring_back(settings, tmp_path / "bad")
    assert {path.name for path in settings.data_dir.iterdir()} <= {"filiere.db", "filiere.db-wal", "filiere.db-shm"}
    bring_back(settings, tmp_path / "good").close()


def test_something_else_than_a_backup_is_refused(tmp_path: Path) -> None:
    (tmp_path / "picture").write_bytes(b"\x89PNG")
    with pytest.raises(Invalid, match="not a whole backup"):
        bring_back(Settings(data_dir=tmp_path / "new"), tmp_path / "picture")


def test_a_backup_taken_while_somebody_writes_holds_one_moment(tmp_path: Path) -> None:
    house, _ = busy_house(Settings(data_dir=tmp_path / "old"))
    with closing(house), transaction(house.database) as session:
        add_document(
            session,
            kind="receipt",
            title="not committed yet",
            media_type="text/plain",
            file_name="x",
            sha256="0" * 64,
            size=1,
            organisation_id=None,
            readers=Readers(),
        )
        copy_sqlite(house.database, tmp_path / "copy.db")
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("SELECT count(*) FROM document").fetchone() == (1,)
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
