"""Budgets: subscribers, changes, tags."""

from datetime import datetime
from typing import Any

from moto.budgets.responses import BudgetsResponse

from terrace.emulator.aws.patch import Call, Function, as_tags, operation, parameters_of, service_error, state_of, wrap

_NOTIFICATION_KEY = ("NotificationType", "ComparisonOperator", "Threshold")


def subscribers() -> None:
    """Stock moto cannot list a notification's subscribers: the provider fails to read a budget."""

    @operation(BudgetsResponse)
    def describe_subscribers_for_notification(call: Call) -> dict[str, Any]:
        requested = call.parameters["Notification"]
        for notification in _budget(call).notifications:
            if all(notification.details.get(name) == requested[name] for name in _NOTIFICATION_KEY):
                return {"Subscribers": notification.subscribers}
        raise service_error("NotFoundException", "no such notification")


def changes() -> None:
    """Stock moto cannot change a budget."""

    @operation(BudgetsResponse)
    def update_budget(call: Call) -> None:
        budget = _budget(call, call.parameters["NewBudget"]["BudgetName"])
        changed = dict(call.parameters["NewBudget"])
        if "TimePeriod" in changed:  # parsed to datetimes, which moto stores as seconds
            changed["TimePeriod"] = {name: _seconds(value) for name, value in changed["TimePeriod"].items()}
        budget.budget = {**budget.budget, **changed}


def tags() -> None:
    """Stock moto does not support tags of a budget: the provider fails to read one."""

    @wrap(BudgetsResponse, "create_budget")
    def create_budget(original: Function, self: Any) -> Any:
        result = original(self)
        parameters = parameters_of(self)
        name = parameters["Budget"]["BudgetName"]
        arn = f"arn:{self.partition}:budgets::{parameters['AccountId']}:budget/{name}"
        state_of(self.backend, "tags")[arn] = as_tags(parameters.get("ResourceTags"))
        return result

    @operation(BudgetsResponse)
    def list_tags_for_resource(call: Call) -> dict[str, Any]:
        return {"ResourceTags": call.state("tags").get(call.parameters["ResourceARN"], [])}

    @operation(BudgetsResponse)
    def tag_resource(call: Call) -> None:
        given = as_tags(call.parameters["ResourceTags"])
        names = [tag["Key"] for tag in given]
        tags = call.state("tags").get(call.parameters["ResourceARN"], [])
        call.state("tags")[call.parameters["ResourceARN"]] = [tag for tag in tags if tag["Key"] not in names] + given

    @operation(BudgetsResponse)
    def untag_resource(call: Call) -> None:
        tags = call.state("tags").get(call.parameters["ResourceARN"], [])
        call.state("tags")[call.parameters["ResourceARN"]] = [
            tag for tag in tags if tag["Key"] not in call.parameters["ResourceTagKeys"]
        ]

    @wrap(BudgetsResponse, "delete_budget")
    def delete_budget(original: Function, self: Any) -> Any:
        parameters = parameters_of(self)
        arn = f"arn:{self.partition}:budgets::{parameters['AccountId']}:budget/{parameters['BudgetName']}"
        state_of(self.backend, "tags").pop(arn, None)
        return original(self)


def _seconds(value: Any) -> Any:
    return int(value.timestamp()) if isinstance(value, datetime) else value


def _budget(call: Call, name: str | None = None) -> Any:
    name = name or call.parameters["BudgetName"]
    budget = call.backend.budgets[call.parameters["AccountId"]].get(name)
    if budget is None:
        raise service_error("NotFoundException", f"no budget {name}")
    return budget


PATCHES = (subscribers, changes, tags)
