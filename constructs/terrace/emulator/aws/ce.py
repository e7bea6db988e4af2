"""Cost Explorer: anomaly monitors and subscriptions."""

import uuid
from typing import Any

from moto.ce.responses import CostExplorerResponse

from terrace.emulator.aws.patch import Call, as_tags, fault, operation


def anomaly_monitors() -> None:
    """Stock moto has no operation for anomaly monitors."""

    @operation(CostExplorerResponse)
    def create_anomaly_monitor(call: Call) -> dict[str, Any]:
        arn = call.arn(f"anomalymonitor/{uuid.uuid4()}", region="")
        call.shelf("monitors")[arn] = {**call.parameters["AnomalyMonitor"], "MonitorArn": arn}
        call.backend.tag_resource(arn, as_tags(call.parameters.get("ResourceTags")))
        return {"MonitorArn": arn}

    @operation(CostExplorerResponse)
    def get_anomaly_monitors(call: Call) -> dict[str, Any]:
        return {"AnomalyMonitors": _listed(call, "monitors", "MonitorArnList")}

    @operation(CostExplorerResponse)
    def update_anomaly_monitor(call: Call) -> dict[str, Any]:
        monitor = _found(call, "monitors", call.parameters["MonitorArn"])
        monitor["MonitorName"] = call.parameters.get("MonitorName") or monitor["MonitorName"]
        return {"MonitorArn": monitor["MonitorArn"]}

    @operation(CostExplorerResponse)
    def delete_anomaly_monitor(call: Call) -> None:
        _found(call, "monitors", call.parameters["MonitorArn"])
        del call.shelf("monitors")[call.parameters["MonitorArn"]]


def anomaly_subscriptions() -> None:
    """Stock moto has no operation for anomaly subscriptions."""

    @operation(CostExplorerResponse)
    def create_anomaly_subscription(call: Call) -> dict[str, Any]:
        arn = call.arn(f"anomalysubscription/{uuid.uuid4()}", region="")
        asked = call.parameters["AnomalySubscription"]
        call.shelf("subscriptions")[arn] = {**asked, "SubscriptionArn": arn, "AccountId": call.account}
        call.backend.tag_resource(arn, as_tags(call.parameters.get("ResourceTags")))
        return {"SubscriptionArn": arn}

    @operation(CostExplorerResponse)
    def get_anomaly_subscriptions(call: Call) -> dict[str, Any]:
        return {"AnomalySubscriptions": _listed(call, "subscriptions", "SubscriptionArnList")}

    @operation(CostExplorerResponse)
    def update_anomaly_subscription(call: Call) -> dict[str, Any]:
        subscription = _found(call, "subscriptions", call.parameters["SubscriptionArn"])
        subscription.update({name: value for name, value in call.parameters.items() if value is not None})
        return {"SubscriptionArn": subscription["SubscriptionArn"]}

    @operation(CostExplorerResponse)
    def delete_anomaly_subscription(call: Call) -> None:
        _found(call, "subscriptions", call.parameters["SubscriptionArn"])
        del call.shelf("subscriptions")[call.parameters["SubscriptionArn"]]


def _listed(call: Call, kind: str, parameter: str) -> list[dict[str, Any]]:
    wanted = call.parameters.get(parameter)
    return [kept for arn, kept in call.shelf(kind).items() if not wanted or arn in wanted]


def _found(call: Call, kind: str, arn: str) -> dict[str, Any]:
    found: dict[str, Any] | None = call.shelf(kind).get(arn)
    if found is None:
        raise fault("UnknownMonitorException" if kind == "monitors" else "UnknownSubscriptionException", f"no {arn}")
    return found


PATCHES = (anomaly_monitors, anomaly_subscriptions)
