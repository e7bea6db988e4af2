"""Runs Terraform for one environment on one cloud.

    binary.py        the Terraform binary, and its download
    mirror.py        where providers come from: the registry or a mirror
    terraform.py     Terraform's commands in the directory of one stack
    events.py        Terraform's machine-readable output as types
    errors.py        Terraform's failures as Terrace errors
    changes.py       a plan as a summary by capability
    drift.py         what differs between the cloud and the state
    runs.py          the marker of a run, and what a killed run left behind
    state_repair.py  a damaged local state file
    deployment.py    one stack of an environment on one cloud, with everything needed to run Terraform on it
    outputs.py       the foundation's outputs, which the workloads stack reads
    plans.py         saved plans, and whether they are still current
    adoption.py      plans that import resources which exist but are in no state
    lifecycle.py     plan, apply and find drift
    teardown.py      destroy
    offline.py       plan without an account, apply to mocks

Nothing here imports the CDK.
"""
