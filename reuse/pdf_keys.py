"""The X.509 keys that sign PDFs: an organisation's own, made at first use, or the one that a setting names.

Hardly any PDF reader knows Ed25519, with which records are signed; hence a second key, on the curve P-256 (FIPS 186-5).
"""

from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Final
from uuid import UUID

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
    load_pem_private_key,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12
from cryptography.x509.oid import NameOID

from reuse import clock
from reuse.canonical import sha256_hex
from reuse.pdf_tokens import Token
from reuse.settings import Settings
from reuse.signing import keys_folder, place

YEARS: Final = 10
_COMMON_NAME: Final = 64  # characters that X.520 allows in one
_PROBE: Final = b"Does this certificate belong to the key?"
_PEM: Final = b"-----BEGIN"
PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True)
class PdfKey:
    """A private key, its certificate and those above it (DER), which one process can hand to another.

    The key is there whole (PKCS#8), or it is said on which token it is.
    """

    certificate: bytes
    above: tuple[bytes, ...]
    private: bytes | Token = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, as PDF readers show it."""
        return sha256_hex(self.certificate)

    @property
    def named(self) -> dict[str, str]:
        """What a record says of the key that signs its PDF."""
        subject = x509.load_der_x509_certificate(self.certificate).subject.rfc4514_string()
        return {"fingerprint": self.fingerprint, "subject": subject}

    def sign(self, content: bytes) -> bytes:
        """The signature over SHA-256: PKCS #1 v1.5, or ECDSA after RFC 6979, both the same for the same content.

        ECDSA from a token alone differs each time. ValueError where a token cannot sign now.
        """
        if isinstance(self.private, Token):
            return self.private.sign(content)
        key = load_der_private_key(self.private, password=None, unsafe_skip_rsa_key_validation=True)
        if isinstance(key, ec.EllipticCurvePrivateKey):
            return key.sign(content, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
        if isinstance(key, rsa.RSAPrivateKey):
            return key.sign(content, padding.PKCS1v15(), hashes.SHA256())
        raise AssertionError("a key that _usable let through is of another kind")


def pdf_key(settings: Settings, owner: UUID, name: str) -> PdfKey:
    """The key with which this organisation signs PDFs: the one of the settings, or its own, made here at first use.

    An own one is `{owner}.pdf.pem` in the folder of keys: whoever has a certificate from an authority puts it there
    before the first signature. ValueError, which says what to do, for a file that cannot be used.
    """
    if (named := key_of_settings(settings)) is not None:
        return named
    path = keys_folder(settings) / f"{owner}.pdf.pem"
    if not path.exists():
        place(path, _fresh(name))
    return _read(path, None)


def key_of_settings(settings: Settings) -> PdfKey | None:
    """The key that a setting names for all; None where none is named. ValueError where it cannot be used."""
    if (token := _token_named(settings)) is not None:
        return _on_token(token, settings.pdf_signing_file)
    if settings.pdf_signing_file is None:
        return None
    secret = settings.pdf_signing_password
    return _read(settings.pdf_signing_file, secret.get_secret_value().encode() if secret else None)


def check_term(key: PdfKey) -> None:
    """ValueError where the key's certificate is not valid today: who opens a PDF would be told that it is not good."""
    certificate = x509.load_der_x509_certificate(key.certificate)
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if not start <= clock.now() <= end:
        raise ValueError(
            f"the certificate that signs PDFs ({key.named['subject']}) is valid from {start:%Y-%m-%d} to "
            f"{end:%Y-%m-%d}, and not today: put a valid one in its place"
        )


def days_left(key: PdfKey) -> int:
    """For how many whole days the key's certificate is still valid."""
    return (x509.load_der_x509_certificate(key.certificate).not_valid_after_utc - clock.now()).days


def _token_named(settings: Settings) -> Token | None:
    module, label, key = settings.pdf_signing_module, settings.pdf_signing_token, settings.pdf_signing_key
    pin_file = settings.pdf_signing_pin_file
    if module and label and key and pin_file:
        return Token(module, label, key, pin_file)
    said = {"MODULE": module, "TOKEN": label, "KEY": key, "PIN_FILE": pin_file}
    if not any(said.values()):
        return None
    lacking = ", ".join(f"FILIERE_PDF_SIGNING_{name}" for name, value in said.items() if not value)
    raise ValueError(f"A token signs PDFs only where all four settings of it are there; set also {lacking}")


def _on_token(token: Token, file: Path | None) -> PdfKey:
    try:
        own, *above = _certificates_of(token, file)
    except (OSError, ValueError) as problem:
        raise ValueError(f"PDFs cannot be signed by the token that the settings name: {problem}") from problem
    return PdfKey(own, tuple(above), token)


def _certificates_of(token: Token, file: Path | None) -> list[bytes]:
    """The certificate of the token's key, and then those above it; from the file, or else from the token."""
    if file is None:
        found, where = token.certificates(), f"the token {token.label}"
    else:
        listed = x509.load_pem_x509_certificates(file.read_bytes())
        found, where = [one.public_bytes(Encoding.DER) for one in listed], str(file)
    if not found:
        raise ValueError(
            f"{where} holds no certificate of the key {token.key}: put it there, or name a PEM file of it in "
            "FILIERE_PDF_SIGNING_FILE"
        )
    own = next((one for one in found if _is_of(token, one)), None)
    if own is None:
        raise ValueError(f"no certificate in {where} belongs to the key {token.key} of the token {token.label}")
    return [own, *(one for one in found if one != own)]


@cache
def _is_of(token: Token, certificate: bytes) -> bool:
    """Whether what the token signs can be checked with this certificate; asked once in each process."""
    public = x509.load_der_x509_certificate(certificate).public_key()
    signed = token.sign(_PROBE)
    try:
        if isinstance(public, ec.EllipticCurvePublicKey):
            public.verify(signed, _PROBE, ec.ECDSA(hashes.SHA256()))
        elif isinstance(public, rsa.RSAPublicKey):
            public.verify(signed, _PROBE, padding.PKCS1v15(), hashes.SHA256())
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _read(path: Path, password: bytes | None) -> PdfKey:
    try:
        content = path.read_bytes()
        key, chain = (_from_pem if _PEM in content else _from_pkcs12)(content, password)
    except (OSError, ValueError, TypeError) as problem:
        raise ValueError(
            f"{path} cannot sign PDFs ({problem}): give a PEM or PKCS#12 file that holds a private key and its "
            "certificate, and its password in FILIERE_PDF_SIGNING_PASSWORD where it has one"
        ) from problem
    private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    own, *above = [one.public_bytes(Encoding.DER) for one in chain]
    return PdfKey(own, tuple(above), private)


def _from_pem(content: bytes, password: bytes | None) -> tuple[PrivateKey, list[x509.Certificate]]:
    key = _usable(load_pem_private_key(content, password))
    found = x509.load_pem_x509_certificates(content)
    own = [one for one in found if one.public_key() == key.public_key()]
    if len(own) != 1:
        raise ValueError("it does not hold exactly one certificate of its private key")
    return key, [*own, *(one for one in found if one not in own)]


def _from_pkcs12(content: bytes, password: bytes | None) -> tuple[PrivateKey, list[x509.Certificate]]:
    bundle = load_pkcs12(content, password)
    if bundle.cert is None:
        raise ValueError("it holds no certificate of its private key")
    return _usable(bundle.key), [bundle.cert.certificate, *(one.certificate for one in bundle.additional_certs)]


def _usable(key: object) -> PrivateKey:
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise ValueError("its private key is neither RSA nor of an elliptic curve")  # noqa: TRY004  # a fault of the file
    return key


def _fresh(name: str) -> bytes:
    """A new key and the certificate that it signs for itself, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:_COMMON_NAME])])
    now = clock.now().replace(microsecond=0)
    for_signing = x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=365 * YEARS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(for_signing, critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private + certificate.public_bytes(Encoding.PEM)
