"""`python -m tests.scanners`: the tables of docs/scanners.md."""

from tests.scanners.accepted import table

print(table("trivy"), table("prowler"), sep="\n\n")
