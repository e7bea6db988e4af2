"""Budgets: subscribers, changes, tags."""

from typing import Any

from moto.budgets.responses import BudgetsResponse

from terrace.emulator.aws.patch import Call, Function, as_tags, fault, operation, parameters_of, shelf, wrap

_NOTIFICATION_KEY = ("NotificationType", "ComparisonOperator", "Threshold")


def subscribers() -> None:
    """Stock moto cannot tell who is notified: the provider fails on reading a budget."""

    @operation(BudgetsResponse)
    def describe_subscribers_for_notification(call: Call) -> dict[str, Any]:
        wanted = call.parameters["Notification"]
        for kept in _budget(call).notifications:
            if all(kept.details.get(name) == wanted[name] for name in _NOTIFICATION_KEY):
                return {"Subscribers": kept.subscribers}
        raise fault("NotFoundException", "no such notification")


def changes() -> None:
    """Stock moto cannot change a budget."""

    @operation(BudgetsResponse)
    def update_budget(call: Call) -> None:
        budget = _budget(call, call.parameters["NewBudget"]["BudgetName"])
        budget.budget = {**budget.budget, **call.parameters["NewBudget"]}


def tags() -> None:
    """Stock moto knows no tags of a budget: the provider fails on reading one."""

    @wrap(BudgetsResponse, "create_budget")
    def create_budget(original: Function, self: Any) -> Any:
        result = original(self)
        asked = parameters_of(self)
        name = asked["Budget"]["BudgetName"]
        arn = f"arn:{self.partition}:budgets::{asked['AccountId']}:budget/{name}"
        shelf(self.backend, "tags")[arn] = as_tags(asked.get("ResourceTags"))
        return result

    @operation(BudgetsResponse)
    def list_tags_for_resource(call: Call) -> dict[str, Any]:
        return {"ResourceTags": call.shelf("tags").get(call.parameters["ResourceARN"], [])}

    @operation(BudgetsResponse)
    def tag_resource(call: Call) -> None:
        given = as_tags(call.parameters["ResourceTags"])
        names = [tag["Key"] for tag in given]
        kept = call.shelf("tags").get(call.parameters["ResourceARN"], [])
        call.shelf("tags")[call.parameters["ResourceARN"]] = [tag for tag in kept if tag["Key"] not in names] + given

    @operation(BudgetsResponse)
    def untag_resource(call: Call) -> None:
        kept = call.shelf("tags").get(call.parameters["ResourceARN"], [])
        call.shelf("tags")[call.parameters["ResourceARN"]] = [
            tag for tag in kept if tag["Key"] not in call.parameters["ResourceTagKeys"]
        ]

    @wrap(BudgetsResponse, "delete_budget")
    def delete_budget(original: Function, self: Any) -> Any:
        asked = parameters_of(self)
        arn = f"arn:{self.partition}:budgets::{asked['AccountId']}:budget/{asked['BudgetName']}"
        shelf(self.backend, "tags").pop(arn, None)
        return original(self)


def _budget(call: Call, name: str | None = None) -> Any:
    name = name or call.parameters["BudgetName"]
    budget = call.backend.budgets[call.parameters["AccountId"]].get(name)
    if budget is None:
        raise fault("NotFoundException", f"no budget {name}")
    return budget


PATCHES = (subscribers, changes, tags)
