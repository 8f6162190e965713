"""Showing a number to its owner: enough to recognise, too little to use."""


def masked_phone(phone: str) -> str:
    """138****5678."""
    return f"{phone[:3]}****{phone[-4:]}"


def masked_id(id_number: str) -> str:
    """4508**********1234."""
    return f"{id_number[:4]}**********{id_number[-4:]}"


def masked_name(name: str) -> str:
    """陈**: the family name, or a first letter."""
    return f"{name[:1]}**"
