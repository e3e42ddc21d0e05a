"""The client's address behind proxies, from `X-Forwarded-For`.

Gunicorn takes the scheme from trusted proxies (`X-Forwarded-Proto`) and leaves the address to its user.
"""

from collections.abc import Iterable
from ipaddress import ip_address, ip_network

Headers = Iterable[tuple[bytes, bytes]]


class TrustedProxies:
    """Addresses and networks with commas, or `*` for all."""

    def __init__(self, addresses: str) -> None:
        self._all = addresses.strip() == "*"
        hosts = [] if self._all else [host.strip() for host in addresses.split(",") if host.strip()]
        self._networks = [ip_network(host, strict=False) for host in hosts]

    def find_client(self, peer: str, headers: Headers) -> str:
        """The nearest address that is no trusted proxy's: proxies append, so a client can only forge earlier ones."""
        values = [value.decode("latin-1") for name, value in headers if name == b"x-forwarded-for"]
        if not values or not self._is_trusted(peer):
            return peer
        chain = [host for part in ",".join(values).split(",") if (host := part.strip())]
        strangers = (host for host in reversed(chain) if not self._is_trusted(host))
        return next(strangers, chain[0] if chain else peer)

    def _is_trusted(self, host: str) -> bool:
        if self._all:
            return True
        try:
            address = ip_address(host)
        except ValueError:
            return False
        return any(address in network for network in self._networks)
