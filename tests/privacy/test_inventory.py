"""No table can be forgotten: every text and JSON column is in the inventory of personal data, or said to hold none."""

from sqlalchemy import JSON, Column, LargeBinary, String
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

from reuse import tables
from reuse.privacy.rules import load_retention
from workers.documents import PRESSES

assert tables.__all__  # importing it makes every table known
WORDS = (String, AutoString, JSON, LargeBinary)
RETENTION = load_retention()
WHAT_TO_DO = (
    "Open reuse/data/retention.json. Personal data: name the column under `columns` of the entry whose term fits (or a "
    "new entry: what, basis, term, source, what remains). No personal data: name it under `without`, beneath what it "
    "holds. Only a word that never means a person in any table goes into `plain_names`."
)


def columns() -> dict[str, Column[object]]:
    return {
        f"{table.name}.{column.name}": column for table in SQLModel.metadata.sorted_tables for column in table.columns
    }


def named() -> set[str]:
    """Every column that an entry names."""
    return {f"{place.table}.{name}" for entry in RETENTION.entries for place in entry.columns for name in place.names}


def deleted() -> set[str]:
    """Tables whose rows go as a whole."""
    return {place.table for entry in RETENTION.entries for place in entry.columns if place.delete}


def test_every_column_of_words_is_in_the_inventory_or_said_to_hold_no_personal_data() -> None:
    known = named() | RETENTION.without
    forgotten = [
        name
        for name, column in columns().items()
        if isinstance(column.type, WORDS)
        and name not in known
        and column.name not in RETENTION.plain_names
        and column.table.name not in deleted()
    ]
    assert forgotten == [], WHAT_TO_DO


def test_the_inventory_names_no_column_that_is_not_there_and_none_twice() -> None:
    there = columns()
    assert sorted(name for name in named() | RETENTION.without if name not in there) == []
    assert sorted(named() & RETENTION.without) == []
    since = [(place.table, place.since) for e in RETENTION.entries for place in e.columns if place.since]
    assert [f"{table}.{name}" for table, name in since if f"{table}.{name}" not in there] == []
    assert RETENTION.plain_names <= {column.name for column in there.values()}


def test_every_document_that_is_printed_has_a_term_or_is_said_to_name_nobody() -> None:
    known = {kind for entry in RETENTION.entries for kind in entry.documents}
    assert sorted(PRESSES.keys() - known - RETENTION.documents_without) == [], WHAT_TO_DO


def test_every_entry_says_what_why_how_long_and_what_remains_in_both_languages() -> None:
    for entry in RETENTION.entries:
        texts = (entry.persons, entry.data, entry.purpose, entry.basis, entry.recipients, entry.remains, entry.since)
        assert all(text["fr"] and text["en"] for text in texts), entry.name
        assert entry.source, entry.name
        assert entry.activities, entry.name
        assert entry.term.days > 0 or not entry.columns, entry.name
