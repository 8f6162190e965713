"""Tests cannot reach the outside world."""

import socket

import pytest


def test_an_outside_address_is_refused() -> None:
    with socket.socket() as outside, pytest.raises(OSError, match="tried to reach"):
        outside.connect(("192.0.2.1", 80))
