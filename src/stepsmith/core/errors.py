"""Every exception that Stepsmith raises on purpose.

    StepsmithError
    ├── UserError              the command, a flag or a file is wrong: one line, exit code 2
    │   ├── ConfigError        unknown key, wrong type, impossible value
    │   ├── SeedError          a seed file is missing, binary or empty
    │   ├── RunFolderError     the output folder cannot be used: another config, read-only, not a run
    │   ├── CaseError          a judge or verification input line is malformed
    │   ├── MachineError       this machine lacks something: a compiler, an extra, an isolation level
    │   ├── StoreError         records could not be written or read (disk full, damaged file)
    │   └── BudgetExceeded     the next request could cost more than is left of --budget: nothing was sent
    ├── TrainingError          training went wrong in itself: the loss is no number
    ├── SandboxError           our own machinery failed to run a program: becomes IE, never a verdict
    └── EndpointError          a model endpoint failed for good
        └── RequestRefused     the endpoint refuses this one request; others may pass

What a model or an untrusted program does wrong is data (a verdict, a rejection), never one of these.
Each message says what happened and what to do next.
"""


class StepsmithError(Exception):
    """Root of the tree."""


class UserError(StepsmithError):
    """The user can mend it: shown as one line, exit code 2."""


class ConfigError(UserError):
    """A configuration file or flag has an unknown key, a wrong type or an impossible value."""


class SeedError(UserError):
    """A seed path is missing, binary, or holds no usable Python source."""


class RunFolderError(UserError):
    """The output folder cannot be used: it belongs to another configuration, is read-only, or is not a run."""


class CaseError(UserError):
    """A line of a judge or verification input is malformed; the message names the line."""


class MachineError(UserError):
    """The machine lacks something the command needs; the message says what to install or which flag to pass."""


class StoreError(UserError):
    """Records could not be written or read back; what was committed before stays valid."""


class BudgetExceeded(UserError):
    """The next request could cost more than the budget leaves. It was not sent; what was paid for is kept."""


class TrainingError(StepsmithError):
    """Training went wrong in itself; the message says from where to go on, and with what changed."""


class SandboxError(StepsmithError):
    """Our own machinery failed while running a program; judged as IE and never scored."""


class EndpointError(StepsmithError):
    """A model endpoint failed for good, after retries."""


class RequestRefused(EndpointError):
    """The endpoint refuses this one request (400, 413, 422), for instance as too long; another may pass."""
