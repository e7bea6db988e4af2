from tests.emulator.aws.conftest import Aws
from tests.emulator.aws.stock_moto import fails_on_stock_moto


def create_monitor(aws: Aws) -> str:
    arn: str = aws("ce").create_anomaly_monitor(
        AnomalyMonitor={"MonitorName": aws.name(), "MonitorType": "DIMENSIONAL", "MonitorDimension": "SERVICE"},
        ResourceTags=[{"Key": "owner", "Value": "a"}],
    )["MonitorArn"]
    return arn


@fails_on_stock_moto
def test_anomaly_monitors(aws: Aws) -> None:
    ce, arn = aws("ce"), create_monitor(aws)
    ce.update_anomaly_monitor(MonitorArn=arn, MonitorName="renamed")
    found = ce.get_anomaly_monitors(MonitorArnList=[arn])["AnomalyMonitors"]
    assert [monitor["MonitorName"] for monitor in found] == ["renamed"]
    assert ce.list_tags_for_resource(ResourceArn=arn)["ResourceTags"] == [{"Key": "owner", "Value": "a"}]
    ce.delete_anomaly_monitor(MonitorArn=arn)
    assert ce.get_anomaly_monitors(MonitorArnList=[arn])["AnomalyMonitors"] == []


@fails_on_stock_moto
def test_anomaly_subscriptions(aws: Aws) -> None:
    ce = aws("ce")
    subscription = {
        "SubscriptionName": aws.name(),
        "Frequency": "DAILY",
        "MonitorArnList": ["arn:aws:ce::111122223333:anomalymonitor/x"],
        "Subscribers": [{"Type": "EMAIL", "Address": "finance@example.com"}],
    }
    arn = ce.create_anomaly_subscription(AnomalySubscription=subscription)["SubscriptionArn"]
    ce.update_anomaly_subscription(SubscriptionArn=arn, Frequency="WEEKLY")
    found = ce.get_anomaly_subscriptions(SubscriptionArnList=[arn])["AnomalySubscriptions"]
    assert [entry["Frequency"] for entry in found] == ["WEEKLY"]
    ce.delete_anomaly_subscription(SubscriptionArn=arn)
    assert ce.get_anomaly_subscriptions(SubscriptionArnList=[arn])["AnomalySubscriptions"] == []
