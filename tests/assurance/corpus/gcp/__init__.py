"""Dangerous edits of the prod stack on Google Cloud."""

from collections.abc import Sequence

from tests.assurance.corpus import Danger
from tests.assurance.corpus.gcp import data, detection, grants, network, structure

DANGERS: Sequence[Danger] = (
    *network.DANGERS,
    *grants.DANGERS,
    *data.DANGERS,
    *detection.DANGERS,
    *structure.DANGERS,
)
