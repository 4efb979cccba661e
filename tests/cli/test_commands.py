import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result

from reuse import cli
from reuse.errors import Conflict, Invalid, NotFound, Refusal

WORKSHOP = ("org", "add", "Atelier Deuxième Souffle", "--activity", "workshop")


@pytest.fixture(autouse=True)
def house_in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings of these commands; logs stay as pytest set them."""
    monkeypatch.setenv("FILIERE_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setattr(cli, "configure_logs", lambda _form: None)


def say(*words: object) -> Result:
    return CliRunner().invoke(cli.filiere, [str(word) for word in words], catch_exceptions=False)


def ask(*words: object) -> dict[str, object]:
    done = say(*words, "--json")
    assert done.exit_code == 0, done.output
    assert done.stdout.count("\n") == 1
    return json.loads(done.stdout)


def test_an_organisation_without_territory_joins_the_default_one() -> None:
    first, second = ask(*WORKSHOP), ask("org", "add", "Ville de Grand-Port", "--activity", "donor")
    assert first["id"] != second["id"]


def test_a_key_without_roles_has_all_those_of_its_organisations_activities_and_is_never_shown_again() -> None:
    organisation = ask(*WORKSHOP)
    key = ask("key", "add", "--org", organisation["id"])
    (listed,) = ask("key", "list")["items"]
    assert str(key["key"]).startswith("flr_")
    assert listed["roles"] == ["data_security", "lead", "technician"]
    assert listed["person"] is None
    assert str(key["key"]).rsplit("_", 1)[1] not in json.dumps(listed)
    assert "secret_hmac" not in listed


def test_a_revoked_key_is_listed_as_revoked() -> None:
    key = ask("key", "add", "--org", ask(*WORKSHOP)["id"], "--person", "lead-1")
    say("key", "revoke", key["id"])
    assert "revoked" in say("key", "list").stdout


def test_an_unknown_option_or_value_is_a_usage_error() -> None:
    assert say("org", "add", "X", "--activity", "magician").exit_code == 2
    assert say("org", "add", "X").exit_code == 2
    assert say("serve", "--port", "70000").exit_code == 2
    assert say("levitate").exit_code == 2


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (("key", "add", "--org", uuid4()), NotFound),
        (("key", "revoke", uuid4()), NotFound),
        (("org", "add", "X", "--activity", "donor", "--siret", "12345678901234"), Invalid),
        (("territory", "add", "X", "--currency", "euro", "--country", "FR", "--timezone", "Europe/Paris"), Invalid),
        (("territory", "add", "X", "--currency", "EUR", "--country", "FR", "--timezone", "Mars/Nord"), Invalid),
        (("worker",), Conflict),
    ],
)
def test_what_cannot_be_done_is_one_sentence_on_stderr_and_status_1(
    words: tuple[object, ...], kind: type[Refusal], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(kind):
        say(*words)
    monkeypatch.setattr("sys.argv", ["filiere", *(str(word) for word in words)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = capsys.readouterr()
    assert ended.value.code == 1
    assert said.out == ""
    assert len(said.err.splitlines()) == 1


def test_a_file_that_is_no_certificate_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "letter.pdf").write_bytes(b"%PDF-1.7 nothing of the kind")
    with pytest.raises(Invalid):
        say("certificate", "verify", tmp_path / "letter.pdf")
    assert say("certificate", "verify", tmp_path / "not-there.pdf").exit_code == 2


def test_a_setting_that_cannot_be_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("FILIERE_PORT", "a lot")
    monkeypatch.setattr("sys.argv", ["filiere", "check"])
    with pytest.raises(SystemExit):
        cli.main()
    assert "FILIERE_PORT" in capsys.readouterr().err


def test_the_ledger_of_a_quiet_house_holds_and_a_changed_record_is_found(tmp_path: Path) -> None:
    ask(*WORKSHOP)
    whole = ask("ledger", "verify")
    assert whole["ok"] is True
    assert whole["records"] == 2  # the default territory and the workshop
    with closing(sqlite3.connect(tmp_path / "var" / "filiere.db")) as database:
        database.execute("UPDATE history_record SET data = '{\"name\":\"Someone else\"}' WHERE thing = 'organisation'")
        database.commit()
    found = say("ledger", "verify")
    assert found.exit_code == 1
    assert "BROKEN organisation" in found.stdout
    assert say("check").exit_code == 1


def test_migrate_twice_does_nothing_the_second_time() -> None:
    assert ask("migrate")["applied"]
    assert ask("migrate") == {"applied": []}


def test_check_says_that_labels_are_on_trial_while_no_public_address_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "FILIERE_PUBLIC_URL" in say("check").stdout
    monkeypatch.setenv("FILIERE_PUBLIC_URL", "https://reemploi.example")
    assert "FILIERE_PUBLIC_URL" not in say("check").stdout


def test_check_says_that_documents_cannot_be_printed_where_the_library_that_draws_them_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert "cannot be printed" not in say("check").stdout
    monkeypatch.setitem(sys.modules, "labels.pdf", None)  # importing it fails, as where Pango is not installed
    assert "cannot be printed" in say("check").stdout


def test_check_finds_a_document_whose_bytes_are_gone(tmp_path: Path) -> None:
    say("check")
    with closing(sqlite3.connect(tmp_path / "var" / "filiere.db")) as database:
        database.execute(
            "INSERT INTO document (id, kind, number, title, media_type, file_name, sha256, size, created_at)"
            " VALUES (?, 'certificate', 'CE-2026-000001', 'x', 'application/pdf', 'x.pdf', ?, 1, '2026-01-01')",
            (uuid4().hex, "0" * 64),
        )
        database.commit()
    found = say("check", "--json")
    assert found.exit_code == 1
    assert "CE-2026-000001 has no stored bytes" in found.stdout
