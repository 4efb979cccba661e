"""What documents are made of: frozen values, already resolved, holding nothing that the paper should not show.

Times are aware datetimes and are printed in the zone they carry. Money is in minor units with its currency's exponent
(EUR 2, TND 3, XOF 0). A language is "fr" or "en"; the erasure certificate carries both.
"""

from labels.values.certificates import (
    CertificateCover,
    CoveredMedium,
    Destruction,
    ErasureCertificate,
    Evidence,
    Medium,
)
from labels.values.common import (
    Attachment,
    CountLine,
    Imprint,
    Item,
    Label,
    Language,
    Money,
    Named,
    Party,
    Person,
    Relationship,
    Signature,
)
from labels.values.donations import (
    Container,
    Difference,
    DonationAgreement,
    Mass,
    Photo,
    PickupNote,
    ReceptionNote,
    ReconciliationLine,
    Reserve,
    TransferDifference,
    TransferSlip,
)
from labels.values.handovers import HandoverLine, HandoverReceipt, Warranty
from labels.values.impact import ImpactReport, ImpactRow, Indicator, ThreeFigures
from labels.values.rounds import Burden, CarrierSheet, SheetStop

__all__ = [
    "Attachment",
    "Burden",
    "CarrierSheet",
    "CertificateCover",
    "Container",
    "CountLine",
    "CoveredMedium",
    "Destruction",
    "Difference",
    "DonationAgreement",
    "ErasureCertificate",
    "Evidence",
    "HandoverLine",
    "HandoverReceipt",
    "ImpactReport",
    "ImpactRow",
    "Imprint",
    "Indicator",
    "Item",
    "Label",
    "Language",
    "Mass",
    "Medium",
    "Money",
    "Named",
    "Party",
    "Person",
    "Photo",
    "PickupNote",
    "ReceptionNote",
    "ReconciliationLine",
    "Relationship",
    "Reserve",
    "SheetStop",
    "Signature",
    "ThreeFigures",
    "TransferDifference",
    "TransferSlip",
    "Warranty",
]
