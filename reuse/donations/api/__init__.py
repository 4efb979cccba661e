from reuse.donations.api import collections, donations, imports, merges, receptions, templates, weighings

doors = [
    *donations.doors,
    *templates.doors,
    *imports.doors,
    *collections.doors,
    *receptions.doors,
    *merges.doors,
    *weighings.doors,
]
