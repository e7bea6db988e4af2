"""Azure's built-in policies by id, as far as data platforms use them.

Source: Azure documentation, "Azure Policy built-in definitions".
"""

POLICIES = {
    "e56962a6-4747-49cd-b67b-bf8b01975c4c": "Allowed locations",
    "e765b5de-1225-4ba3-bd56-1ac6695af988": "Allowed locations for resource groups",
    "ea3f2387-9b95-492a-a190-fcdc54f7b070": "Inherit a tag from the resource group if missing",
    "1f3afdf9-d0c9-4c3d-847f-89da613e70a8": "Microsoft cloud security benchmark",
}
