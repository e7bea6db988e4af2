"""Mutants on Google Cloud, in the order of the guarantees."""

from tests.assurance.mutants.gcp import backup, cluster, database, governance, keys, lake, network, observability

MUTANTS = (
    *network.MUTANTS,
    *keys.MUTANTS,
    *cluster.MUTANTS,
    *database.MUTANTS,
    *lake.MUTANTS,
    *observability.MUTANTS,
    *backup.MUTANTS,
    *governance.MUTANTS,
)
