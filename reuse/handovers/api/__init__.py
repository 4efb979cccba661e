from reuse.handovers.api import cases, contacts, handovers, preparing, returns, ruling, vouchers

doors = [
    *preparing.doors,
    *handovers.doors,
    *contacts.doors,
    *vouchers.doors,
    *ruling.doors,
    *returns.doors,
    *cases.doors,
]
