from reuse.passport.api import follow, intake, look, packs

doors = [*look.doors, *intake.doors, *follow.doors, *packs.doors]
