from reuse.donations.api import collections, donations, imports, templates

doors = [*donations.doors, *templates.doors, *imports.doors, *collections.doors]
