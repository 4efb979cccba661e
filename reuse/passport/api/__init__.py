from reuse.passport.api import intake, look

doors = [*look.doors, *intake.doors]
