from reuse.handovers.api import handovers, returns

doors = [*handovers.doors, *returns.doors]
