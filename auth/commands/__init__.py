"""What operators do at the console."""

from auth.commands.accounts import account
from auth.commands.oidc import oidc
from auth.commands.tokens import token

commands = [account, token, oidc]
