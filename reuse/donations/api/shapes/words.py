from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints, WithJsonSchema

from reuse.devices.rules import categories


def known_category(value: str) -> str:
    """The category, if there is such a one."""
    if value not in categories():
        raise ValueError(f"{value!r} is no category; known are {', '.join(categories())}")
    return value


Category = Annotated[
    str, AfterValidator(known_category), WithJsonSchema({"type": "string", "enum": sorted(categories())})
]
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Sentence = Annotated[str, StringConstraints(max_length=4_000)]
Details = Sentence | Annotated[dict[Word, Sentence | None], Field(max_length=20)]
"""An address or a contact: free text, or an object of short texts, given back as it was sent."""

UNSAID: Any = None
"""The default of a field that may be left out but not be null."""

Quantity = Annotated[int, Field(ge=0, le=100_000)]
