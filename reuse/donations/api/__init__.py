from reuse.donations.api import collections, donations, imports

doors = [*donations.doors, *imports.doors, *collections.doors]
