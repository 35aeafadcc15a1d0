"""Namespaces of a worker: its own processes, mounts, network and System V IPC, with a read-only root of a few folders.

They are made once per worker, because making them takes longer than a test. Without privileges, a user namespace gives
the right to make the others; as root none is needed, and the worker changes to its own user id instead.
"""

import contextlib
import ctypes
import os
import signal
import struct

from stepsmith.sandbox import linux

CLONE_PARENT = 0x8000
NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = 0x20000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_NOATIME, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 8, 1024, 4096, 16384, 1 << 18
MNT_DETACH = 2
ATTR_RDONLY, ATTR_NOSUID, ATTR_NODEV, ATTR_NOATIME, ATTR_NOSYMFOLLOW = 1, 2, 4, 16, 0x200000
CLOSE_ON_EXEC, FSCONFIG_SET_STRING, FSCONFIG_CMD_CREATE = 1, 1, 6
AT_FDCWD, AT_EMPTY_PATH, AT_RECURSIVE = -100, 0x1000, 0x8000
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
LINKS = {
    "/dev/fd": "/proc/self/fd",
    **{f"/dev/{name}": f"/proc/self/fd/{n}" for n, name in enumerate(("stdin", "stdout", "stderr"))},
}
NEW_ROOT = "/sys"  # any folder that programs never see; only this process sees what is mounted over it
_LAST_CAPABILITY = 63


def unshare() -> None:
    """Leave the judge's namespaces; the next child is process 1 of a new one. Raises ``OSError``."""
    flags = NEWNS | NEWUTS | NEWIPC | NEWPID | NEWNET
    if os.geteuid() == 0:
        linux.syscall("unshare", flags)
        return
    uid, gid = os.getuid(), os.getgid()
    linux.syscall("unshare", flags | NEWUSER)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def fork_sibling() -> int:
    """Fork a child of our parent, so that the judge can wait for it after this process has ended."""
    flags = CLONE_PARENT | signal.SIGCHLD
    arguments = [ctypes.c_long(value) for value in (linux.NR["clone"], flags, 0, 0, 0, 0)]
    return linux.check(linux.held.syscall(*arguments), "clone")


def build_root(readable: list[str], box: str, box_mb: int) -> None:
    """Make a new root with ``readable`` (read-only), a few devices, /proc if the kernel allows it, and ``box``.

    Symbolic links are kept as links. ``box`` becomes a writable memory file system of at most ``box_mb``.
    """
    _mount("none", "/", None, MS_REC | MS_PRIVATE)
    _mount("tmpfs", NEW_ROOT, "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,nr_inodes=2000,mode=755")
    for path in sorted({*readable, *DEVICES}, key=len):
        _expose(path)
    for path in ("/proc", "/old", box):
        os.makedirs(NEW_ROOT + path, 0o755, exist_ok=True)
    with contextlib.suppress(OSError):  # in a container that hides parts of /proc this fails; /proc is not needed
        _mount("proc", NEW_ROOT + "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    for path, target in LINKS.items():
        os.symlink(target, NEW_ROOT + path)
    # When a file was read last is not recorded: the next program could see it.
    flags = MS_NOSUID | MS_NODEV | MS_NOATIME
    _mount("tmpfs", NEW_ROOT + box, "tmpfs", flags, f"size={box_mb}m,nr_inodes=4096,mode=777")
    os.chdir(NEW_ROOT)
    linux.syscall("pivot_root", b".", b"old")
    linux.syscall("umount2", b"/old", MNT_DETACH)
    os.chdir("/")
    _set_attributes("/", ATTR_RDONLY | ATTR_NOSUID, recursive=False)


def memory_folder() -> int:
    """Return the root of a memory file system that is mounted nowhere, for the judge to put binaries in.

    Its files consist of large pages where the kernel has them. A binary in a memory file (memfd) consists of small
    ones, and its start takes a fifth longer. Raises ``OSError``.
    """
    files = linux.syscall("fsopen", b"tmpfs", CLOSE_ON_EXEC)
    try:
        for name, value in (("huge", "within_size"), ("mode", "700")):
            linux.syscall("fsconfig", files, FSCONFIG_SET_STRING, name.encode(), value.encode(), 0)
        linux.syscall("fsconfig", files, FSCONFIG_CMD_CREATE, None, None, 0)
        return linux.syscall("fsmount", files, CLOSE_ON_EXEC, ATTR_NOSUID | ATTR_NODEV | ATTR_NOATIME)
    finally:
        os.close(files)


def _expose(path: str) -> None:
    """Bind one path read-only into the new root, with its parents; do nothing if the path is there already."""
    target = NEW_ROOT + path
    if os.path.lexists(target) or not os.path.lexists(path):
        return
    os.makedirs(os.path.dirname(target), 0o755, exist_ok=True)
    if os.path.islink(path):
        os.symlink(os.readlink(path), target)
        _expose(os.path.realpath(path))
        return
    if os.path.isdir(path):
        os.mkdir(target, 0o755)
    else:
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o644))
    _mount(path, target, None, MS_BIND | MS_REC)
    _set_attributes(target, ATTR_RDONLY | ATTR_NOSUID | (0 if path in DEVICES else ATTR_NODEV), recursive=True)


def drop_privileges(uid: int | None) -> None:
    """Give up every capability, permanently; as root also become ``uid``."""
    if uid is not None:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    for capability in range(_LAST_CAPABILITY + 1):
        if linux.libc.prctl(linux.PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            break  # already dropped, or after the last capability
    header = struct.pack("Ii", 0x20080522, 0)
    linux.syscall("capset", header, bytes(24))


def _mount(source: str, target: str, kind: str | None, flags: int, data: str = "") -> None:
    linux.syscall(
        "mount", source.encode(), target.encode(), None if kind is None else kind.encode(), flags, data.encode()
    )


def _set_attributes(path: str, attributes: int, *, recursive: bool) -> None:
    """Add restrictions to a mount. Unlike a remount, this keeps the flags that the judge's namespace had locked."""
    record = struct.pack("QQQQ", attributes, 0, 0, 0)
    flags = AT_RECURSIVE if recursive else 0
    linux.syscall("mount_setattr", AT_FDCWD, path.encode(), flags, record, len(record))
