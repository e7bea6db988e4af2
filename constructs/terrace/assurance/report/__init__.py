"""Compliance reports: requirement, guarantee, check, resource, construct, environment line, result.

`model.build` makes a Report of what the gate found; `page`, `oscal`, `sheet` and `data` write it, `difference` compares
two. Evidence about configuration, and nothing more; each of them says so.
"""
