"""The Host header of HTTP: whether a request may be meant for a server of ours.

Knows names and addresses. Does not know servers.
"""

import ipaddress
from collections.abc import Collection

__all__ = ["is_own_host"]


def is_own_host(header: str, names: Collection[str]) -> bool:
    """Refuse a name that a web page's owner could have pointed at this machine (DNS rebinding).

    An address cannot be pointed elsewhere, so addresses are allowed beside `localhost` and `names`, which are in lower case.
    """
    host = header
    if not header.endswith("]") and ":" in header:
        host = header.rpartition(":")[0]
    host = host.removeprefix("[").removesuffix("]").lower()
    if host == "localhost" or host in names:
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
