"""An allow list for file access with Landlock. It needs no privileges, can be stacked, and is inherited permanently.

The rights depend on the kernel's ABI version (linux/landlock.h): 1 files, 2 refer, 3 truncate, 4 TCP, 5 device ioctl,
6 scoping of signals and abstract Unix sockets. What the kernel does not support is left to seccomp and namespaces.
"""

import os
import struct

from stepsmith.sandbox import linux

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
READ = READ_FILE | READ_DIR
# Includes removing and making files and folders, moving and truncating; excludes links, devices and sockets.
CHANGE = READ | WRITE_FILE | 1 << 4 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 13 | 1 << 14
_FILE_ONLY = EXECUTE | WRITE_FILE | READ_FILE | (1 << 14) | (1 << 15)  # rights that a plain file can carry
_VERSION_FLAG = 1
_RULE_PATH_BENEATH = 1


def abi() -> int:
    """Return the kernel's Landlock ABI version; 0 if there is none."""
    try:
        return linux.syscall("landlock_create_ruleset", None, 0, _VERSION_FLAG)
    except OSError:
        return 0


def all_rights(version: int) -> int:
    """Return every file right that an ABI version knows."""
    return (1 << {1: 13, 2: 14, 3: 15, 4: 15}.get(version, 16)) - 1


def ruleset(rules: list[tuple[str | int, int]]) -> int:
    """Return a descriptor of a rule set that allows only ``rules``: (path or descriptor, rights).

    Missing paths are skipped.

    If the kernel supports it, the rule set also denies TCP, and signals and abstract sockets to processes outside.
    """
    version = abi()
    handled = all_rights(version)
    scope = 3 if version >= 6 else 0
    attributes = struct.pack("QQQ", handled, 3 if version >= 4 else 0, scope)
    size = {1: 8, 2: 8, 3: 8, 4: 16, 5: 16}.get(version, 24)
    descriptor = linux.syscall("landlock_create_ruleset", attributes[:size], size, 0)
    for path, rights in rules:
        try:
            place = os.dup(path) if isinstance(path, int) else os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue
        if not os.path.isdir(path):
            rights &= _FILE_ONLY
        rule = struct.pack("=Qi", rights & handled, place)
        linux.syscall("landlock_add_rule", descriptor, _RULE_PATH_BENEATH, rule, 0)
        os.close(place)
    return descriptor


def restrict(descriptor: int) -> None:
    """Confine the calling thread to a rule set, permanently. Needs no_new_privs."""
    linux.syscall("landlock_restrict_self", descriptor, 0)
