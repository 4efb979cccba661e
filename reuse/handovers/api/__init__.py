from reuse.handovers.api import cases, contacts, handovers, preparing, returns

doors = [*preparing.doors, *handovers.doors, *contacts.doors, *returns.doors, *cases.doors]
