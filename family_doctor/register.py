"""What the family_doctor room plugs into the portal."""

from flask import Flask

from core.access import Role
from core.messages import N_
from core.web.rooms import Group, NavItem, Reach, Room
from family_doctor import jobs
from family_doctor.events import ContractActivated, ContractEnded
from family_doctor.holdings import OWN
from family_doctor.policy import WORDS
from family_doctor.public import care_units, contracted
from family_doctor.queries.refunds import CONTRACT_PURPOSE
from family_doctor.queries.rules import record_days
from family_doctor.queries.team import due_services, waiting
from family_doctor.sealing.keys import check_key
from family_doctor.services.promises import reopen_promise
from family_doctor.subscribers import (
    date_order,
    drop_offer,
    finish_transfer,
    keep_carer,
    order_packs,
    plan_after_withdrawal,
    plan_contract,
    plan_for_groups,
    propose_from_record,
    propose_without_record,
    release_resident,
    seal_agreement,
    settle_promise,
)
from family_doctor.web import (
    analysis,
    analysis_api,
    care_api,
    disputes,
    disputes_api,
    field,
    field_api,
    follow_ups,
    panel_api,
    plans,
    points,
    points_api,
    prescriptions,
    prescriptions_api,
    proposals,
    proposals_api,
    reports,
    reports_api,
    rules,
    rules_api,
    served,
    signing,
    signing_api,
    tablet,
    teamwork,
    teamwork_api,
    terms,
    terms_api,
    texts,
    texts_api,
    transfers,
    transfers_api,
    waiting_api,
    way_rules,
    way_rules_api,
)
from family_doctor.web import waiting as waiting_packs
from family_doctor.web.api import api
from family_doctor.web.pages import pages
from family_doctor.web.ways import api as ways_api
from family_doctor.web.ways import on_site, on_site_api
from family_doctor.web.ways import pages as ways_pages
from payments.public import provide_purpose
from residents.events import GroupsChanged
from residents.public import provide_care_units, provide_contracted, provide_holdings
from service_packs.events import OrderPaid, ServiceRecorded, ServiceWithdrawn
from service_packs.public import provide_due_services, provide_record_days, provide_reopening

__all__ = ["jobs", "room"]

provide_holdings(*OWN)
provide_care_units(care_units)
provide_contracted(contracted)
provide_due_services(due_services)
provide_reopening(reopen_promise)
provide_record_days(record_days)
provide_purpose(CONTRACT_PURPOSE, N_("家庭医生签约"))


def _install(app: Flask) -> None:
    check_key(app.config["SETTINGS"])


TEAM = (Role.LEADER, Role.MEMBER)
ADMINISTRATORS = (Role.ADMINISTRATOR,)
LEADER = (Role.LEADER,)
SEERS = (Role.ADMINISTRATOR, Role.ANALYST)

room = Room(
    name="family_doctor",
    words=WORDS,
    pages=[
        pages,
        terms.pages,
        disputes.pages,
        rules.pages,
        ways_pages,
        follow_ups.pages,
        plans.pages,
        served.pages,
        signing.pages,
        texts.pages,
        teamwork.pages,
        analysis.pages,
        reports.pages,
        points.pages,
        field.pages,
        tablet.pages,
        prescriptions.pages,
        way_rules.pages,
        transfers.pages,
        waiting_packs.pages,
        proposals.pages,
        on_site.pages,
    ],
    apis=[
        api,
        terms_api.api,
        disputes_api.api,
        rules_api.api,
        ways_api,
        care_api.api,
        panel_api.api,
        signing_api.api,
        texts_api.api,
        teamwork_api.api,
        analysis_api.api,
        reports_api.api,
        points_api.api,
        field_api.api,
        prescriptions_api.api,
        way_rules_api.api,
        transfers_api.api,
        waiting_api.api,
        proposals_api.api,
        on_site_api.api,
    ],
    subscribers=[
        (ServiceRecorded, settle_promise),
        (ServiceRecorded, propose_from_record),
        (ServiceWithdrawn, propose_without_record),
        (ServiceWithdrawn, plan_after_withdrawal),
        (OrderPaid, date_order),
        (ContractActivated, plan_contract),
        (GroupsChanged, plan_for_groups),
        (ContractActivated, seal_agreement),
        (ContractActivated, order_packs),
        (ContractActivated, keep_carer),
        (ContractEnded, release_resident),
        (ContractActivated, finish_transfer),
        (ContractEnded, drop_offer),
    ],
    commands={"agreement": "family_doctor.commands:agreement"},
    navigation=[
        NavItem(N_("医生"), "stethoscope", "family_doctor.find", [Role.RESIDENT], 30),
        NavItem(N_("今日"), "sun", "family_doctor.today", TEAM, 10, group=Group.TODAY),
        NavItem(
            N_("我的居民"),
            "users",
            "family_doctor.panel",
            TEAM,
            20,
            also=("family_doctor.agreement",),
            group=Group.TODAY,
        ),
        NavItem(
            N_("签约申请"),
            "signature",
            "family_doctor.applications",
            TEAM,
            25,
            also=("family_doctor_signing.signature",),
            group=Group.RESIDENTS,
        ),
        NavItem(
            N_("签约异议"),
            "message-circle-question",
            "family_doctor_disputes.of_team",
            TEAM,
            27,
            group=Group.RESIDENTS,
        ),
        NavItem(
            N_("标签建议"),
            "tag",
            "family_doctor_proposals.of_team",
            TEAM,
            28,
            group=Group.RESIDENTS,
        ),
        NavItem(
            N_("签约规则"),
            "adjustments",
            "family_doctor_rules.listing",
            [Role.ADMINISTRATOR],
            60,
            group=Group.FAMILY_DOCTORS,
        ),
        NavItem(
            N_("签约异议"),
            "gavel",
            "family_doctor_disputes.to_decide",
            [Role.ADMINISTRATOR],
            61,
            group=Group.TODAY,
        ),
        NavItem(
            N_("分工与代班"),
            "users-group",
            "family_doctor_teamwork.overview",
            TEAM,
            22,
            group=Group.TEAM,
        ),
        NavItem(
            N_("签约方式的限额"),
            "qrcode",
            "family_doctor_way_rules.show",
            ADMINISTRATORS,
            62,
            group=Group.FAMILY_DOCTORS,
            reach=Reach.REGION,
        ),
        NavItem(
            N_("签约方式"),
            "qrcode",
            "family_doctor_ways.overview",
            TEAM,
            26,
            also=(field.pages.name, tablet.pages.name, on_site.pages.name),
            group=Group.TEAM,
        ),
        NavItem(
            N_("续方申请"),
            "pill",
            "family_doctor_prescriptions.of_team",
            TEAM,
            28,
            group=Group.TODAY,
        ),
        NavItem(
            N_("计划模板"),
            "list-check",
            "family_doctor_plans.templates",
            TEAM,
            40,
            group=Group.TEAM,
        ),
        NavItem(
            N_("履约指数"), "chart-bar", "family_doctor_served.team", TEAM, 45, group=Group.FIGURES
        ),
        NavItem(
            N_("履约指数"),
            "chart-bar",
            "family_doctor_served.institution",
            ADMINISTRATORS,
            59,
            group=Group.FIGURES,
        ),
        NavItem(
            N_("随访规范"),
            "list-details",
            "family_doctor_served.norms",
            ADMINISTRATORS,
            60,
            group=Group.FAMILY_DOCTORS,
        ),
        NavItem(
            N_("签约分析"),
            "chart-bar",
            "family_doctor_analysis.overview",
            LEADER,
            46,
            group=Group.FIGURES,
        ),
        NavItem(
            N_("签约分析"),
            "chart-bar",
            "family_doctor_analysis.overview",
            SEERS,
            62,
            group=Group.FIGURES,
        ),
        NavItem(
            N_("协议文本"),
            "file-text",
            "family_doctor_texts.listing",
            ADMINISTRATORS,
            75,
            group=Group.FAMILY_DOCTORS,
            reach=Reach.REGION,
        ),
        NavItem(
            N_("工作报告"),
            "report-analytics",
            "family_doctor_reports.listing",
            TEAM,
            46,
            group=Group.FIGURES,
        ),
        NavItem(
            N_("工作报告"),
            "report-analytics",
            "family_doctor_reports.listing",
            ADMINISTRATORS,
            62,
            group=Group.FIGURES,
        ),
        NavItem(
            N_("绩效积分方案"),
            "award",
            "family_doctor_points.listing",
            ADMINISTRATORS,
            63,
            group=Group.FAMILY_DOCTORS,
        ),
    ],
    counts=waiting,
    install=_install,
)
