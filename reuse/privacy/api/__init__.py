from reuse.privacy.api import accesses, beneficiaries

doors = [*beneficiaries.doors, *accesses.doors]
