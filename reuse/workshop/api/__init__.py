from reuse.workshop.api import approval, captures, checks, repairs, templates

doors = [*captures.doors, *checks.doors, *templates.doors, *repairs.doors, *approval.doors]
