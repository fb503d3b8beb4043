"""Which addresses a configured endpoint may lead to, so that no tenant aims CloudWatcher at the inside of a network.

Names are judged as written here; what a name resolves to is judged again by `is_forbidden_address` at connection time.
"""

import ipaddress
from urllib.parse import SplitResult, urlsplit

from domain.errors import Invalid

# Instance metadata outside the link-local ranges. Sources: AWS EC2 user guide (IPv6 metadata), Azure "What is IP
# address 168.63.129.16", Alibaba Cloud ECS user guide, Google Compute Engine "Query VM metadata".
METADATA_ADDRESSES = frozenset(
    ipaddress.ip_address(address) for address in ("fd00:ec2::254", "168.63.129.16", "100.100.100.200")
)
METADATA_NAMES = frozenset({"metadata", "metadata.google.internal", "instance-data"})
# IPv6 networks that carry an IPv4 address in their last or middle bits (RFC 6052, RFC 3056).
NAT64 = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def check_endpoint(url: str, allow_private: bool) -> str:
    """The endpoint as it may be used, without a trailing slash.

    Raises Invalid when it is not http(s) with a host alone (no user name, query or fragment), when it names a
    link-local or instance metadata address, or a private or loopback one while `allow_private` is False.
    """
    parts = _split(url)
    if parts.username is not None or parts.password is not None:
        raise _invalid("The endpoint must not contain a user name or password; give the keys in their own fields.")
    if parts.query or parts.fragment:
        raise _invalid("The endpoint must end after its path: no ? and no #.")
    _check_host(parts.hostname or "", allow_private)
    return url.rstrip("/")


def is_forbidden_address(address: str, allow_private: bool) -> bool:
    """Whether a connection to this IPv4 or IPv6 address (as text) must be refused."""
    found = _embedded(ipaddress.ip_address(address.partition("%")[0]))
    if found.is_link_local or found in METADATA_ADDRESSES or found.is_multicast or found.is_unspecified:
        return True
    return not allow_private and not found.is_global


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        has_host = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError as error:
        raise _invalid("The endpoint is not a web address; write it like https://ec2.example.com:8443.") from error
    if parts.scheme not in ("http", "https") or not has_host or any(mark in url for mark in " \t\r\n\\"):
        raise _invalid("The endpoint must be a web address that begins with https:// or http:// and names a host.")
    return parts


def _check_host(host: str, allow_private: bool) -> None:
    name = host.rstrip(".").lower()
    try:
        forbidden = is_forbidden_address(name, allow_private)
    except ValueError:
        forbidden = _is_forbidden_name(name, allow_private)
    if forbidden:
        raise _invalid(f"The endpoint {host} is not allowed: it lies inside a private network or serves instance data.")


def _is_forbidden_name(name: str, allow_private: bool) -> bool:
    if name in METADATA_NAMES:
        return True
    # Resolvers read 2130706433, 0x7f.1 and 127.1 as IPv4 addresses; no public name ends in a number (RFC 3696).
    last = name.rpartition(".")[2]
    if last.isdigit() or last.startswith("0x"):
        return True
    return not allow_private and (name == "localhost" or name.endswith(".localhost") or "." not in name)


def _embedded(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one where there is one: that is where the packets end."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _invalid(message: str) -> Invalid:
    return Invalid(message, path=("endpoint_url",))
