from datetime import UTC, datetime

from tests.emulator.aws.conftest import Aws
from tests.emulator.aws.stock_moto import fails_on_stock_moto

NOTIFICATION = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 80.0}
SUBSCRIBER = {"SubscriptionType": "EMAIL", "Address": "finance@example.com"}


def budget(name: str, amount: str = "500") -> dict[str, object]:
    return {
        "BudgetName": name,
        "BudgetType": "COST",
        "TimeUnit": "MONTHLY",
        "BudgetLimit": {"Amount": amount, "Unit": "USD"},
    }


def create_budget(aws: Aws) -> str:
    name = aws.name()
    aws("budgets").create_budget(
        AccountId=aws.account,
        Budget=budget(name),
        NotificationsWithSubscribers=[{"Notification": NOTIFICATION, "Subscribers": [SUBSCRIBER]}],
        ResourceTags=[{"Key": "owner", "Value": "a"}],
    )
    return name


@fails_on_stock_moto
def test_subscribers(aws: Aws) -> None:
    found = aws("budgets").describe_subscribers_for_notification(
        AccountId=aws.account, BudgetName=create_budget(aws), Notification=NOTIFICATION
    )
    assert found["Subscribers"] == [SUBSCRIBER]


@fails_on_stock_moto
def test_changes(aws: Aws) -> None:
    name = create_budget(aws)
    period = {"Start": datetime(2026, 12, 1, tzinfo=UTC), "End": datetime(2087, 6, 15, tzinfo=UTC)}
    changed = {**budget(name, "900"), "TimePeriod": period}  # as Terraform's provider sends it
    aws("budgets").update_budget(AccountId=aws.account, NewBudget=changed)
    found = aws("budgets").describe_budget(AccountId=aws.account, BudgetName=name)["Budget"]
    assert found["BudgetLimit"]["Amount"] == "900" and found["TimePeriod"] == period


@fails_on_stock_moto
def test_tags(aws: Aws) -> None:
    arn = f"arn:aws:budgets::{aws.account}:budget/{create_budget(aws)}"
    budgets = aws("budgets")
    budgets.tag_resource(ResourceARN=arn, ResourceTags=[{"Key": "tier", "Value": "dev"}])
    budgets.untag_resource(ResourceARN=arn, ResourceTagKeys=["owner"])
    assert budgets.list_tags_for_resource(ResourceARN=arn)["ResourceTags"] == [{"Key": "tier", "Value": "dev"}]
