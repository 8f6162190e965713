"""Whose an address is, as far as limits can tell."""

from ipaddress import IPv6Address, ip_address, ip_network

# What one customer, or one device even, is given of IPv6 at least (RFC 6177): whoever has it has
# 2^64 addresses to call from.
PREFIX = 64


def network_of(address: str) -> str:
    """What calls from ``address`` are counted by: itself, of IPv6 the network that it lies in; as
    it is where it is no address.
    """
    try:
        number = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(number, IPv6Address):
        return str(number)
    if number.ipv4_mapped is not None:
        return str(number.ipv4_mapped)
    return str(ip_network((number, PREFIX), strict=False))
