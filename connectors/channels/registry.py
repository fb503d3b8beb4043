"""Finds the kinds of channels: modules of `kinds/` with a CHANNEL."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from connectors.channels import kinds
from connectors.channels.channel import Channel
from domain.facts.channel import ChannelKind


@cache
def channels() -> dict[ChannelKind, Channel]:
    """All of them by kind."""
    modules = (import_module(f"{kinds.__name__}.{found.name}") for found in iter_modules(kinds.__path__))
    found = [module.CHANNEL for module in modules if hasattr(module, "CHANNEL")]
    return {channel.kind: channel for channel in found}
