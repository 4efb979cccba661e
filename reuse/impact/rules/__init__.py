"""What a device handed over again avoids: `factors`, `results` to the gram, `indicators` beside them."""

from reuse.impact.rules.factors import (
    Factor,
    FactorSet,
    load_factor_sets,
    parse_factor_set,
)
from reuse.impact.rules.indicators import (
    InsertionStructure,
    PublishedCounts,
    full_time_equivalents,
    raw_material_kg,
    suppress_small_counts,
)
from reuse.impact.rules.results import (
    DEFAULT_SCENARIO,
    GRAM,
    DeviceImpact,
    ImpactTotal,
    Scenario,
    avoided,
    device_impact,
    low_central_high,
    reverse,
    rounded,
    total,
)

__all__ = [
    "DEFAULT_SCENARIO",
    "GRAM",
    "DeviceImpact",
    "Factor",
    "FactorSet",
    "ImpactTotal",
    "InsertionStructure",
    "PublishedCounts",
    "Scenario",
    "avoided",
    "device_impact",
    "full_time_equivalents",
    "load_factor_sets",
    "low_central_high",
    "parse_factor_set",
    "raw_material_kg",
    "reverse",
    "rounded",
    "suppress_small_counts",
    "total",
]
