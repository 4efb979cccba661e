import json
import socket
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from sqlalchemy import text

from commands import asked, run, serving
from reuse import cli
from reuse.db import Database, sqlite_database
from reuse.errors import Conflict
from reuse.schema import SchemaState, known_revisions, migrate
from reuse.serving import _listening, make_current, only_one


def say(*words: str) -> str:
    """A command run in this process: starting Python for each would take most of the test's time."""
    done = CliRunner().invoke(cli.filiere, list(words), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_a_new_house_serves_is_administered_beside_and_ends_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "configure_logs", lambda _form: None)
    house = tmp_path / "var"
    with serving(house) as server:
        assert httpx.get(server.address + "/health/ready").json() == {"status": "ok"}

        second = run(house, "serve", "--port", "0")
        assert second.returncode == 1
        assert len(second.stderr.splitlines()) == 1
        assert "Another filiere serve" in second.stderr
        assert str(server.process.pid) in second.stderr

        territory = asked(
            house, "territory", "add", "Sousse", "--currency", "TND", "--country", "TN", "--timezone", "Africa/Tunis"
        )
        monkeypatch.setenv("FILIERE_DATA_DIR", str(house))
        workshop = ("Atelier du Sahel", "--activity", "workshop", "--territory", territory["id"])
        organisation = json.loads(say("org", "add", *workshop, "--json"))
        key = json.loads(say("key", "add", "--org", organisation["id"], "--role", "lead", "--person", "l-1", "--json"))
        signed_in = {"Authorization": f"Bearer {key['key']}"}
        me = httpx.get(server.address + "/v1/me", headers=signed_in).json()
        assert me["organisation"]["territory_id"] == territory["id"]
        assert me["organisation"]["country"] == "TN"
        assert me["roles"] == ["lead"]
        assert me["person"] == "l-1"

        say("key", "revoke", key["id"])
        assert httpx.get(server.address + "/v1/me", headers=signed_in).status_code == 401

        began = time.monotonic()
        status, log = server.end()
        assert status == 0, log
        assert time.monotonic() - began < 10
    assert "Traceback" not in log


def test_a_database_of_a_newer_version_is_not_touched(tmp_path: Path) -> None:
    with closing(sqlite_database(tmp_path / "filiere.db")) as database:
        migrate(database)
        mark(database, "9999")
        with pytest.raises(Conflict, match="newer version"):
            make_current(database, tmp_path / "backups")
    assert not (tmp_path / "backups").exists()


def test_an_older_database_with_data_is_copied_before_it_is_migrated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite_database(tmp_path / "filiere.db")) as database:
        migrate(database)
        first, *_ = known_revisions()
        mark(database, first)
        monkeypatch.setattr("reuse.serving.schema_state", lambda _: SchemaState.older)
        make_current(database, tmp_path / "backups")
    (copy,) = (tmp_path / "backups").iterdir()
    with closing(sqlite3.connect(copy)) as kept:
        assert kept.execute("SELECT version_num FROM alembic_version").fetchall() == [(first,)]


def mark(database: Database, revision: str) -> None:
    with database.writer.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


def test_a_port_in_use_is_told_in_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Conflict, match=f"port {port}"):
            _listening("127.0.0.1", port)


def test_of_two_servers_of_one_database_one_is_refused_and_comes_when_the_other_has_gone(tmp_path: Path) -> None:
    with closing(sqlite_database(tmp_path / "filiere.db")) as database:
        with only_one(database), pytest.raises(Conflict, match="already serves"), only_one(database):
            pass
        with only_one(database):
            pass
