"""IAM: the names of roles that are linked to a service."""

from typing import Any

import moto.iam.models as models

from terrace.emulator.aws.patch import Function, service_error, wrap

# IAM user guide, "AWS services that work with IAM", and the pages of the services' linked roles
_NAMES = {
    "config.amazonaws.com": "AWSServiceRoleForConfig",
    "macie.amazonaws.com": "AWSServiceRoleForAmazonMacie",
    "reports.backup.amazonaws.com": "AWSServiceRoleForBackupReports",
}


def service_linked_roles() -> None:
    """Stock moto derives the name of a linked role from the service's. AWS's name differs, so that a policy does not
    match the role, and Terraform reads a custom suffix that is not configured."""

    @wrap(models.IAMBackend, "create_service_linked_role")
    def create_service_linked_role(original: Function, self: Any, service_name: str, *arguments: Any) -> Any:
        name = _NAMES.get(service_name)
        if name and any(role.name == name for role in self.roles.values()):
            raise service_error("InvalidInput", f"Service role name {name} has been taken in this account.")
        role = original(self, service_name, *arguments)
        role.name = name or role.name
        return role


PATCHES = (service_linked_roles,)
