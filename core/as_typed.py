"""Texts in which every character counts, as in passwords."""

from typing import Final


class AsTyped:
    """A mark in the ``Annotated`` type of a text: page forms take it with the blanks around it,
    which they remove from any other.
    """


AS_TYPED: Final = AsTyped()
