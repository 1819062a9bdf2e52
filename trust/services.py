"""Services of somebody else in the place of something of ours, named in the settings as `module:factory`."""

from importlib import import_module
from typing import Any

from settings import BadSettings


def service_of(setting: str, path: str) -> Any:
    """What the `module:factory` of that setting makes. Raises BadSettings."""
    module, _, factory = path.partition(":")
    try:
        return getattr(import_module(module), factory)()
    except Exception as error:  # whatever somebody else's code raises, the process cannot start
        raise BadSettings(f"{setting}: không dùng được {path} ({type(error).__name__}).") from error
