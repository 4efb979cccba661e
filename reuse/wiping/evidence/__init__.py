"""Evidence of erasure: each parser turns a tool's bytes into frozen values, and certifies nothing by itself."""

from reuse.wiping.evidence.read import read_evidence as read_evidence
from reuse.wiping.evidence.shape import Evidence as Evidence
from reuse.wiping.evidence.shape import EvidenceItem as EvidenceItem
