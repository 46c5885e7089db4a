"""
A seccomp filter for a process that computes, and does nothing else.

It may read and write the descriptors it holds, map memory and start threads. It may not open or
change any file, make sockets or processes, signal or inspect others, or leave its process group.
Refused calls fail with EPERM, so that libraries can cope; nothing is killed for trying.
"""

import ctypes
import errno
import os
import platform
import struct
from typing import Final

PR_SET_NAME: Final = 15
_SECCOMP_SET_MODE_FILTER: Final = 1
_SECCOMP_FILTER_FLAG_TSYNC: Final = 1
_SECCOMP: Final = {"x86_64": 317, "aarch64": 277}
_RET_ALLOW: Final = 0x7FFF0000
_RET_ERRNO: Final = 0x00050000
_RET_KILL_PROCESS: Final = 0x80000000
_CLONE_THREAD: Final = 0x00010000
_X32_BIT: Final = 0x40000000

# Opcodes of classic BPF, and the offsets of struct seccomp_data.
_LOAD: Final = 0x20
_JUMP_EQUAL: Final = 0x15
_JUMP_AT_LEAST: Final = 0x35
_JUMP_ANY_BIT: Final = 0x45
_RETURN: Final = 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT, _ARGUMENT_BYTES = 0, 4, 16, 8

_AUDIT_ARCHITECTURES: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_COLUMNS: Final = ("x86_64", "aarch64")

# Numbers on x86_64 and aarch64; None where the architecture does not have the call.
_REFUSED: Final[dict[str, tuple[int | None, int | None]]] = {
    # files, by name
    "open": (2, None), "creat": (85, None), "openat": (257, 56), "openat2": (437, 437),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
    "truncate": (76, 45), "rename": (82, None), "renameat": (264, 38), "renameat2": (316, 276),
    "mkdir": (83, None), "mkdirat": (258, 34), "rmdir": (84, None), "link": (86, None),
    "linkat": (265, 37), "unlink": (87, None), "unlinkat": (263, 35), "symlink": (88, None),
    "symlinkat": (266, 36), "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53),
    "fchmodat2": (452, 452), "chown": (92, None), "fchown": (93, 55), "lchown": (94, None),
    "fchownat": (260, 54), "mknod": (133, None), "mknodat": (259, 33), "utimensat": (280, 88),
    "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7),
    "memfd_create": (319, 279),
    # sockets, and messages that could carry descriptors away
    "socket": (41, 198), "socketpair": (53, 199), "bind": (49, 200), "listen": (50, 201),
    "accept": (43, 202), "accept4": (288, 242), "connect": (42, 203), "sendto": (44, 206),
    "sendmsg": (46, 211), "sendmmsg": (307, 269),
    # processes, signals and looking into others
    "fork": (57, None), "vfork": (58, None), "execve": (59, 221), "execveat": (322, 281),
    "kill": (62, 129), "tkill": (200, 130), "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240), "pidfd_open": (434, 434), "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424), "ptrace": (101, 117), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "process_madvise": (440, 440), "kcmp": (312, 272),
    "setsid": (112, 157), "setpgid": (109, 154), "personality": (135, 92),
    # memory shared with others
    "shmget": (29, 194), "shmctl": (31, 195), "shmat": (30, 196), "semget": (64, 190),
    "msgget": (68, 186), "mq_open": (240, 180),
    # the machine
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51),
    "unshare": (272, 97), "setns": (308, 268), "open_tree": (428, 428),
    "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431),
    "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442),
    "swapon": (167, 224), "reboot": (169, 142), "kexec_load": (246, 104),
    "kexec_file_load": (320, 294), "init_module": (175, 105), "finit_module": (313, 273),
    "delete_module": (176, 106), "quotactl": (179, 60), "add_key": (248, 217),
    "request_key": (249, 218), "keyctl": (250, 219), "bpf": (321, 280),
    "perf_event_open": (298, 241), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
}  # fmt: skip
_CLONE: Final = {"x86_64": 56, "aarch64": 220}
_CLONE3: Final = 435
_TGKILL: Final = {"x86_64": 234, "aarch64": 131}
_PRCTL: Final = {"x86_64": 157, "aarch64": 167}
# By the place of their argument that holds the flags.
_OPENINGS: Final = {"open": 1, "openat": 2}
_NOT_TO_READ: Final = os.O_ACCMODE | os.O_CREAT | os.O_TRUNC
_PRLIMIT: Final = {"x86_64": 302, "aarch64": 261}


class SeccompUnavailable(Exception):
    """The kernel, or whoever contains us, does not allow a filter here."""


def refuse_system_calls(libc: ctypes.CDLL, *, may_read_files: bool = False) -> None:
    """
    Bind every thread of this process, and those they start, to the filter, for good.

    Needs `no_new_privs` first. Who may read files, for as long as no stricter filter comes on top,
    may open them, but neither make nor change any; which, other walls have to say.

    Raises:
        SeccompUnavailable: No filter could be set.
    """
    machine = platform.machine()
    if machine not in _AUDIT_ARCHITECTURES:
        raise SeccompUnavailable(f"there is no filter for {machine}")
    code = _program(machine, os.getpid(), may_read_files=may_read_files)
    buffer = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(buffer))
    mode, flags = _SECCOMP_SET_MODE_FILTER, _SECCOMP_FILTER_FLAG_TSYNC
    failed = libc.syscall(_SECCOMP[machine], mode, flags, program)  # the id of a thread, perhaps
    if failed:
        raise SeccompUnavailable(os.strerror(ctypes.get_errno()) if failed < 0 else "a thread")


def _program(machine: str, own_pid: int, *, may_read_files: bool) -> bytes:
    refuse = _instruction(_RETURN, _RET_ERRNO | errno.EPERM)
    number = _instruction(_LOAD, _NUMBER)
    first_argument = _instruction(_LOAD, _FIRST_ARGUMENT)  # its low half: both are little-endian
    steps = [
        _instruction(_LOAD, _ARCHITECTURE),
        _instruction(_JUMP_EQUAL, _AUDIT_ARCHITECTURES[machine], if_true=1),
        _instruction(_RETURN, _RET_KILL_PROCESS),
        number,
        _instruction(_JUMP_AT_LEAST, _X32_BIT, if_false=1),
        refuse,
        # A thread's attributes lie in memory, where a filter cannot look: make glibc fall back.
        _instruction(_JUMP_EQUAL, _CLONE3, if_false=1),
        _instruction(_RETURN, _RET_ERRNO | errno.ENOSYS),
    ]
    column = _COLUMNS.index(machine)
    for name, numbers in _REFUSED.items():
        refused = numbers[column]
        if refused is not None and may_read_files and name in _OPENINGS:
            flags = _FIRST_ARGUMENT + _ARGUMENT_BYTES * _OPENINGS[name]
            steps += [
                _instruction(_JUMP_EQUAL, refused, if_false=4),
                _instruction(_LOAD, flags),
                _instruction(_JUMP_ANY_BIT, _NOT_TO_READ, if_false=1),
                refuse,
                number,
            ]
        elif refused is not None:
            steps += [_instruction(_JUMP_EQUAL, refused, if_false=1), refuse]
    for conditional, test, value in (
        (_CLONE[machine], _JUMP_ANY_BIT, _CLONE_THREAD),
        (_TGKILL[machine], _JUMP_EQUAL, own_pid),  # abort() signals itself
        (_PRCTL[machine], _JUMP_EQUAL, PR_SET_NAME),
        (_PRLIMIT[machine], _JUMP_EQUAL, 0),  # oneself
    ):
        steps += [
            _instruction(_JUMP_EQUAL, conditional, if_false=4),
            first_argument,
            _instruction(test, value, if_true=1),
            refuse,
            number,
        ]
    return b"".join([*steps, _instruction(_RETURN, _RET_ALLOW)])


def _instruction(opcode: int, value: int, *, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", opcode, if_true, if_false, value)
