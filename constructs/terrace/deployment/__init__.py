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
    lifecycle.py  the verbs of the command, composed from the above

Nothing here imports the CDK; what only one cloud knows comes from `terrace.live.<cloud>`.
"""
