from typing import Any

from sqlmodel import Session, col, update

from reuse.errors import Conflict, Stale
from reuse.exports.models import Export
from reuse.exports.queries import lines_of
from reuse.exports.rules import ExportStatus, check_move
from reuse.history.actions import record
from reuse.people.rules import Caller


def move_export(
    session: Session,
    caller: Caller,
    export: Export,
    to: ExportStatus,
    *,
    version: int | None = None,
    data: dict[str, Any] | None = None,
    **columns: Any,  # noqa: ANN401  # columns that change with the move
) -> None:
    """Move an export and its history with it, the only way its status changes.

    Conflict where the table of moves forbids it or another came first, Stale for another version than the present one.
    """
    check_version(export, version)
    present = ExportStatus(export.status)
    check_move(present, to)
    change_export(session, export, status=to, **columns)
    record(
        session,
        caller.actor,
        thing="export",
        thing_id=export.id,
        verb="moved",
        from_state=present,
        to_state=to,
        data=data,
    )


def change_export(session: Session, export: Export, **columns: Any) -> None:  # noqa: ANN401  # column values
    """Set columns and raise the version, unless somebody came first; the caller records why."""
    session.flush()
    done = session.exec(
        update(Export)
        .where(col(Export.id) == export.id, col(Export.version) == export.version, col(Export.status) == export.status)
        .values(version=export.version + 1, **columns)
        .execution_options(synchronize_session=False)
    )
    if done.rowcount != 1:
        raise Conflict("Somebody changed this export at the same moment; look at it again.", code="moved_meanwhile")
    session.refresh(export)


def check_version(export: Export, seen: int | None) -> None:
    """Stale where the caller acts on another version of the export than the present one; None asks for nothing."""
    if seen is not None and seen != export.version:
        raise Stale(f"This export has changed: you saw version {seen}, it is now {export.version}.")


def check_open(export: Export) -> None:
    """Conflict where nothing more may be said of the export."""
    if export.status != ExportStatus.draft:
        sentence = f"This export is {export.status}; what it says stays as it is. Begin a new one for what is to leave."
        raise Conflict(sentence, code="export_closed")


def free_lines(session: Session, export: Export) -> None:
    """Let other exports name its devices."""
    for line in lines_of(session, [export.id])[export.id]:
        line.live = False
        session.add(line)
    session.flush()
