"""The rooms' commands, imported when one is called: a web process has no use for them."""

from collections.abc import Mapping
from importlib import import_module
from typing import cast

from click import Command, Context
from flask.cli import AppGroup


class Console(AppGroup):
    """A command group that knows where its commands are: name → "module:attribute"."""

    def __init__(self, places: Mapping[str, str]) -> None:
        super().__init__()
        self._places = places

    def list_commands(self, ctx: Context) -> list[str]:
        """The names of all commands."""
        return sorted({*super().list_commands(ctx), *self._places})

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        """The command of that name, imported now; None where there is none."""
        place = self._places.get(cmd_name)
        if place is None:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = place.partition(":")
        return cast(Command, getattr(import_module(module), attribute))
