"""Cost Explorer: anomaly monitors and subscriptions."""

import uuid
from typing import Any

from moto.ce.responses import CostExplorerResponse

from terrace.emulator.aws.patch import Call, as_tags, operation, service_error


def anomaly_monitors() -> None:
    """Stock moto lacks the operations for anomaly monitors."""

    @operation(CostExplorerResponse)
    def create_anomaly_monitor(call: Call) -> dict[str, Any]:
        arn = call.arn(f"anomalymonitor/{uuid.uuid4()}", region="")
        call.state("monitors")[arn] = {**call.parameters["AnomalyMonitor"], "MonitorArn": arn}
        call.backend.tag_resource(arn, as_tags(call.parameters.get("ResourceTags")))
        return {"MonitorArn": arn}

    @operation(CostExplorerResponse)
    def get_anomaly_monitors(call: Call) -> dict[str, Any]:
        return {"AnomalyMonitors": _listed(call, "monitors", "MonitorArnList")}

    @operation(CostExplorerResponse)
    def update_anomaly_monitor(call: Call) -> dict[str, Any]:
        monitor = _find(call, "monitors", call.parameters["MonitorArn"])
        monitor["MonitorName"] = call.parameters.get("MonitorName") or monitor["MonitorName"]
        return {"MonitorArn": monitor["MonitorArn"]}

    @operation(CostExplorerResponse)
    def delete_anomaly_monitor(call: Call) -> None:
        _find(call, "monitors", call.parameters["MonitorArn"])
        del call.state("monitors")[call.parameters["MonitorArn"]]


def anomaly_subscriptions() -> None:
    """Stock moto lacks the operations for anomaly subscriptions."""

    @operation(CostExplorerResponse)
    def create_anomaly_subscription(call: Call) -> dict[str, Any]:
        arn = call.arn(f"anomalysubscription/{uuid.uuid4()}", region="")
        parameters = call.parameters["AnomalySubscription"]
        call.state("subscriptions")[arn] = {**parameters, "SubscriptionArn": arn, "AccountId": call.account}
        call.backend.tag_resource(arn, as_tags(call.parameters.get("ResourceTags")))
        return {"SubscriptionArn": arn}

    @operation(CostExplorerResponse)
    def get_anomaly_subscriptions(call: Call) -> dict[str, Any]:
        return {"AnomalySubscriptions": _listed(call, "subscriptions", "SubscriptionArnList")}

    @operation(CostExplorerResponse)
    def update_anomaly_subscription(call: Call) -> dict[str, Any]:
        subscription = _find(call, "subscriptions", call.parameters["SubscriptionArn"])
        subscription.update({name: value for name, value in call.parameters.items() if value is not None})
        return {"SubscriptionArn": subscription["SubscriptionArn"]}

    @operation(CostExplorerResponse)
    def delete_anomaly_subscription(call: Call) -> None:
        _find(call, "subscriptions", call.parameters["SubscriptionArn"])
        del call.state("subscriptions")[call.parameters["SubscriptionArn"]]


def _listed(call: Call, kind: str, parameter: str) -> list[dict[str, Any]]:
    arns = call.parameters.get(parameter)
    return [entry for arn, entry in call.state(kind).items() if not arns or arn in arns]


def _find(call: Call, kind: str, arn: str) -> dict[str, Any]:
    entry: dict[str, Any] | None = call.state(kind).get(arn)
    if entry is None:
        raise service_error(
            "UnknownMonitorException" if kind == "monitors" else "UnknownSubscriptionException", f"no {arn}"
        )
    return entry


PATCHES = (anomaly_monitors, anomaly_subscriptions)
