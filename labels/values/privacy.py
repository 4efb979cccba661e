from dataclasses import dataclass

from labels.values.common import Imprint


@dataclass(frozen=True)
class RegisteredProcessing:
    """One processing of personal data in an organisation's register, in words of the document's language."""

    role: str
    purpose: str
    basis: str
    persons: str
    data: str
    recipients: str
    term: str
    remains: str


@dataclass(frozen=True)
class ProcessingRegister:
    """The register of processing of one organisation (GDPR art. 30), as of the day on which it is printed."""

    imprint: Imprint
    contact: str
    transfers: str
    rows: tuple[RegisteredProcessing, ...]
    measures: tuple[str, ...]
