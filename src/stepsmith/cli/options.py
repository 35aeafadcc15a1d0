"""Errors of settings in the words of the command line: the option that the user typed, not the setting behind it."""

from types import MethodType
from typing import Any

from typer.core import TyperGroup

from stepsmith.core.errors import ConfigError, SettingError
from stepsmith.core.records import SEED_LEAST, SEED_MOST

OPTIONS = {
    "allow_licenses": "allow_license", "seed_field": "field", "solvers": "solver", "judges": "judge",
}  # fmt: skip  # settings that have another name than their option; for all others it is the same


def naming_options(command: Any) -> Any:
    """Let a command, or those of a group, name their options where a setting has a wrong value; return it."""
    if isinstance(command, TyperGroup):
        for one in command.commands.values():
            naming_options(one)
    else:
        invoke = command.invoke

        def named(_: Any, context: Any) -> Any:
            _refuse_huge(context)
            try:
                return invoke(context)
            except SettingError as error:
                option = _given(error.setting, context)
                raise ConfigError(f"{option}: {error.what}") if option else error from None

        command.invoke = MethodType(named, command)
    return command


def _refuse_huge(context: Any) -> None:
    for parameter in context.command.params:
        value = context.params.get(parameter.name)
        if isinstance(value, int) and not SEED_LEAST <= value <= SEED_MOST:
            raise ConfigError(f"{parameter.opts[0]} {value}: give a number with fewer than 19 digits")


def _given(setting: str, context: Any) -> str:
    """Return the option on the command line that gave a setting its value, such as ``--chains 0``; "" if none did."""
    given = {
        parameter.opts[0].removeprefix("--").replace("-", "_"): parameter
        for parameter in context.command.params
        if parameter.param_type_name == "option" and _typed(context, parameter.name)
    }
    for part in reversed(setting.split(".")):  # of ``model.path``, the option is ``--model``
        if parameter := given.get(OPTIONS.get(part, part)):
            value = context.params.get(parameter.name)
            return f"{parameter.opts[0]} {value}" if isinstance(value, str | int | float) else parameter.opts[0]
    return ""


def _typed(context: Any, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name in ("COMMANDLINE", "ENVIRONMENT")
