"""WeChat's open platform: a mini-program and an official account, as far as sign-in needs them.

What it refuses, it refuses with WeChat's own error codes, which travel with HTTP status 200.
"""
