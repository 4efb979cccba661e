from reuse.privacy.api import accesses

doors = [*accesses.doors]
