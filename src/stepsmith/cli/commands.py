"""The commands of ``stepsmith``. The module of a command is imported when the command is asked for.

Importing all of them takes longer than many commands take.
"""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from stepsmith.cli.options import naming_options

# In the order of the help: the module in ``stepsmith.cli``, and the function or the group in it.
COMMANDS = {
    "synth": ("synth", "synth"), "rate": ("rate", "rate"), "rehearse": ("rehearse", "rehearse_command"),
    "plan": ("plan", "plan_command"), "report": ("report", "report"), "status": ("status", "status"),
    "view": ("view", "view"), "doctor": ("doctor", "doctor"), "verify": ("verify", "verify"),
    "curate": ("curate", "curate"), "study": ("study", "study"), "export": ("export", "export"),
    "explain": ("explain", "explain"), "import": ("imports", "import_"), "judge": ("judge", "judge_app"),
    "features": ("features", "features_app"), "curriculum": ("curriculum", "curriculum_app"),
    "train": ("train", "train_app"), "cache": ("cache", "cache_app"), "shards": ("shards", "shards_app"),
    "audit": ("audit", "audit_app"), "eval": ("evaluate_elsewhere", "eval_app"),
}  # fmt: skip


class Commands(TyperGroup):
    """The group of all commands."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command, which may be imported for that; None if there is no such command."""
        if cmd_name not in COMMANDS:
            self.list_commands(ctx)  # so that the message can name one that is meant
        elif cmd_name not in self.commands:
            self.commands[cmd_name] = _loaded(cmd_name)
        return super().get_command(ctx, cmd_name)

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the base class calls it so
        """Return the names of all commands, in the order of the help."""
        for name in COMMANDS:
            if name not in self.commands:
                self.commands[name] = _loaded(name)
        return [*COMMANDS]


def _loaded(name: str) -> Any:
    module, attribute = COMMANDS[name]
    found = getattr(import_module(f"stepsmith.cli.{module}"), attribute)
    holder = typer.Typer(add_completion=False)
    holder.callback()(lambda: None)  # so that it is a group, with one command or with many
    if isinstance(found, typer.Typer):
        holder.add_typer(found, name=name)
    else:
        holder.command(name)(found)
    group = typer.main.get_command(holder)
    assert isinstance(group, TyperGroup)
    return naming_options(group.commands[name])
