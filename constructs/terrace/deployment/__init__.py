"""The life of a deployment over real Terraform: find it, plan, apply, recover, see drift, destroy.

    project.py    where things lie: `.terrace/`, `cdktf.out/`
    binary.py     which Terraform runs, and how a missing one is fetched
    mirror.py     where providers come from: the registry or a mirror
    process.py    one child process, its output kept in a file, its interrupts passed on
    events.py     what Terraform says while it works, typed
    faults.py     what Terraform says when it fails, as Terrace errors
    workspace.py  Terraform's verbs on one synthesized stack
    changes.py    a plan as a summary by capability
    drift.py      what differs between the cloud and the state
    recovery.py   what a killed run left behind: locks, and resources that are in no state
    synthesis.py  `python -m stacks` as a child
    deployment.py one environment on one cloud, with all of the above at hand
    plans.py      saved plans, and whether they still fit
    adoption.py   plans that import what a killed run created
    lifecycle.py  plan, apply and drift, composed from the above
    teardown.py   destroy

Nothing here imports the CDK; what only one cloud knows comes from `terrace.live.<cloud>`.
"""
