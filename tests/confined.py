"""Starts a command under what a unit forbids, without systemd: `python -m tests.confined`.

Needs root, Linux, and util-linux's `unshare` and `setpriv`. The first process makes a view of the
file system in which all is read-only but the unit's own folder, /tmp is empty and most devices are
gone; the second one, which has no rights any more, forbids the calls and becomes the command.
"""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

from tests.deployment_files import FOLDER, INSTALLED, unit

# Whoever it runs as owns nothing on this machine.
ACCOUNT = 10001

_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_EQUAL, _MASKED = 4, 7
# The flags with which a process gets namespaces of its own.
_NAMESPACES = 0x7E020080
_FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10}

_VIEW = """
set -eu
mount --make-rprivate /
mount --bind {base} /mnt
for place in /home /root /run; do mount -t tmpfs tmpfs $place; done
# Only where the Python of this machine is in a home, where no unit would find it.
mkdir -p {base}; mount --move /mnt {base}
mount -t tmpfs tmpfs /opt; mkdir -p {installed}; mount --bind {tree} {installed}
mount -t tmpfs tmpfs /var/lib
for name in {states}; do mkdir /var/lib/$name; mount --bind {state}/$name /var/lib/$name; done
mount -t tmpfs tmpfs /mnt
for device in null zero full random urandom tty; do
    touch /mnt/$device; mount --bind /dev/$device /mnt/$device
done
ln -s /proc/self/fd /mnt/fd
mkdir /mnt/shm; mount -t tmpfs tmpfs /mnt/shm; chmod 1777 /mnt/shm
mount --move /mnt /dev
awk '{{ print $5 }}' /proc/self/mountinfo | while read place; do
    case $place in
        /var/lib/*|/dev|/dev/*|/proc*|/tmp*) ;;
        *) mount -o remount,bind,ro "$place" ;;
    esac
done
mount -t tmpfs tmpfs /tmp; chmod 1777 /tmp
umask {umask}
cd {installed}
exec setpriv --reuid {account} --regid {account} --clear-groups --bounding-set=-all \\
    --inh-caps=-all --no-new-privs -- {python} -c '{forbid}' {calls} -- "$@"
"""

# In a process of its own, since the confined one finds neither this file nor its libraries.
_FORBID = """
import ctypes, os, sys
calls, command = sys.argv[1], sys.argv[3:]
exec(open(int(calls)).read())
os.execve(command[0], command, dict(os.environ))
"""


def confined(name: str, tree: Path, state: Path) -> list[str]:
    """Return a command that starts the command which follows it, as a unit would.

    `tree` is where the program is, and `state` has the folders in which it may write; both are seen
    in the places of which the unit speaks.
    """
    return [sys.executable, "-m", "tests.confined", name, str(tree), str(state)]


def allowed(words: list[str]) -> set[str]:
    """Return the names of the calls that SystemCallFilter allows, with its sets followed."""
    found = set()
    for word in words:
        if not word.startswith("@"):
            found.add(word)
            continue
        listed = subprocess.run(
            ["systemd-analyze", "syscall-filter", "--no-pager", word],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        inside = (line.strip() for line in listed.splitlines()[1:])
        found |= allowed([line for line in inside if line and not line.startswith("#")])
    return found


def filter_of(settings: dict[str, list[str]]) -> str:
    """Return the program that forbids everything else to the process that runs it."""
    calls = allowed(" ".join(settings["SystemCallFilter"]).split())
    families = [_FAMILIES[name] for name in settings["RestrictAddressFamilies"][0].split()]
    return f"""
library = ctypes.CDLL("libseccomp.so.2")
library.seccomp_init.restype = ctypes.c_void_p
class Compare(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int),
                ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]
rules = ctypes.c_void_p(library.seccomp_init({_ERRNO | errno.EPERM}))
def rule(action, name, *compared):
    number = library.seccomp_syscall_resolve_name(name.encode())
    if number != -1:
        given = (Compare * max(1, len(compared)))(*compared)
        failed = library.seccomp_rule_add_array(
            rules, ctypes.c_uint32(action), number, len(compared), given)
        assert failed == 0 or number < 0, (name, failed)
for name in {sorted(calls - {"socket", "clone", "clone3", "unshare", "setns"})}:
    rule({_ALLOW}, name)
for family in {families}:
    rule({_ALLOW}, "socket", Compare(0, {_EQUAL}, family, 0))
rule({_ALLOW}, "clone", Compare(0, {_MASKED}, {_NAMESPACES}, 0))
rule({_ERRNO | errno.ENOSYS}, "clone3")
assert library.seccomp_load(rules) == 0
"""


def main() -> None:
    """Confine, and become the command."""
    name, tree, state, *command = sys.argv[1:]
    settings = unit(FOLDER / name)
    program = os.memfd_create("filter", 0)
    os.write(program, filter_of(settings).encode())
    os.lseek(program, 0, os.SEEK_SET)
    view = _VIEW.format(
        base=sys.base_prefix,
        installed=INSTALLED,
        states=settings["StateDirectory"][0],
        tree=tree,
        state=state,
        umask=settings["UMask"][0],
        account=ACCOUNT,
        python=f"{INSTALLED}/.venv/bin/python",
        forbid=_FORBID,
        calls=program,
    )
    words = ["unshare", "--mount", "--ipc", "--uts", "bash", "-c", view, "confined", *command]
    os.set_inheritable(program, True)
    os.execvp(words[0], words)


if __name__ == "__main__":
    main()
