"""Inspector: the status of an account."""

from typing import Any

import moto.inspector2.models as models

from terrace.emulator.aws.patch import Function, backend_of, wrap


def account_status() -> None:
    """Stock moto omits an account that never called Enable, which AWS reports as disabled, and does not know that
    enhanced scanning of the registry enables Inspector for its images."""

    @wrap(models.Inspector2Backend, "batch_get_account_status")
    def batch_get_account_status(original: Function, self: Any, account_ids: list[str]) -> Any:
        accounts = []
        for account in account_ids:
            status = self.account_status.get(account) or models.AccountStatus(account)
            described = status.to_batch_json()
            if _scans_images(account, self.region_name):
                described["resourceState"]["ecr"]["status"] = described["state"]["status"] = "ENABLED"
            accounts.append(described)
        return accounts


def _scans_images(account: str, region: str) -> bool:
    # ECR user guide, "Scan images for OS and programming language package vulnerabilities": it enables Inspector
    registry = backend_of("ecr", account, region)
    return bool(registry.registry_scanning_configuration.get("scanType") == "ENHANCED")


PATCHES = (account_status,)
