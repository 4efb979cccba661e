"""The kernel and the first file system of the emulated PCs, made of this machine's own Debian packages."""

import gzip
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path

HERE = Path(__file__).parent
PROGRAMS = ("nwipe", "lshw", "dmidecode", "smartctl", "nvme", "hdparm")
MODULES = (
    "ahci", "ata_piix", "sd_mod", "sg", "nvme", "usb-storage", "xhci-pci", "drivetemp", "i2c-i801",
)  # fmt: skip
PATIENCE_SECONDS = 300
_SUM = 0


def kernel_of(folder: Path) -> Path:
    """Debian's kernel, downloaded and unpacked once into the folder."""
    unpacked = folder / "kernel"
    if not unpacked.exists():
        depends = _say("apt-cache", "depends", "linux-image-amd64")
        name = next(iter(re.findall(r"Depends: (linux-image-\S+)", depends)))
        folder.mkdir(parents=True, exist_ok=True)
        _say("apt-get", "--quiet=2", "download", name, at=folder)
        package = next(folder.glob("linux-image-*.deb"))
        making = folder / "kernel.new"
        shutil.rmtree(making, ignore_errors=True)
        _say("dpkg-deb", "--extract", str(package), str(making))
        making.rename(unpacked)
    return unpacked


def first_file_system(folder: Path) -> bytes:
    """The compressed archive (cpio, newc) that the kernel starts from: busybox, the tools, their libraries, modules."""
    kernel = kernel_of(folder)
    files: dict[str, bytes | Path] = {"init": HERE / "guest.sh", "bin/busybox": Path("/bin/busybox")}
    links = {
        f"bin/{name}": "busybox"
        for name in _say("/bin/busybox", "--list").split()
        if name not in {"busybox", *PROGRAMS}
    }
    for program in PROGRAMS:
        found = shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin")
        assert found, f"{program} is missing: make virtual-workshop installs it"
        files[f"usr/sbin/{program}"] = Path(found)
        files |= {str(library).lstrip("/"): library.resolve() for library in _libraries_of(found)}
    modules = list(_modules(kernel))
    files |= {str(module.relative_to(kernel)): module for module in modules}
    files["modules"] = "\n".join(f"/{module.relative_to(kernel)}" for module in modules).encode()
    return gzip.compress(archive(files, links), 1)


def _libraries_of(program: str) -> Iterator[Path]:
    for line in _say("ldd", program).splitlines():
        if found := re.search(r"(/\S+) \(0x", line):
            yield Path(found.group(1))


def _modules(kernel: Path) -> Iterator[Path]:
    """The modules and what they need, each behind what it needs."""
    version = next((kernel / "lib/modules").iterdir()).name
    _say("depmod", "--basedir", str(kernel), version)
    seen: set[Path] = set()
    for name in MODULES:
        shown = _say("modprobe", "--dirname", str(kernel), "--set-version", version, "--show-depends", name)
        for line in shown.splitlines():
            if line.startswith("insmod") and (module := Path(line.split()[1])) not in seen:
                seen.add(module)
                yield module


def archive(files: Mapping[str, bytes | Path], links: Mapping[str, str] | None = None) -> bytes:
    """A cpio archive in the form newc, as the kernel reads it (Documentation/driver-api/early-userspace)."""
    written = BytesIO()
    folders = {str(parent) for name in [*files, *(links or {})] for parent in Path(name).parents if str(parent) != "."}
    for folder in sorted({*folders, "proc", "sys", "dev", "run", "tmp", "etc/nwipe", "etc"}):
        _entry(written, folder, 0o040755, b"")
    for name, content in files.items():
        _entry(written, name, 0o100755, content if isinstance(content, bytes) else content.read_bytes())
    for name, to in (links or {}).items():
        _entry(written, name, 0o120777, to.encode())
    _entry(written, "TRAILER!!!", 0, b"")
    return written.getvalue()


def _entry(written: BytesIO, name: str, mode: int, content: bytes) -> None:
    raw = name.encode() + b"\0"
    fields = (0, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(raw), _SUM)
    head = b"070701" + b"".join(b"%08X" % value for value in fields) + raw
    written.write(head + b"\0" * (-len(head) % 4) + content + b"\0" * (-len(content) % 4))


def _say(*words: str, at: Path | None = None) -> str:
    done = subprocess.run(
        words,
        check=True,
        cwd=at,
        stdout=subprocess.PIPE,
        text=True,
        timeout=PATIENCE_SECONDS,
        env={**os.environ, "LC_ALL": "C", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
    )
    return done.stdout
