"""The emulated PCs as data: who they say they are, their disks, the faults of these, and what is done to them.

Every serial number and model here is invented; what the tools print about them is real.
"""

from dataclasses import dataclass, field

MEBIBYTE = 1 << 20
READ_ERROR = "inject-error.0.event=none,inject-error.0.iotype=read,inject-error.0.sector=24576,inject-error.0.errno=5"
WRITE_ERROR = READ_ERROR.replace("iotype=read", "iotype=write")
"""A sector 12 MiB into the disk that can no longer be read, or written (QEMU, docs/devel/blkdebug)."""


@dataclass(frozen=True)
class Disk:
    """A disk of an emulated PC; `fault` is what QEMU's blkdebug does to it, `slow` its bytes a second."""

    interface: str  # ide-hd, nvme, usb-storage
    serial: str
    model: str = ""
    mebibytes: int = 24
    rotation_rate: int = 0
    fault: str = ""
    slow: int = 0

    def properties(self) -> str:
        """What QEMU is told of it beside its drive."""
        told = {"serial": self.serial}
        if self.interface == "ide-hd":
            told |= {"model": self.model, "rotation_rate": str(self.rotation_rate)}
        return ",".join(f"{name}={value}" for name, value in told.items() if value)


@dataclass(frozen=True)
class Machine:
    """An emulated PC; `job` is shell, run once the inventory is taken (guest.sh has its words)."""

    name: str
    category: str
    manufacturer: str
    product: str
    serial: str
    disks: tuple[Disk, ...]
    job: str
    verdicts: dict[str, str] = field(default_factory=dict[str, str])
    """What the product must say of each disk that nwipe names: serial to verdict."""
    is_certified: bool = False
    missing: tuple[str, ...] = ()
    """What the gate must name as missing, where the machine may not be certified."""


MACHINES = (
    Machine(
        name="laptop-nvme",
        category="laptop",
        manufacturer="LENOVO",
        product="20L5S0XX00",
        serial="PF7V0001",
        disks=(Disk("nvme", "S444NX0K700001"),),
        job="wipe --method=zero --verify=last",
        verdicts={"S444NX0K700001": "pass"},
        is_certified=True,
    ),
    Machine(
        name="desktop-two-sata",
        category="desktop",
        manufacturer="HP",
        product="HP ProDesk 600 G3 SFF",
        serial="CZC7438V02",
        disks=(
            Disk("ide-hd", "WD-WCC6Y5V70002", "WDC WD5000AZLX-60K2TA0", rotation_rate=7200),
            Disk("ide-hd", "50026B7782D70002", "KINGSTON SA400S37240G", rotation_rate=1),
        ),
        job="wipe --method=prng --verify=all",
        verdicts={"WD-WCC6Y5V70002": "pass", "50026B7782D70002": "pass"},
        is_certified=True,
    ),
    Machine(
        name="desktop-usb-stick",
        category="desktop",
        manufacturer="MEDION",
        product="MS-7707",
        serial="ML22V003",
        disks=(
            Disk("ide-hd", "Y3PD1V703", "TOSHIBA DT01ACA050", rotation_rate=7200),
            Disk("usb-storage", "4C530001230870003"),
        ),
        job="wipe --method=zero --verify=last",
        verdicts={"Y3PD1V703": "pass"},
        missing=("no_report",),
    ),
    Machine(
        name="desktop-failing-disks",
        category="desktop",
        manufacturer="Acer",
        product="Veriton X2640G",
        serial="DTVPUEG0026430V04",
        disks=(
            Disk("ide-hd", "WD-WMC2E0V70004", "WDC WD5000AAKX-08U6AA0", rotation_rate=7200, fault=WRITE_ERROR),
            Disk("ide-hd", "TF655AWHV70004", "HGST HTS545050A7E380", rotation_rate=5400, fault=READ_ERROR),
        ),
        job="thrash; wipe --method=dodshort --verify=all",
        verdicts={"WD-WMC2E0V70004": "fail", "TF655AWHV70004": "fail"},
        missing=("verdict_fail",),
    ),
    Machine(
        name="desktop-aborted",
        category="desktop",
        manufacturer="FUJITSU",
        product="ESPRIMO E720",
        serial="YLNSV00005",
        disks=(Disk("ide-hd", "Z3TBKV705", "ST500DM002-1BD142", 48, rotation_rate=7200, slow=3_000_000),),
        job="abort_after 10 --method=dodshort --verify=last --sync=1",
        verdicts={"Z3TBKV705": "fail"},
        missing=("verdict_fail",),
    ),
)
