"""AWS Backup: selections, vault policies and notifications, tags, report plans, an empty list of recovery points."""

import uuid
from typing import Any

import moto.backup.models as models
from moto.backup.responses import BackupResponse
from moto.core.utils import utcnow

from terrace.emulator.aws.patch import Call, Function, operation, read_back, service_error, wrap


def selections() -> None:
    """Stock moto treats a selection as a new plan and returns 500."""

    @operation(BackupResponse)
    def create_backup_selection(call: Call) -> dict[str, Any]:
        plan, identifier = call.parameters["BackupPlanId"], str(uuid.uuid4())
        call.backend.get_backup_plan(plan, None)  # or ResourceNotFoundException
        selection = {
            "BackupSelection": call.parameters["BackupSelection"],
            "SelectionId": identifier,
            "BackupPlanId": plan,
            "CreationDate": utcnow(),
        }
        call.state("selections")[plan, identifier] = selection
        return selection

    @operation(BackupResponse)
    def get_backup_selection(call: Call) -> dict[str, Any]:
        key = call.parameters["BackupPlanId"], call.parameters["SelectionId"]
        selection: dict[str, Any] | None = call.state("selections").get(key)
        if selection is None:
            raise service_error("ResourceNotFoundException", f"no selection {key[1]}")
        return selection

    @operation(BackupResponse)
    def list_backup_selections(call: Call) -> dict[str, Any]:
        plan = call.parameters["BackupPlanId"]
        return {
            "BackupSelectionsList": [
                {**selection, **selection["BackupSelection"]}
                for (owner, _), selection in call.state("selections").items()
                if owner == plan
            ]
        }

    @operation(BackupResponse)
    def delete_backup_selection(call: Call) -> None:
        call.state("selections").pop((call.parameters["BackupPlanId"], call.parameters["SelectionId"]), None)


def plans() -> None:
    """Stock moto cannot change a plan and still returns a deleted one."""

    @operation(BackupResponse)
    def update_backup_plan(call: Call) -> dict[str, Any]:
        plan = call.backend.get_backup_plan(call.parameters["BackupPlanId"], None)
        changed = models.Plan(call.parameters["BackupPlan"], plan.creator_request_id, call.backend)
        plan.backup_plan, plan.version_id = changed.backup_plan, changed.version_id
        plan.advanced_backup_settings = changed.advanced_backup_settings
        return {
            "BackupPlanId": plan.backup_plan_id,
            "BackupPlanArn": plan.backup_plan_arn,
            "VersionId": plan.version_id,
        }

    @wrap(models.BackupBackend, "delete_backup_plan")
    def delete_backup_plan(original: Function, self: Any, backup_plan_id: str) -> Any:
        result = original(self, backup_plan_id)
        del self.plans[backup_plan_id]
        return result


def vault_policies() -> None:
    """Stock moto lacks the operations for a vault's access policy."""

    @operation(BackupResponse)
    def put_backup_vault_access_policy(call: Call) -> None:
        _vault(call)
        call.state("vault_policies")[call.parameters["BackupVaultName"]] = call.parameters.get("Policy")

    @operation(BackupResponse)
    def get_backup_vault_access_policy(call: Call) -> dict[str, Any]:
        vault = _vault(call)
        policy = call.state("vault_policies").get(vault.backup_vault_name)
        if policy is None:
            raise service_error("ResourceNotFoundException", f"vault {vault.backup_vault_name} has no policy")
        return {
            "BackupVaultName": vault.backup_vault_name,
            "BackupVaultArn": vault.backup_vault_arn,
            "Policy": policy,
        }

    @operation(BackupResponse)
    def delete_backup_vault_access_policy(call: Call) -> None:
        call.state("vault_policies").pop(call.parameters["BackupVaultName"], None)


def vault_notifications() -> None:
    """Stock moto lacks the operations for a vault's notifications."""

    @operation(BackupResponse)
    def put_backup_vault_notifications(call: Call) -> None:
        vault = _vault(call)
        call.state("vault_notifications")[vault.backup_vault_name] = {
            "BackupVaultName": vault.backup_vault_name,
            "BackupVaultArn": vault.backup_vault_arn,
            "SNSTopicArn": call.parameters["SNSTopicArn"],
            "BackupVaultEvents": call.parameters["BackupVaultEvents"],
        }

    @operation(BackupResponse)
    def get_backup_vault_notifications(call: Call) -> dict[str, Any]:
        vault = _vault(call)
        notifications: dict[str, Any] | None = call.state("vault_notifications").get(vault.backup_vault_name)
        if notifications is None:
            raise service_error("ResourceNotFoundException", f"vault {vault.backup_vault_name} has no notifications")
        return notifications

    @operation(BackupResponse)
    def delete_backup_vault_notifications(call: Call) -> None:
        call.state("vault_notifications").pop(call.parameters["BackupVaultName"], None)


def recovery_points() -> None:
    """Stock moto cannot list a vault's recovery points, which the provider does before it deletes a vault. The list is
    empty because backups never run."""

    @operation(BackupResponse)
    def list_recovery_points_by_backup_vault(call: Call) -> dict[str, Any]:
        _vault(call)
        return {"RecoveryPoints": []}


def tags() -> None:
    """Stock moto drops the last part of a resource's ARN unless the path ends in a slash, and returns no tags."""

    @operation(BackupResponse)
    def list_tags(call: Call) -> dict[str, Any]:
        return {"Tags": call.backend.list_tags(resource_arn=call.parameters["ResourceArn"])}


def _vault(call: Call) -> Any:
    return call.backend.describe_backup_vault(call.parameters["BackupVaultName"])


def report_plans() -> None:
    """Stock moto drops the tags of a report plan and cannot change one."""

    @wrap(BackupResponse, "create_report_plan")
    def create_report_plan(original: Function, self: Any) -> Any:
        result = original(self)
        plan = self.backup_backend.describe_report_plan(self._get_param("ReportPlanName"))
        self.backup_backend.tag_resource(plan.report_plan_arn, self._get_param("ReportPlanTags") or {})
        return result

    @operation(BackupResponse)
    def update_report_plan(call: Call) -> dict[str, Any]:
        plan = call.backend.describe_report_plan(call.parameters["ReportPlanName"])
        attributes = {
            "ReportPlanDescription": "report_plan_description",
            "ReportDeliveryChannel": "report_delivery_channel",
            "ReportSetting": "report_setting",
        }
        read_back(plan, call.parameters, attributes)
        return {"ReportPlanName": plan.report_plan_name, "ReportPlanArn": plan.report_plan_arn}


PATCHES = (selections, plans, vault_policies, vault_notifications, recovery_points, tags, report_plans)
