"""Security Hub: settings of the hub, subscriptions to standards."""

from typing import Any

from moto.securityhub.responses import SecurityHubResponse

from terrace.emulator.aws.patch import Call, Function, operation, read_back, service_error, wrap

_SETTINGS = {"AutoEnableControls": "auto_enable_controls", "ControlFindingGenerator": "control_finding_generator"}


def hub_settings() -> None:
    """Stock moto cannot change a hub's settings, returns fixed ones, and does not support tags of a hub."""

    @wrap(SecurityHubResponse, "enable_security_hub")
    def enable_security_hub(original: Function, self: Any) -> Any:
        result = original(self)
        if self.body:
            read_back(self.securityhub_backend, _parameters(self), _SETTINGS)
        return result

    @operation(SecurityHubResponse)
    def update_security_hub_configuration(call: Call) -> None:
        _require_hub(call)
        read_back(call.backend, call.parameters, _SETTINGS)

    @operation(SecurityHubResponse)
    def describe_hub(call: Call) -> dict[str, Any]:
        hub: dict[str, Any] = call.backend.describe_hub(call.parameters.get("HubArn"))
        for name, attribute in _SETTINGS.items():
            hub[name] = getattr(call.backend, attribute, hub[name])
        return hub

    def _parameters(response: Any) -> dict[str, Any]:
        response.parse_parameters(response.normalized_request)
        return dict(response.params)


def standards() -> None:
    """Stock moto lacks the operations for subscriptions to standards."""

    @operation(SecurityHubResponse)
    def batch_enable_standards(call: Call) -> dict[str, Any]:
        _require_hub(call)
        subscriptions = []
        for request in call.parameters["StandardsSubscriptionRequests"]:
            arn = request["StandardsArn"]
            # arn:aws:securityhub:<region>::standards/<name>/v/<version>
            name = arn.partition("standards/")[2] or arn.partition("ruleset/")[2]
            subscriptions.append(
                {
                    "StandardsSubscriptionArn": call.arn(f"subscription/{name}"),
                    "StandardsArn": arn,
                    "StandardsInput": request.get("StandardsInput") or {},
                    "StandardsStatus": "READY",
                }
            )
        call.state("subscriptions").update({entry["StandardsSubscriptionArn"]: entry for entry in subscriptions})
        return {"StandardsSubscriptions": subscriptions}

    @operation(SecurityHubResponse)
    def get_enabled_standards(call: Call) -> dict[str, Any]:
        _require_hub(call)
        arns = call.parameters.get("StandardsSubscriptionArns")
        subscriptions = call.state("subscriptions")
        return {"StandardsSubscriptions": [each for arn, each in subscriptions.items() if not arns or arn in arns]}

    @operation(SecurityHubResponse)
    def batch_disable_standards(call: Call) -> dict[str, Any]:
        _require_hub(call)
        removed = [call.state("subscriptions").pop(arn, None) for arn in call.parameters["StandardsSubscriptionArns"]]
        return {"StandardsSubscriptions": [{**entry, "StandardsStatus": "DELETING"} for entry in removed if entry]}


def _require_hub(call: Call) -> None:
    if not call.backend.enabled:
        raise service_error("InvalidAccessException", "Account is not subscribed to AWS Security Hub")


PATCHES = (hub_settings, standards)
