"""Compliance reports: requirement, guarantee, check, resource, construct, environment line, result.

`model.build` makes a Report from the gate's results, `assurance/output/` writes it, `difference` compares two. A report
is evidence about configuration, not an attestation; each of them states that.
"""
