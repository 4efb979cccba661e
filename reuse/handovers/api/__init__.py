from reuse.handovers.api import cases, contacts, handovers, paper, preparing, returns, ruling, vouchers

doors = [
    *preparing.doors,
    *handovers.doors,
    *contacts.doors,
    *vouchers.doors,
    *ruling.doors,
    *paper.doors,
    *returns.doors,
    *cases.doors,
]
