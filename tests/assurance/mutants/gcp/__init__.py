"""Faults on Google Cloud, in the table's order."""

from tests.assurance.mutants.gcp import backup, cluster, database, keys, lake, network, observability

MUTANTS = (
    *network.MUTANTS,
    *keys.MUTANTS,
    *cluster.MUTANTS,
    *database.MUTANTS,
    *lake.MUTANTS,
    *observability.MUTANTS,
    *backup.MUTANTS,
)
