"""WeChat's API, and nothing of wechatpy outside this module.

Session keys (with which a mini-program's encrypted data could be read) are dropped on arrival.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
import structlog
from pydantic import BaseModel, Field, SecretStr
from wechatpy.client.base import BaseWeChatClient
from wechatpy.exceptions import WeChatException
from wechatpy.oauth import WeChatOAuth

from core.errors import Denied, Invalid, NotFound, PortalError, TooMany, Unavailable
from core.messages import N_
from core.outgoing import aside
from core.settings import LOOPBACK, Settings
from wechat.schemas import App, WeChatUser
from wechat.services import FetchedToken, access_token

TIMEOUT_SECONDS = 5
BUSY = -1
STALE_TOKEN = {40001, 42001}
CALLING_CODE = "86"
T = TypeVar("T")
log = structlog.get_logger()


class _Token(BaseModel):
    access_token: str
    expires_in: int


class _User(BaseModel):
    openid: str
    unionid: str | None = None
    # Set for the made-up user of a page that WeChat shows as a snapshot only.
    is_snapshotuser: int = 0


class _Phone(BaseModel):
    number: str = Field(alias="purePhoneNumber")
    calling_code: str = Field(alias="countryCode")


class _PhoneAnswer(BaseModel):
    phone_info: _Phone


class WeChat:
    """Our mini-program and our official account at WeChat, or at what answers in its place.

    Every call leaves the machine: make it outside any transaction. All raise NotFound
    ``wechat_not_offered`` where that application is not set up, and Unavailable, TooMany, Invalid
    or Denied as WeChat answers.
    """

    def __init__(self, settings: Settings) -> None:
        http = _Http(settings.wechat_api_base)
        self._settings = settings
        self._http = http
        self._mini_program = _Client(
            settings.wechat_mini_program_id,
            settings.wechat_mini_program_secret,
            settings.wechat_api_base,
            http,
        )

    @property
    def has_mini_program(self) -> bool:
        """Whether people can sign in by the mini-program."""
        return bool(self._settings.wechat_mini_program_id)

    @property
    def has_official_account(self) -> bool:
        """Whether people can sign in on pages opened inside WeChat."""
        return bool(self._settings.wechat_official_account_id)

    @property
    def is_offered(self) -> bool:
        """Whether people can sign in by either."""
        return self.has_mini_program or self.has_official_account

    @property
    def authorize_base(self) -> str:
        """Where WeChat's own authorization page lies."""
        return self._settings.wechat_oauth_base

    def mini_program_user(self, code: str) -> WeChatUser:
        """Who called ``wx.login`` in the mini-program (code2Session)."""
        client = self._require_mini_program()
        user = _ask(lambda: client.user(code))
        return _seen(App.MINI_PROGRAM, client.appid, user)

    def phone_number(self, code: str) -> str:
        """The phone that WeChat has verified for whoever pressed the button (getPhoneNumber).

        Raises Invalid ``wechat_phone_abroad`` for one outside mainland China.
        """
        client = self._require_mini_program()
        phone = _ask(lambda: client.phone(code))
        if phone.calling_code != CALLING_CODE:
            raise Invalid(
                "wechat_phone_abroad", N_("微信绑定的不是中国大陆手机号，请改用短信验证码绑定。")
            )
        return phone.number

    def authorize_url(self, redirect_uri: str, state: str) -> str:
        """WeChat's page that sends whoever opened it back to ``redirect_uri`` with a code."""
        return str(self._oauth(redirect_uri, state).authorize_url)

    def official_account_user(self, code: str) -> WeChatUser:
        """Who came back from WeChat's page. WeChat tells the union id for the scope
        ``snsapi_userinfo`` only.
        """
        oauth = self._oauth()
        user = _ask(lambda: _User.model_validate(oauth.fetch_access_token(code)))
        if user.is_snapshotuser:
            raise Invalid(
                "wechat_snapshot", N_("这是微信的快照页，请点右下角“使用完整服务”后再登录。")
            )
        return _seen(App.OFFICIAL_ACCOUNT, oauth.app_id, user)

    def _require_mini_program(self) -> "_Client":
        if not self.has_mini_program:
            raise _not_offered()
        return self._mini_program

    def _oauth(self, redirect_uri: str = "", state: str = "") -> "_OAuth":
        if not self.has_official_account:
            raise _not_offered()
        return _OAuth(self._settings, self._http, redirect_uri, state)


class _Http(requests.Session):
    """With a time limit on every call, and past any proxy to what answers on this machine."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.trust_env = urlsplit(base).hostname not in LOOPBACK

    def request(self, *arguments: Any, **more: Any) -> requests.Response:
        more["timeout"] = TIMEOUT_SECONDS
        return super().request(*arguments, **more)


class _Client(BaseWeChatClient):  # type: ignore[misc]
    """The server-side API of one application.

    Without wechatpy's own retry on a stale token, which has no end while WeChat keeps refusing.
    Each call names its ``access_token`` or None: wechatpy would send one to calls that need none.
    """

    def __init__(self, app_id: str, secret: SecretStr, base: str, http: requests.Session) -> None:
        super().__init__(app_id, auto_retry=False)
        self.API_BASE_URL = f"{base}/"
        self._secret = secret
        self._http = http

    def user(self, code: str) -> _User:
        """code2Session; its session key is not kept."""
        query = {
            "appid": self.appid,
            "secret": self._secret.get_secret_value(),
            "js_code": code,
            "grant_type": "authorization_code",
            "access_token": None,
        }
        return _User.model_validate(self.get("sns/jscode2session", params=query))

    def phone(self, code: str) -> _Phone:
        """getPhoneNumber."""
        answer = self._with_token("wxa/business/getuserphonenumber", {"code": code})
        return _PhoneAnswer.model_validate(answer).phone_info

    def fetch_access_token(self, replace: bool = False) -> FetchedToken:
        """stable_token: the same token to all who ask, until it is about to end."""
        body = {
            "grant_type": "client_credential",
            "appid": self.appid,
            "secret": self._secret.get_secret_value(),
            "force_refresh": replace,
        }
        answer = self.post("cgi-bin/stable_token", params={"access_token": None}, data=body)
        given = _Token.model_validate(answer)
        return FetchedToken(given.access_token, timedelta(seconds=given.expires_in))

    def _with_token(self, endpoint: str, body: Mapping[str, str]) -> Any:
        """Where WeChat refuses the token as stale, it is refreshed and the call tried once more."""
        token = access_token(self.appid, self.fetch_access_token)
        try:
            return self._post_with(token, endpoint, body)
        except WeChatException as error:
            if error.errcode not in STALE_TOKEN:
                raise
        fresh = access_token(self.appid, self.fetch_access_token, stale=token)
        return self._post_with(fresh, endpoint, body)

    def _post_with(self, token: str, endpoint: str, body: Mapping[str, str]) -> Any:
        return self.post(endpoint, params={"access_token": token}, data=dict(body))


class _OAuth(WeChatOAuth):  # type: ignore[misc]
    """The official account's web authorization."""

    def __init__(
        self, settings: Settings, http: requests.Session, redirect_uri: str, state: str
    ) -> None:
        super().__init__(
            settings.wechat_official_account_id,
            settings.wechat_official_account_secret.get_secret_value(),
            redirect_uri,
            settings.wechat_official_account_scope,
            state,
        )
        self.API_BASE_URL = f"{settings.wechat_api_base}/"
        self.OAUTH_BASE_URL = f"{settings.wechat_oauth_base}/connect/"
        self._http = http


def _seen(app: App, app_id: str, user: _User) -> WeChatUser:
    return WeChatUser(app=app, app_id=app_id, openid=user.openid, unionid=user.unionid)


def _ask(call: Callable[[], T]) -> T:
    """Call WeChat, once more where it says that it is busy, and put its refusals in our words."""
    try:
        with aside():  # around the token's lock too: who holds it must not wait for a place
            return _again_if_busy(call)
    except WeChatException as error:
        log.warning("wechat.refused", errcode=error.errcode)
        raise _refusal(error.errcode) from None
    except (requests.RequestException, ValueError, KeyError, TypeError) as error:
        # No answer in time, or one that is none of WeChat's, over which wechatpy stumbles.
        log.warning("wechat.unavailable", kind=type(error).__name__)
        raise _unavailable() from None


def _again_if_busy(call: Callable[[], T]) -> T:
    try:
        return call()
    except WeChatException as error:
        if error.errcode != BUSY:
            raise
    return call()


def _refusal(errcode: int | None) -> PortalError:
    match errcode:
        case 40029:
            return Invalid("wechat_code", N_("微信给的凭证无效或已过期，请回到上一步再试。"))
        case 40163:
            return Invalid("wechat_code_used", N_("微信给的凭证已经用过，请回到上一步再试。"))
        case 40226:
            return Denied(
                "wechat_risk", N_("微信认为这个账号有风险，暂不能用它登录。请用手机号登录。")
            )
        case 45011:
            return TooMany(
                "wechat_too_often", N_("微信登录太频繁了，请一分钟后再试。"), retry_after=60
            )
        case _:
            # Busy twice, our own quota, an id or secret of ours that is wrong: not theirs to mend.
            return _unavailable()


def _unavailable() -> Unavailable:
    return Unavailable("wechat_unavailable", N_("微信暂时没有响应，请稍后再试，或用手机号登录。"))


def _not_offered() -> NotFound:
    return NotFound("wechat_not_offered", N_("这里没有开通微信登录，请用手机号登录。"))
