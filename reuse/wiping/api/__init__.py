from reuse.wiping.api import certificates, reports, sanitization

doors = [*reports.doors, *sanitization.doors, *certificates.doors]
