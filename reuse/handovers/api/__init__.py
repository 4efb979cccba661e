from reuse.handovers.api import contacts, handovers, preparing, returns

doors = [*preparing.doors, *handovers.doors, *contacts.doors, *returns.doors]
