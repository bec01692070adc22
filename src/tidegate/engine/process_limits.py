"""What the system grants this process: open files for all its connections, and no core file with secrets in it.

Knows the limits of the system. Does not know what uses them.
"""

import resource

__all__ = ["OPEN_FILES_MAX", "set_process_limits"]

OPEN_FILES_MAX = 65_536
"""As many open files are asked for; each connection is one."""


def set_process_limits() -> None:
    """Raise the limit of open files as far as this user may, and let a crash leave no image of the memory.

    The usual 1024 open files are for programs that cannot have more; the broker alone may have 10 000 connections.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES_MAX if hard == resource.RLIM_INFINITY else min(OPEN_FILES_MAX, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
