"""What the notifications room does about other rooms' facts."""

from uuid import UUID

from sqlalchemy.orm import Session

from auth.events import NoticeDue
from auth.public import find_due_notice
from auth.schemas import NoticeKind
from core import jobs
from core.messages import N_
from notifications.services import notify, notify_with_carers
from residents.events import (
    BindingRefused,
    ConsentChanged,
    ConsentEnded,
    ConsentGiven,
    HomeChanged,
    HouseholdActingEnded,
    PersonsMerged,
    PersonsParted,
    PhoneChangeAnnounced,
    PhoneReplaced,
)
from residents.public import (
    find_bar,
    find_consent,
    find_merge,
    find_move,
    find_phone_owner,
    find_refused,
)
from residents.schemas import BarSide

SEND = "notifications.jobs.send_account_notice"
WARN = "notifications.jobs.warn_old_phone"
SECURITY_PAGE = "/auth/security"
# Where the owner undoes it, if that is not the page of all ways in.
PAGES = {
    NoticeKind.WECHAT_BOUND: "/auth/wechat",
    NoticeKind.PROVIDER_JOINED: "/auth/identities",
    NoticeKind.WECHAT_PARTED: "/auth/wechat",
    NoticeKind.PROVIDER_PARTED: "/auth/identities",
}
FAMILY_PAGE = "/me/family"
HOME_PAGE = "/me/home"
OWN_PAGE = "/me/"
SENTENCES = {
    NoticeKind.NEW_DEVICE: N_("您的账号刚在一台新设备上登录。不是您本人，请退出它并更换密码。"),
    NoticeKind.PASSWORD_CHANGED: N_(
        "您的密码已更换，其他设备上的登录已退出。不是您本人，请立即联系本单位管理员。"
    ),
    NoticeKind.PASSWORD_RESET: N_(
        "管理员重设了您的密码，所有登录已退出。不是您提出的，请立即联系本单位安全管理员。"
    ),
    NoticeKind.PHONE_CHANGED: N_(
        "您的手机号已更换，其他设备上的登录已退出。"
        "不是您本人，请立即带身份证到就近机构办理“找回账号”。"
    ),
    NoticeKind.FACTOR_ADDED: N_(
        "您的账号添加了一种登录验证方式。不是您本人，请移除它，并退出其他设备上的登录。"
    ),
    NoticeKind.FACTOR_REMOVED: N_(
        "您的账号移除了一种登录验证方式。不是您本人，请退出其他设备上的登录，再重新添加。"
    ),
    NoticeKind.WECHAT_BOUND: N_("您的账号绑定了一个微信，可以用它登录。不是您本人，请立即解除。"),
    NoticeKind.PROVIDER_JOINED: N_(
        "您的账号连接了其他单位的账号，可以用它登录。不是您本人，请立即取消连接。"
    ),
    NoticeKind.WECHAT_PARTED: N_(
        "您的账号解除了一个微信，用它登录的地方已退出。不是您本人，请更换手机号。"
    ),
    NoticeKind.PROVIDER_PARTED: N_(
        "您的账号取消连接其他单位的账号，用它登录的地方已退出。不是您本人，请查看登录与安全。"
    ),
    NoticeKind.RECOVERY_BEGUN: N_("有人凭身份证在机构申请更换您的手机号。不是您本人，请立即阻止。"),
    NoticeKind.RECOVERY_REVIEWED: N_(
        "安全管理员当面核对证件后，同意更换您的手机号，7 天后生效。"
        "不是您本人，请在此之前带身份证到就近机构办理。"
    ),
    NoticeKind.RESET_BEGUN: N_(
        "两位安全管理员同意重置您的第二步验证，24 小时后生效。不是您提出的，请立即联系安全管理员。"
    ),
    NoticeKind.FACTORS_RESET: N_("您的第二步验证已重置，所有登录已退出，下次登录时请重新设置。"),
    NoticeKind.RECOVERED: N_("您的手机号已在机构更换完成。"),
}
# What a message tells well enough. Anything else must reach the phone too: who reads the portal's
# messages then may be somebody else.
BY_MESSAGE = {NoticeKind.NEW_DEVICE}


def tell_owner(session: Session, event: NoticeDue) -> None:
    """Leave a message for the person, and queue an SMS where there is none or it matters more."""
    notice = find_due_notice(session, event.notice_id)
    if notice is None:
        return
    if notice.person_id is not None:
        link = notice.link or PAGES.get(notice.kind, SECURITY_PAGE)
        notify(session, notice.person_id, SENTENCES[notice.kind], {}, link, notice.at)
    if notice.phone and (notice.person_id is None or notice.kind not in BY_MESSAGE):
        jobs.defer_by_name(session, SEND, notice_id=str(notice.id))


def tell_consent_given(session: Session, event: ConsentGiven) -> None:
    """Who may act is told; and who did not give it in their own account, by SMS too: that they
    consented is what somebody else says. Whoever gave it saw so: a message would tell them that
    the one they named is known here.
    """
    consent = find_consent(session, event.representation_id)
    if consent is None or consent.representative_id is None:
        return
    sentence = N_("%(name)s授权您代办。能办哪些事，可以在“我的—家人”里查看，也可以不再代办。")
    if not consent.own:
        sentence = N_("您可以为%(name)s代办了。能办哪些事，可以在“我的—家人”里查看。")
    values = {"name": consent.person_name}
    notify(session, consent.representative_id, sentence, values, FAMILY_PAGE)
    if not consent.own:
        sentence = N_("%(name)s可以为您代办了。不是您同意的，请马上到“我的—家人”里收回。")
        values = {"name": consent.representative_name}
        notify(session, consent.person_id, sentence, values, FAMILY_PAGE, sms=True)


def tell_consent_changed(session: Session, event: ConsentChanged) -> None:
    """Both sides are told."""
    consent = find_consent(session, event.representation_id)
    if consent is None:
        return
    sentence = N_("%(name)s能为您代办的事或期限有变化，可以在“我的—家人”里查看。")
    values = {"name": consent.representative_name}
    notify(session, consent.person_id, sentence, values, FAMILY_PAGE, sms=not consent.own)
    if consent.representative_id is not None:
        sentence = N_("您能为%(name)s代办的事或期限有变化，可以在“我的—家人”里查看。")
        values = {"name": consent.person_name}
        notify(session, consent.representative_id, sentence, values, FAMILY_PAGE)


def tell_consent_ended(session: Session, event: ConsentEnded) -> None:
    """Both sides are told."""
    consent = find_consent(session, event.representation_id)
    if consent is None:
        return
    sentence = N_("%(name)s不能再为您代办，授权已结束。")
    values = {"name": consent.representative_name}
    notify(session, consent.person_id, sentence, values, FAMILY_PAGE)
    if consent.representative_id is not None:
        sentence = N_("您不能再为%(name)s代办，授权已结束。")
        values = {"name": consent.person_name}
        notify(session, consent.representative_id, sentence, values, FAMILY_PAGE)


def tell_household_ended(session: Session, event: HouseholdActingEnded) -> None:
    """Who acted is told, unless they stopped themself, and all who act for the child still."""
    bar = find_bar(session, event.bar_id)
    if bar is None:
        return
    if bar.side is not BarSide.SELF:
        sentence = N_("您不再按同住为%(name)s代办。有异议，请带出生医学证明或户口簿到机构办理。")
        notify(session, bar.adult_id, sentence, {"name": bar.child_name}, FAMILY_PAGE)
    sentence = N_("%(adult)s不再按同住为%(name)s代办。")
    values = {"adult": bar.adult_name, "name": bar.child_name}
    for each in bar.others:
        notify(session, each, sentence, values, f"{FAMILY_PAGE}/{bar.child_id}/acting")


def tell_home_changed(session: Session, event: HomeChanged) -> None:
    """Who moved is told (who acts for a child, too), the others of the home that they came to and
    of the one that they left, and who acts by a document for children of the new home.
    """
    move = find_move(session, event.move_id)
    if move is None:
        return
    sentence = N_("您的住址登记到了%(village)s。不是这样，请到就近机构更正。")
    values = {"village": move.village}
    notify_with_carers(
        session, move.person_id, sentence, values, HOME_PAGE, carers_link=FAMILY_PAGE
    )
    told = {"name": move.name}
    sentence = N_("%(name)s登记到了您家这一户。不是这样，请到就近机构更正。")
    if move.with_children:
        sentence = N_(
            "%(name)s登记到了您家这一户，可以为家里的孩子代办。不同意，请到“我的—家人”里结束。"
        )
    for each in move.joined:
        notify(session, each, sentence, told, FAMILY_PAGE if move.with_children else HOME_PAGE)
    sentence = N_(
        "%(name)s登记到了您代办的孩子那一户，可以为孩子代办。不同意，请到“我的—家人”里结束。"
    )
    for each in move.child_kin:
        notify(session, each, sentence, told, FAMILY_PAGE)
    for each in move.left:
        sentence = N_("%(name)s从您家这一户迁出了。不是这样，请到就近机构更正。")
        notify(session, each, sentence, told, HOME_PAGE)


def warn_old_phone(session: Session, event: PhoneChangeAnnounced) -> None:
    """Who has the old phone hears of it, and may stop it: whoever reads the person's messages here
    may be somebody else.
    """
    jobs.defer_by_name(session, WARN, change_id=str(event.change_id))


def tell_phone_replaced(session: Session, event: PhoneReplaced) -> None:
    """The person is told at the new phone what they can do with it."""
    person_id = find_phone_owner(session, event.change_id)
    if person_id is None:
        return
    sentence = N_("您登记的手机号已在机构更新，现在可以用本号码登录并实名认证。")
    notify(session, person_id, sentence, {}, OWN_PAGE, sms=True)


def tell_binding_refused(session: Session, event: BindingRefused) -> None:
    """The applicant is told; the reason stands on the page."""
    refused = find_refused(session, event.binding_id)
    if refused is None:
        return
    sentence = N_("为%(name)s代办的申请没有通过，请查看原因。")
    link = f"/me/bindings/{event.binding_id}"
    notify(session, refused.representative_id, sentence, {"name": refused.name}, link)


def tell_merged(session: Session, event: PersonsMerged) -> None:
    """Both are told, as they may be two after all: at the phones of both records."""
    sentence = N_(
        "您的两份居民档案已合并为一份，预约、签约和服务都在这里。"
        "不是同一个人，请马上联系就近的社区卫生服务机构。"
    )
    _tell_both(session, event.merge_id, sentence)


def tell_parted(session: Session, event: PersonsParted) -> None:
    """Both are told."""
    sentence = N_("之前的档案合并已撤销，两份居民档案恢复为合并前的样子。")
    _tell_both(session, event.merge_id, sentence)


def _tell_both(session: Session, merge_id: UUID, sentence: str) -> None:
    merge = find_merge(session, merge_id)
    if merge is None:
        return
    notify(session, merge.kept_id, sentence, {}, OWN_PAGE, sms=True)
    notify(session, merge.former_id, sentence, {}, OWN_PAGE, sms=not merge.one_phone)
