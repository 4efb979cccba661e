from reuse.workshop.api import approval, captures, checks, repairs

doors = [*captures.doors, *checks.doors, *repairs.doors, *approval.doors]
