"""Showing a number to its owner: enough to recognise, too little to use."""


def masked_phone(phone: str) -> str:
    """138****5678."""
    return f"{phone[:3]}****{phone[-4:]}"


def masked_id(id_number: str) -> str:
    """4508**********1234."""
    return f"{id_number[:4]}**********{id_number[-4:]}"


def masked_address(address: str) -> str:
    """203.0.*.* or 2001:db8:*: the network, not the house."""
    if ":" in address:
        return ":".join(address.split(":")[:2]) + ":*"
    parts = address.split(".")
    return ".".join([*parts[:2], "*", "*"]) if len(parts) == 4 else ""


def masked_name(name: str) -> str:
    """陈**: the family name, or a first letter."""
    return f"{name[:1]}**"


def masked_number(number: str) -> str:
    """E1****78: of a number of any kind and length."""
    return f"{number[:2]}****{number[-2:]}"
