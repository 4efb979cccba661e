from reuse.donations.api import (
    collections,
    containers,
    donations,
    imports,
    merges,
    photos,
    receptions,
    templates,
    transfers,
    weighings,
)

doors = [
    *donations.doors,
    *templates.doors,
    *imports.doors,
    *collections.doors,
    *receptions.doors,
    *merges.doors,
    *weighings.doors,
    *containers.doors,
    *transfers.doors,
    *photos.doors,
]
