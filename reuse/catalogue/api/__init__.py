from reuse.catalogue.api import bundles, grids, offering

doors = [*grids.doors, *offering.doors, *bundles.doors]
