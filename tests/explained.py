"""A price worked out from its explanation alone, as a buyer with a pencil would: no grid, no rules, no database."""

import re
from decimal import Decimal
from typing import Any

AMOUNT = re.compile(r"(?:: |de |of )(\d+(?:\.\d+)?) ([A-Z]{3})\b")


def written(text: str, decimals: int) -> int:
    """The amount that a line's sentence names, in minor units."""
    found = AMOUNT.search(text)
    assert found is not None, text
    assert len(found[1].partition(".")[2]) == decimals, text
    return int(Decimal(found[1]).scaleb(decimals))


def recomputed(lines: list[dict[str, Any]], *, decimals: int = 2) -> int:
    """The price that the lines lead to; every number of `values` must be the one that the sentence names."""
    price: int | None = None
    for line in lines:
        kind, values = line["kind"], line["values"]
        match kind:
            case "grid":
                assert values["from_score"] <= values["score"]
                assert values["below_score"] is None or values["score"] < values["below_score"]
                price = values["amount_minor"]
                assert written(line["text"], decimals) == price
            case "cap" | "convention":
                assert price is not None
                assert price > values["at_most_minor"] == written(line["text"], decimals)
                price = values["at_most_minor"]
            case "gift":
                price = 0
            case "share":
                assert price == values["alone_minor"]
                whole, left = divmod(values["of_minor"] * price, values["sum_minor"])
                price = written(line["text"], decimals)
                assert price in ({whole, whole + 1} if left else {whole})
            case _:
                assert kind == "warning", kind
        assert line["price"]["amount_minor"] == price
    assert price is not None
    return price
