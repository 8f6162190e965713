"""Loopback stand-ins for outside parties, for the demo environment and the tests.

They know the portal only from outside: they import none of its rooms, keep everything in memory,
and answer on 127.0.0.1 alone.
"""
