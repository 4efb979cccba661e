"""Keys that never leave their token (PKCS #11 3.1): a card, a stick or a module in the rack signs what it is sent.

The library that talks to tokens is an extra (`filiere[pkcs11]`), loaded where a setting names a token and not before.
"""

import hashlib
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

Answer = TypeVar("Answer")
_EXTRA: Final = "the package that talks to tokens is not installed: pip install 'filiere[pkcs11]'"


@dataclass(frozen=True, slots=True)
class Token:
    """Where a private key is: the library of the token's maker, the labels of token and key, and who may ask.

    Only places, no secret: one process can hand it to another, and each opens a session of its own.
    """

    module: Path
    label: str
    key: str
    pin_file: Path

    def sign(self, content: bytes) -> bytes:
        """The signature over SHA-256: PKCS #1 v1.5, the same each time, or ECDSA, into which a token puts chance.

        A session that the token has ended meanwhile is opened anew, once. ValueError says what a person must do.
        """
        return self._ask(lambda session: _signature(session, content))

    def certificates(self) -> list[bytes]:
        """The certificates (DER) that lie beside the key: of the same id or label."""
        return self._ask(_certificates)

    def _ask(self, question: Callable[["_Session"], Answer]) -> Answer:
        try:
            import pkcs11  # noqa: PLC0415  # an extra, see above
        except ImportError as absent:
            raise ValueError(_EXTRA) from absent
        with _ONE_AT_A_TIME:
            if (known := _OPEN.get(self)) is not None:
                try:
                    return question(known)
                except pkcs11.PKCS11Error:  # the token was restarted or taken out, and perhaps it is back
                    _forget(self)
            try:
                return question(_open(self))
            except pkcs11.PKCS11Error as problem:
                raise ValueError(f"the token {self.label} does not sign: {type(problem).__name__}") from problem


@dataclass(frozen=True, slots=True)
class _Session:
    session: Any
    key: Any


_ONE_AT_A_TIME = threading.Lock()  # a session does one thing after the other
_OPEN: dict[Token, _Session] = {}
_REFUSED: dict[Token, str] = {}
"""PINs (their SHA-256) that a token has refused: it is not asked again, for after a few wrong ones it locks itself."""


def _forget(token: Token) -> None:
    with suppress(RuntimeError):  # it may be gone in every sense
        _OPEN.pop(token).session.close()


def _open(token: Token) -> _Session:
    """A session that is logged in, and the one private key of the label."""
    import pkcs11  # noqa: PLC0415  # an extra, see above

    pin = _pin_of(token)
    found = _token_of(token)
    try:
        session = found.open(user_pin=pin)
    except pkcs11.UserAlreadyLoggedIn:  # in this process, by a session that could not be closed
        session = found.open()
    except (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange) as refusal:
        _REFUSED[token] = _mark(pin)
        raise ValueError(_wrong_pin(token)) from refusal
    except pkcs11.PinLocked as refusal:
        sentence = f"the token {token.label} has locked its PIN after too many wrong ones: unlock it with its SO PIN"
        raise ValueError(sentence) from refusal
    try:
        key = session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=token.key)
    except pkcs11.NoSuchKey as absent:
        session.close()
        raise ValueError(f"the token {token.label} holds no private key labelled {token.key}") from absent
    except pkcs11.MultipleObjectsReturned as several:
        session.close()
        raise ValueError(f"the token {token.label} holds several private keys labelled {token.key}") from several
    _OPEN[token] = _Session(session, key)
    return _OPEN[token]


def _pin_of(token: Token) -> str:
    try:
        pin = token.pin_file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as problem:
        raise ValueError(f"the PIN cannot be read from {token.pin_file} ({problem})") from problem
    if _REFUSED.get(token) == _mark(pin):
        raise ValueError(_wrong_pin(token))
    return pin


def _mark(pin: str) -> str:
    return hashlib.sha256(pin.encode()).hexdigest()


def _wrong_pin(token: Token) -> str:
    return (
        f"the token {token.label} refuses the PIN in {token.pin_file}: correct it before you try again, for after a "
        "few wrong ones the token locks itself"
    )


def _token_of(token: Token) -> Any:  # noqa: ANN401  # as its library has it
    import pkcs11  # noqa: PLC0415  # an extra, see above

    if not token.module.is_file():
        raise ValueError(f"there is no PKCS#11 module {token.module}")
    try:
        library = pkcs11.lib(str(token.module))
    except RuntimeError as problem:
        raise ValueError(f"{token.module} cannot be loaded as a PKCS#11 module ({problem})") from problem
    try:
        return library.get_token(token_label=token.label)
    except pkcs11.NoSuchToken as absent:
        there = sorted({one.label for one in library.get_tokens() if one.label})
        told = f"it has {', '.join(there)}" if there else "it has none"
        raise ValueError(f"the module {token.module} has no token labelled {token.label}: {told}") from absent
    except pkcs11.MultipleTokensReturned as several:
        raise ValueError(f"the module {token.module} has several tokens labelled {token.label}") from several


def _signature(opened: _Session, content: bytes) -> bytes:
    from pkcs11 import KeyType, Mechanism  # noqa: PLC0415  # an extra, see above
    from pkcs11.util.ec import encode_ecdsa_signature  # noqa: PLC0415

    if opened.key.key_type == KeyType.RSA:
        return bytes(opened.key.sign(content, mechanism=Mechanism.SHA256_RSA_PKCS))
    if opened.key.key_type == KeyType.EC:
        digest = hashlib.sha256(content).digest()
        return encode_ecdsa_signature(opened.key.sign(digest, mechanism=Mechanism.ECDSA))
    raise ValueError("the token's key is neither RSA nor of an elliptic curve")


def _certificates(opened: _Session) -> list[bytes]:
    from pkcs11 import Attribute, ObjectClass  # noqa: PLC0415  # an extra, see above

    for attribute, value in ((Attribute.ID, opened.key.id), (Attribute.LABEL, opened.key.label)):
        wanted = {Attribute.CLASS: ObjectClass.CERTIFICATE, attribute: value}
        if value and (found := [bytes(one[Attribute.VALUE]) for one in opened.session.get_objects(wanted)]):
            return found
    return []
