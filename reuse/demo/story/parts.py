"""Who plays which part: what becomes of the machines of the council's list, by the tags that the council gave them.

Everything else on the list waits in the workshop, as most of a donation does in its first week.
"""

from dataclasses import dataclass
from importlib.resources import files

EVIDENCE_ZONE = "UTC"
"""The clocks of the emulated machines had no other."""
PICKED_UP_AT = "2026-03-02T06:10:00Z"
RECEIVED_AT = "2026-03-02T06:30:00Z"
"""The machines were emulated from 2 to 5 March 2026, and a wipe counts only after the reception."""


DECLARATIONS = {
    "decision_reference": "Délibération 2026-014",
    "decision_date": "2026-02-12",
    "legal_basis_text": "CG3P art. L3212-2 3° et L3212-3",
    "unit_value": {"amount_minor": 15000, "currency": "EUR"},
    "classified": False,
    "special_security": False,
}
"""What the law asks a public body to declare (GET /v1/donation-templates)."""


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine with real tool output: its folder of evidence, its tag, the logs in the order of their upload."""

    folder: str
    tag: str
    logs: tuple[str, ...] = ("nwipe.log",)


MACHINES = (
    Machine("vm01-lenovo-t480-nvme", "INV-000417"),
    Machine("vm02-dell-latitude-7490", "INV-000418"),
    Machine("vm03-hp-prodesk-600-g3", "INV-000487"),
    Machine("vm04-oem-placeholders-ide", "INV-000495", ("nwipe-sdb-default-serial.log", "nwipe.log")),
    Machine("vm05-fujitsu-aborted", "IT-00815"),
    Machine("vm06-acer-io-errors", "INV-000488"),
    Machine("vm08-dell-optiplex-redacted", "INV-000490", ("nwipe-q.log", "nwipe-plain.log")),
)
HELD = ("INV-000495", "IT-00815")
"""Not verified, and aborted: these wait for another wipe."""
FAILED = "INV-000488"
"""Its disks fail; they are destroyed and the machine leaves as waste."""
WIPED = ("INV-000417", "INV-000418", "INV-000487", "INV-000490")

PHONES = ("INV-000616", "INV-000631", "INV-000695", "INV-000625", "INV-000640", "INV-000648")
TABLETS = ("INV-000661", "INV-000662")
LOCKED = "INV-000652"
"""Its former user's account is still on it."""
ONE_PERSON = "INV-000665"
"""A tablet whose checklist names one person twice."""
CRACKED = "INV-000625"
"""A phone with a cracked screen: its data is gone, its display test is not passed."""
PRINTER = "INV-000672"

MONITORS = ("INV-000552", "INV-000568", "INV-000572", "INV-000584", "INV-000586", "INV-000592")
REPAIRED = "INV-000562"
"""Its stand is missing; one is taken from the screen that broke."""

MISSING = ("INV-000433", "INV-000620")
"""A laptop that was signed for and lost on the way, a phone that was not there at the pick-up."""
MISCOPIED = ("INV-000561", "11535330A4579")
"""A screen whose serial the clerk copied with two digits swapped; what stands on the machine."""
BROKEN = "INV-000573"
"""A screen that broke on the way."""
DEAD = {"INV-000521": "Z4Y8QX1M", "INV-000545": "WD-WCC2E4KP3J7N"}
"""Two desktops that no longer start, and the serials on the labels of their disks."""

APPROVED = (*WIPED, *(tag for tag in PHONES if tag != CRACKED), *TABLETS, *MONITORS, REPAIRED, PRINTER)
"""What passes every gate."""
COSMETIC = {"INV-000418": "C", "INV-000640": "A", "INV-000487": "A", "INV-000562": "C"}
"""How some look; the others are B."""


def evidence(folder: str, name: str) -> bytes:
    """A file of the evidence that is shipped, byte for byte."""
    return files("reuse.data").joinpath("demo", "evidence", folder, name).read_bytes()
