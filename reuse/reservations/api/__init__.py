from reuse.reservations.api import holds, needs, sharing, supply

doors = [*needs.doors, *holds.doors, *sharing.doors, *supply.doors]
