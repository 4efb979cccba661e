"""Whether the body of an nwipe session tells the same story as its closing tables, line by line for one device."""

from dataclasses import dataclass

from reuse.wiping.evidence.nwipe_lines import DEEDS, Event
from reuse.wiping.evidence.nwipe_sessions import Session

OPS2 = "RCMP TSSIT OPS-II"  # ends with a random pass and never blanks, whatever letter the last line prints
VERIFY_OPTIONS = {"NV": "0 (off)", "VL": "1 (last pass)", "VA": "2 (all passes)"}


@dataclass(frozen=True, slots=True)
class Plan:
    """What the session says it was asked to do."""

    method: str
    rounds: int
    blank: bool
    verify: str


def plan_of(session: Session) -> Plan | None:
    """Read the plan from the closing line; None unless the options printed at the start say exactly the same."""
    totals = session.all("total")
    if len(totals) != 1:
        return None
    total = totals[0]
    letter, verify = total.other.split("+")
    plan = Plan(total.word, total.numbers[0], letter == "B", verify)
    no_blanks = len(session.all("no_blank"))
    agreed = (
        session.option("method") == plan.method
        and session.option("rounds") == str(plan.rounds)
        and session.option("verify") == VERIFY_OPTIONS[verify]
        and session.option("quiet") in {"0", "1"}
        and no_blanks == (0 if plan.blank else 1)
        and len(session.all("options")) == 1
        and plan.rounds > 0
    )
    return plan if agreed else None


def size_of(session: Session, device: str) -> int | None:
    """Read the device's size in bytes; None where it is not told exactly once, or where a table tells another."""
    sizes = {event.numbers[0] for event in session.all("size", device)}
    tables = {row.numbers[1] for row in session.rows if row.table == "erased" and f"/dev/{row.device}" == device}
    told = sizes | tables
    if len(told) != 1 or len(session.all("size", device)) > 1:
        return None
    return next(iter(told)) or None


class _Disagreement(Exception):  # noqa: N818  # never leaves this file: a jump out of the reading
    """The next line is not what nwipe prints at this point."""


@dataclass(slots=True)
class _Reader:
    deeds: list[Event]
    size: int
    position: int = 0

    def next_is(self, name: str) -> bool:
        return self.position < len(self.deeds) and self.deeds[self.position].name == name

    def take(self, name: str, numbers: tuple[int, ...] | None = None) -> Event:
        if not self.next_is(name) or (numbers is not None and self.deeds[self.position].numbers != numbers):
            raise _Disagreement
        self.position += 1
        return self.deeds[self.position - 1]

    def take_verified(self, check: str, success: str, numbers: tuple[int, ...]) -> None:
        self.take(check, numbers)
        self.take("read", (self.size,))
        self.take(success, numbers)


def body_agrees(session: Session, device: str, plan: Plan, size: int) -> bool:
    """Say whether every step of the plan was begun, done over the whole device and finished, in nwipe's own order.

    The last line's letters are options, not deeds: what counts is that each pass wrote as many bytes as the device has,
    and that the verification the letters name really read as many back.
    """
    reader = _Reader(
        [event for event in session.events if event.device == device and event.name in DEEDS - {"sanitize"}], size
    )
    try:
        if reader.take("invoke").word != plan.method:
            return False
        for number in range(1, plan.rounds + 1):
            _take_round(reader, number, plan)
        _take_final(reader, plan)
    except _Disagreement:
        return False
    return reader.position == len(reader.deeds)


def _take_round(reader: _Reader, number: int, plan: Plan) -> None:
    reader.take("round_start", (number, plan.rounds))
    count, done = 1, 0
    while done < count:
        done += 1
        start = reader.take("pass_start")
        count = start.numbers[1] if done == 1 else count
        step = (done, count, number, plan.rounds)
        if start.numbers != step:
            raise _Disagreement
        reader.take("written", (reader.size,))
        very_last = number == plan.rounds and done == count
        wanted = plan.verify == "VA" or (plan.verify == "VL" and very_last and not plan.blank and plan.method != OPS2)
        if wanted or reader.next_is(
            "verifying"
        ):  # some methods verify a pass whatever the option says (HMG IS5 Enhanced)
            reader.take_verified("verifying", "verified", step)
        reader.take("pass_end", step)
    reader.take("round_end", (number, plan.rounds))


def _take_final(reader: _Reader, plan: Plan) -> None:
    if plan.method == OPS2:
        reader.take("random")
        reader.take("written", (reader.size,))
        if plan.verify != "NV":
            reader.take_verified("random_check", "random_ok", ())
    elif plan.blank:
        reader.take("blanking")
        reader.take("written", (reader.size,))
        if plan.verify != "NV":
            reader.take_verified("empty_check", "empty", ())
        reader.take("blanked")
