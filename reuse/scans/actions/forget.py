from datetime import datetime

from sqlmodel import Session, col, delete

from reuse.scans.models import Scan


def forget_scans(session: Session, *, before: datetime) -> int:
    """Forget the ids of scans that came before this moment; what they changed stays in the history."""
    return session.exec(
        delete(Scan).where(col(Scan.received_at) < before).execution_options(synchronize_session=False)
    ).rowcount
