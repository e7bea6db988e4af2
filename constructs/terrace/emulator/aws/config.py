"""Config: changes of a recorder."""

from typing import Any

from moto.config.models import ConfigBackend

from terrace.emulator.aws.patch import Function, wrap


def recorder_changes() -> None:
    """Stock moto refuses a changed recorder as the provider sends it: with an exclusion that is empty."""

    @wrap(ConfigBackend, "put_configuration_recorder")
    def put_configuration_recorder(original: Function, self: Any, config_recorder: dict[str, Any]) -> Any:
        group = dict(config_recorder.get("recordingGroup") or {})
        if not group.get("exclusionByResourceTypes", True):
            del group["exclusionByResourceTypes"]
            config_recorder = {**config_recorder, "recordingGroup": group}
        return original(self, config_recorder)


PATCHES = (recorder_changes,)
