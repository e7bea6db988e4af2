"""The public regions of the three clouds that Terrace knows, with their jurisdictions, as of 2026-12-01.

A test compares the names on AWS with botocore's `endpoints.json`. The lists to compare the others with: "Azure regions
list" (https://learn.microsoft.com/azure/reliability/regions-list), with the column of availability zones, and "Regions
and zones" (https://cloud.google.com/compute/docs/regions-zones).
"""

from terrace.capabilities.cloud import CloudName

READ = "2026-12-01"

JURISDICTIONS: dict[CloudName, dict[str, str]] = {
    "aws": {
        "ae": "me-central-1",
        "au": "ap-southeast-2 ap-southeast-4",
        "bh": "me-south-1",
        "br": "sa-east-1",
        "ca": "ca-central-1 ca-west-1",
        "ch": "eu-central-2",
        "cn": "cn-north-1 cn-northwest-1",
        "eu": "eu-central-1 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-3",
        "hk": "ap-east-1",
        "id": "ap-southeast-3",
        "il": "il-central-1",
        "in": "ap-south-1 ap-south-2",
        "jp": "ap-northeast-1 ap-northeast-3",
        "kr": "ap-northeast-2",
        "mx": "mx-central-1",
        "my": "ap-southeast-5",
        "nz": "ap-southeast-6",
        "sg": "ap-southeast-1",
        "th": "ap-southeast-7",
        "tw": "ap-east-2",
        "uk": "eu-west-2",
        "us": "us-east-1 us-east-2 us-west-1 us-west-2 us-gov-east-1 us-gov-west-1",
        "za": "af-south-1",
    },
    "azure": {
        "ae": "uaecentral uaenorth",
        "au": "australiacentral australiacentral2 australiaeast australiasoutheast",
        "br": "brazilsouth brazilsoutheast",
        "ca": "canadacentral canadaeast",
        "ch": "switzerlandnorth switzerlandwest",
        "cl": "chilecentral",
        "eu": "austriaeast belgiumcentral denmarkeast francecentral francesouth germanynorth germanywestcentral "
        "italynorth northeurope polandcentral spaincentral swedencentral swedensouth westeurope",
        "hk": "eastasia",
        "id": "indonesiacentral",
        "il": "israelcentral",
        "in": "centralindia jioindiacentral jioindiawest southindia westindia",
        "jp": "japaneast japanwest",
        "kr": "koreacentral koreasouth",
        "mx": "mexicocentral",
        "my": "malaysiawest",
        "no": "norwayeast norwaywest",
        "nz": "newzealandnorth",
        "qa": "qatarcentral",
        "sg": "southeastasia",
        "uk": "uksouth ukwest",
        "us": "centralus eastus eastus2 northcentralus southcentralus westcentralus westus westus2 westus3",
        "za": "southafricanorth southafricawest",
    },
    "gcp": {
        "au": "australia-southeast1 australia-southeast2",
        "br": "southamerica-east1",
        "ca": "northamerica-northeast1 northamerica-northeast2",
        "ch": "europe-west6",
        "cl": "southamerica-west1",
        "eu": "europe-central2 europe-north1 europe-north2 europe-southwest1 europe-west1 europe-west3 europe-west4 "
        "europe-west8 europe-west9 europe-west10 europe-west12",
        "hk": "asia-east2",
        "id": "asia-southeast2",
        "il": "me-west1",
        "in": "asia-south1 asia-south2",
        "jp": "asia-northeast1 asia-northeast2",
        "kr": "asia-northeast3",
        "mx": "northamerica-south1",
        "qa": "me-central1",
        "sa": "me-central2",
        "sg": "asia-southeast1",
        "th": "asia-southeast3",
        "tw": "asia-east1",
        "uk": "europe-west2",
        "us": "us-central1 us-east1 us-east4 us-east5 us-south1 us-west1 us-west2 us-west3 us-west4",
        "za": "africa-south1",
    },
}
"""Cloud to jurisdiction (a country's code, eu, uk) to its regions."""

LETTERS = {
    "ap-northeast-1": "acd",
    "ca-central-1": "abd",
    "us-west-1": "ac",
    "europe-west1": "bcd",
    "us-east1": "bcd",
}
"""The zones of a region whose first three are not a, b and c."""

WITHOUT_ZONES = frozenset({
    "australiacentral", "australiacentral2", "australiasoutheast", "brazilsoutheast", "canadaeast", "francesouth",
    "germanynorth", "jioindiacentral", "jioindiawest", "koreasouth", "northcentralus", "norwaywest",
    "southafricawest", "southindia", "swedensouth", "switzerlandwest", "uaecentral", "ukwest", "westcentralus",
    "westindia", "westus",
})  # fmt: skip
"""Regions of Azure without availability zones."""
