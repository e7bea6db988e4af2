"""Mutants on AWS, in the order of the guarantees."""

from tests.assurance.mutants.aws import backup, cluster, database, governance, keys, lake, network, observability

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
