"""A token for tests: SoftHSM, with an RSA and an elliptic key; it stands for the module in a machine room's rack."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from reuse import clock, pdf_tokens

MODULE = next(
    (
        path
        for name in ("softhsm", "x86_64-linux-gnu/softhsm")
        if (path := Path("/usr/lib", name, "libsofthsm2.so")).exists()
    ),
    Path("/usr/lib/softhsm/libsofthsm2.so"),
)
PIN = "4711"
Private = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def made(*words: object) -> None:
    """Have a program done, and well."""
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def certificate_of(private: Private, *, days: tuple[int, int] = (-1, 365)) -> x509.Certificate:
    """A certificate that the key signs for itself, valid from and to so many days from now."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Signature de la métropole")])
    start, end = (clock.now() + timedelta(days=one) for one in days)
    draft = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(private.public_key())
    return draft.serial_number(7).not_valid_before(start).not_valid_after(end).sign(private, hashes.SHA256())


@dataclass(frozen=True)
class Rack:
    """A token with an RSA and an elliptic key, whose certificates are files."""

    folder: Path
    private: dict[str, Private]

    def settings(self, name: str, /, **other: Any) -> dict[str, str]:
        """What the settings say of the key of this name, with other values or None in their place."""
        said = {"module": MODULE, "token": "Coffre", "key": name, "pin_file": self.folder / "pin"}
        said |= {"file": self.folder / f"{name}.pem"} | other
        return {f"pdf_signing_{name}": str(value) for name, value in said.items() if value is not None}


@contextmanager
def rack_in(folder: Path) -> Iterator[Rack]:
    """Made before the module is loaded for the first time: SoftHSM looks for its tokens once in a process."""
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")
    (folder / "pin").write_text(f"{PIN}\n")
    (folder / "wrong-pin").write_text("0000")
    private: dict[str, Private] = {
        "rsa": rsa.generate_private_key(65537, 2048),
        "ec": ec.generate_private_key(ec.SECP256R1()),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(folder / "softhsm2.conf"))
        made("softhsm2-util", "--init-token", "--free", "--label", "Coffre", "--pin", PIN, "--so-pin", "12345678")
        for number, (name, key) in enumerate(private.items(), 1):
            file = folder / f"{name}.key"
            file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
            words = ("--import", file, "--label", name, "--id", f"0{number}", "--token", "Coffre", "--pin", PIN)
            made("softhsm2-util", *words)
            (folder / f"{name}.pem").write_bytes(certificate_of(key).public_bytes(Encoding.PEM))
        (folder / "old.pem").write_bytes(certificate_of(private["rsa"], days=(-9, -2)).public_bytes(Encoding.PEM))
        yield Rack(folder, private)
        close_sessions()


def close_sessions() -> None:
    """Log out: while somebody is logged in, a process is not asked for its PIN again."""
    for token in list(pdf_tokens._OPEN):
        pdf_tokens._forget(token)
