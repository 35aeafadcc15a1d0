"""Every exception that Stepsmith raises on purpose.

    StepsmithError
    ├── UserError              the user can fix it: shown as one line, exit code 2
    │   ├── ConfigError        unknown key, wrong type, impossible value
    │   │   └── SettingError       the same, and the setting is known by its name
    │   ├── SeedError          a seed file is missing, binary or empty
    │   ├── RunFolderError     the output folder cannot be used: another config, read-only, not a run
    │   ├── CaseError          a judge or verification input line is malformed
    │   ├── MachineError       the machine lacks something: a compiler, an extra, an isolation level
    │   │   └── JudgeFailedError   the judge fails on a program, again and again
    │   ├── StoreError         records could not be written or read (disk full, damaged file)
    │   └── BudgetExceeded     the next request could exceed --budget; it was not sent
    ├── TrainingError          training itself failed: the loss is not a number
    ├── SandboxError           our own machinery failed to run a program: judged as IE, never scored
    │   └── CheckerError       a problem's own checker crashed, hung or does not compile: it decided nothing
    └── EndpointError          a model endpoint failed, after all retries
        └── RequestRefused     the endpoint refuses this one request; others may succeed

An error of a model or of an untrusted program is never one of these: it is data (a verdict, a rejection).
Each message says what happened and what to do next.
"""


class StepsmithError(Exception):
    """The base class of every error that Stepsmith raises on purpose.

    >>> try:
    ...     st.load_problems("nowhere")
    ... except st.StepsmithError as error:
    ...     print(type(error).__name__)
    RunFolderError
    """


class UserError(StepsmithError):
    """The user can fix it: shown as one line, exit code 2."""


class ConfigError(UserError):
    """A configuration file or flag has an unknown key, a wrong type or an impossible value."""


class SettingError(ConfigError):
    """A setting cannot have a value that was given in code or by an option; ``what`` says why.

    ``setting`` is its name with dots, such as ``synth.chains``. The command line names the option instead.
    """

    def __init__(self, setting: str, what: str) -> None:
        super().__init__(setting, what)
        self.setting, self.what = setting, what

    def __str__(self) -> str:
        """Return the name and what is wrong."""
        return f"{self.setting}: {self.what}"


class SeedError(UserError):
    """A seed path is missing, binary, or holds no usable Python source."""


class RunFolderError(UserError):
    """The output folder cannot be used: another configuration, read-only, or not a run."""


class CaseError(UserError):
    """A line of a judge or verification input is malformed; the message names the line."""


class MachineError(UserError):
    """The machine lacks something the command needs; the message says what to install or which flag to pass."""


class JudgeFailedError(MachineError):
    """The judge fails on a program, again and again; on another machine, or later, it may not."""


class StoreError(UserError):
    """Records could not be written or read; everything committed before stays valid."""


class BudgetExceeded(UserError):
    """The next request could exceed the budget. It was not sent; all completions so far are kept."""


class TrainingError(StepsmithError):
    """Training itself failed; the message says where to continue and which setting to change."""


class SandboxError(StepsmithError):
    """Our own machinery failed while running a program; judged as IE and never scored."""


class CheckerError(SandboxError):
    """A problem's own checker did not decide: it crashed, hung or does not compile. Never the solution's fault."""


class EndpointError(StepsmithError):
    """A model endpoint failed, after all retries."""


class RequestRefused(EndpointError):
    """The endpoint refuses this one request (400, 413, 422), for example because it is too long; others may succeed."""
