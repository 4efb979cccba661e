"""One nwipe log may hold several runs of nwipe; here it is cut into sessions, each with its events and table rows."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from reuse.errors import Invalid
from reuse.wiping.evidence.nwipe_lines import DEEDS, Event, Row, is_rule, read_line, read_row, table_begun

MAX_SESSIONS = 500  # a station that appends for years is asked to split its log
_CONTROLLER = re.compile(r"/dev/nvme\d+")
_OPENERS = frozenset({"found", "version"})


@dataclass(slots=True)
class Session:
    """One run of nwipe, from its first line to the line before the next run's first."""

    events: list[Event] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    tables: set[str] = field(default_factory=set)
    damaged: bool = False

    def all(self, name: str, device: str | None = None) -> list[Event]:
        """Find the events of a name, of one device where given."""
        return [event for event in self.events if event.name == name and device in {None, event.device}]

    def option(self, word: str) -> str | None:
        """Find the value of an option that was printed exactly once."""
        values = [event.other for event in self.all("option") if event.word == word]
        return values[0] if len(values) == 1 else None

    def devices(self) -> list[str]:
        """List the devices that this session touched, in order; without any, those that it found."""
        touched = {event.device for event in self.events if event.name in DEEDS}
        touched |= {f"/dev/{row.device}" for row in self.rows if row.table == "status"}
        named = [event.device for event in self.events if event.device and event.name != "trouble"]
        rows = [f"/dev/{row.device}" for row in self.rows if row.table == "status"]
        return [device for device in dict.fromkeys([*named, *rows]) if not touched or device in touched]


def split_sessions(lines: Iterable[str]) -> list[Session]:
    """Cut a log into sessions. A new one begins where nwipe names itself or finds drives after it began to work.

    Several runs append to one file, and a killed run leaves no closing line: events of two runs must never be mixed.
    """
    sessions = [Session()]
    table = None
    working = False
    for line in lines:
        event = read_line(line)
        if event is None:
            table = _read_table_line(line, table, sessions[-1])
            continue
        again = event.name == "version" and bool(sessions[-1].all("found"))
        if again or (event.name in _OPENERS and working):
            sessions.append(Session())
            working = False
            if len(sessions) > MAX_SESSIONS:
                raise Invalid("The log holds more than 500 runs of nwipe; please split it.", code="too_many_sessions")
        working = working or event.name in {"options", "invoke", "total", "end"}
        table = None
        sessions[-1].events.append(event)
        sessions[-1].damaged |= event.name == "bad_time"
    for session in sessions:
        _name_controllers(session)
    return [session for session in sessions if session.devices()]


def _name_controllers(session: Session) -> None:
    """Give sanitize lines of an NVMe controller to the drive behind it, where the session found only one NVMe drive.

    nwipe starts SANITIZE from a listed drive but logs its controller (/dev/nvme0), whose number need not be the
    drive's.
    """
    drives = {event.device for event in session.all("found") if event.severity == "NVME"}
    if len(drives) != 1:
        return
    drive = next(iter(drives))
    session.events = [
        replace(event, device=drive)
        if event.name == "sanitize" and _CONTROLLER.fullmatch(event.device or "")
        else event
        for event in session.events
    ]


def _read_table_line(line: str, table: str | None, session: Session) -> str | None:
    begun = table_begun(line)
    if begun is not None:
        session.damaged |= begun in session.tables
        session.tables.add(begun)
        return begun
    if table is None or is_rule(line) or not line.strip():
        return table if line.strip() or table is None else None
    row = read_row(line.rstrip("\r\n"), table)
    if row is None:
        session.damaged = True
    else:
        session.rows.append(row)
    return table
