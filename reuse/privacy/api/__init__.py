from reuse.privacy.api import accesses, beneficiaries, register

doors = [*register.doors, *beneficiaries.doors, *accesses.doors]
