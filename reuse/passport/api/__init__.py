from reuse.passport.api import boards, follow, intake, look, packs

doors = [*look.doors, *intake.doors, *follow.doors, *packs.doors, *boards.doors]
