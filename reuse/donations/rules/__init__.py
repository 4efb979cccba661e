"""What may become of a donation and a collection, who may receive a gift, and the three-way reconciliation."""

from reuse.donations.rules.counting import DeclaredItem as DeclaredItem
from reuse.donations.rules.counting import Difference as Difference
from reuse.donations.rules.counting import DifferenceReason as DifferenceReason
from reuse.donations.rules.counting import ReceptionOutcome as ReceptionOutcome
from reuse.donations.rules.counting import Reconciliation as Reconciliation
from reuse.donations.rules.counting import ReconciliationLine as ReconciliationLine
from reuse.donations.rules.counting import SeenDevice as SeenDevice
from reuse.donations.rules.counting import declared_quantity as declared_quantity
from reuse.donations.rules.counting import reconcile as reconcile
from reuse.donations.rules.status import BY_COLLECTION as BY_COLLECTION
from reuse.donations.rules.status import ENDED as ENDED
from reuse.donations.rules.status import MOVE_ROLES as MOVE_ROLES
from reuse.donations.rules.status import MOVES as MOVES
from reuse.donations.rules.status import NEEDS_REASON as NEEDS_REASON
from reuse.donations.rules.status import PUBLIC_GIFT_QUALITIES as PUBLIC_GIFT_QUALITIES
from reuse.donations.rules.status import CollectionMode as CollectionMode
from reuse.donations.rules.status import CollectionStatus as CollectionStatus
from reuse.donations.rules.status import DonationStatus as DonationStatus
from reuse.donations.rules.status import LegalBasis as LegalBasis
from reuse.donations.rules.status import RequiredErasure as RequiredErasure
from reuse.donations.rules.status import acceptance_missing as acceptance_missing
from reuse.donations.rules.status import check_generic_move as check_generic_move
from reuse.donations.rules.status import check_move as check_move
from reuse.donations.rules.status import closing_missing as closing_missing
from reuse.donations.rules.status import may_move as may_move
