from reuse.workshop.api import approval, captures, checks, parts, repairs, templates

doors = [*captures.doors, *checks.doors, *templates.doors, *repairs.doors, *parts.doors, *approval.doors]
