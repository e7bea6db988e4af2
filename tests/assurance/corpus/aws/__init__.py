"""Dangerous edits of the AWS prod stack, one file for each group of kinds."""

from tests.assurance.corpus.aws import data, detection, entry, grants, network, policies, routes, structure, trust

DANGERS = [
    *network.DANGERS,
    *routes.DANGERS,
    *entry.DANGERS,
    *grants.DANGERS,
    *trust.DANGERS,
    *policies.DANGERS,
    *detection.DANGERS,
    *data.DANGERS,
    *structure.DANGERS,
]
