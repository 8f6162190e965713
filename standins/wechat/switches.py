"""What WeChat does not offer and tests need: troubles at will, and what was called."""

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, ConfigDict, Field

from standins.callers import Refused, read_body, refusal, require_key
from standins.wechat.platform import platform

blueprint = Blueprint("wechat_switches", __name__, url_prefix="/wechat/switches")
blueprint.register_error_handler(Refused, refusal)


class Trouble(BaseModel):
    """The body of a switch: how many calls answer -1, and how access tokens become stale."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    busy: int = Field(default=0, ge=0)
    expire_tokens: bool = False
    replace_tokens: bool = False


@blueprint.before_request
def require_owner() -> None:
    """Only the holder of the mini-program's secret may look or switch."""
    require_key(platform().config.wechat_mini_program_secret)


@blueprint.get("")
def calls() -> Response:
    """How often each endpoint was called."""
    return jsonify(platform().calls)


@blueprint.put("")
def switch() -> Response:
    """Make trouble."""
    trouble = read_body(Trouble)
    platform().be_busy(trouble.busy)
    if trouble.expire_tokens or trouble.replace_tokens:
        platform().end_tokens(expired=trouble.expire_tokens)
    return jsonify(platform().calls)
