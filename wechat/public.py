"""The door of the wechat room."""

from wechat.client import WeChat

__all__ = ["WeChat", "provide", "wechat"]

_chosen: WeChat | None = None


def provide(chosen: WeChat) -> None:
    """Make ``chosen`` the client of this process."""
    global _chosen
    _chosen = chosen


def wechat() -> WeChat:
    """The client of this process."""
    if _chosen is None:
        raise RuntimeError("no WeChat client is provided")
    return _chosen
