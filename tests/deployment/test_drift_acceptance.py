"""The settings that adopt a drift, without a cloud: a stack of resources that the test renders from the environment."""

import json
import shutil

from terrace.deployment.drift import AttributeDrift, Drift
from terrace.deployment.drift_acceptance import accept
from terrace.environment import load
from tests.conftest import ROOT
from tests.deployment.conftest import SmallProject

STACKS = """
import json, os, pathlib, sys
from terrace.environment import load
environment = load(sys.argv[1], project=pathlib.Path.cwd()).environment
nodes = environment.cluster.pools["spot"].max_nodes
stack = {"resource": {
    "aws_eks_node_group": {"spot": {"scaling_config": {"max_size": nodes}}},
    "aws_kms_key": {"lake": {"rotation_seconds": environment.keys.rotation_days * 86400}},
    "aws_x": {"fixed": {"size": 3}},
}}
target = pathlib.Path(os.environ["TERRACE_OUT"]) / "stacks" / sys.argv[1]
target.mkdir(parents=True, exist_ok=True)
(target / "cdk.tf.json").write_text(json.dumps(stack))
"""


def drift(address: str, path: str, before: object, after: object, construct: str) -> Drift:
    attribute = AttributeDrift(path, before, after)
    return Drift(address, address.partition(".")[0], "changed", (attribute,), construct, construct.split("/")[1])


def test_a_block_a_multiple_and_what_no_setting_has(small: SmallProject) -> None:
    for folder in ("environments", "modules"):
        shutil.copytree(ROOT / folder, small.root / folder, dirs_exist_ok=True)
    (small.root / "stacks" / "__main__.py").write_text(STACKS)
    loaded = load("dev", project=small.root)
    days = loaded.environment.keys.rotation_days
    found = accept(
        small.deployment(),
        loaded,
        [
            drift("aws_eks_node_group.spot", "scaling_config[0].max_size", 3, 5, "dev/cluster/pool-spot"),
            drift("aws_kms_key.lake", "rotation_seconds", days * 86400, 180 * 86400, "dev/keys/lake"),
            drift("aws_x.fixed", "size", 3, 4, "dev/lake/fixed"),
            Drift("aws_x.gone", "aws_x", "deleted"),
        ],
    )
    assert {one.setting: one.new for one in found.adopted} == {
        "cluster.pools.spot.max_nodes": 5,
        "keys.rotation_days": 180,
    }
    assert (sorted(found.refused), found.also) == (["aws_x.fixed size", "aws_x.gone"], ())
    assert "max_nodes: 5}" in found.text and found.text.endswith("keys:\n  rotation_days: 180\n")
    assert json.dumps(found.as_data())
