from reuse.passport.api import follow, intake, look

doors = [*look.doors, *intake.doors, *follow.doors]
