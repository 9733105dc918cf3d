"""The table of contents: every router and where it is mounted."""

import re
from functools import cache, partial
from typing import Any

from fastapi import APIRouter, FastAPI

from examhall.accounts import api as accounts
from examhall.accounts import people_api as people
from examhall.accounts import staff_api as office
from examhall.analyses import api as projects
from examhall.analyses import calculations_api as calculations
from examhall.analyses import panels_api as panels
from examhall.analyses import results_api as scenario_results
from examhall.analyses import scenarios_api as scenarios
from examhall.base.front import BODY_LIMIT_BYTES, Uploads
from examhall.certificates import api as certificates
from examhall.certificates import proof_api as proof
from examhall.contests import api as contests
from examhall.courses import api as courses
from examhall.courses import groups_api as groups
from examhall.events import audit_api as audit
from examhall.events import evidence_api as evidence
from examhall.exams import accommodations_api as accommodations
from examhall.exams import api as exams
from examhall.exams import authoring_api as authoring
from examhall.exams import paper_api as papers
from examhall.exams import questions_api as questions
from examhall.exams import seating_api as seating
from examhall.exams.exam_file import FILE_BYTES
from examhall.exams.exam_file_pictures import PICTURE_BYTES
from examhall.forms import api as forms
from examhall.forms import organisations_api as organisations
from examhall.forms import submissions_api as submissions
from examhall.forms.files import FILES_BYTES
from examhall.ops import api as ops
from examhall.reference import api as reference
from examhall.reports import api as reports
from examhall.scoring import api as scoring
from examhall.scoring import bank_api as bank
from examhall.scoring import by_hand_api as marking
from examhall.scoring import corrections_api as corrections
from examhall.scoring import readmission_api as readmission
from examhall.settings import Settings
from examhall.sittings import api as sittings
from examhall.sittings import candidates_api as candidates
from examhall.sittings import interventions_api as interventions
from examhall.sittings import monitor_api as monitor
from examhall.sittings import paper_api as paper_reading
from examhall.sittings import retiming_api as retiming
from examhall.sittings import save_schema, sealed_api
from examhall.standings import api as standings
from examhall.standings import progress_api as progress
from examhall.web import (
    api_docs,
    candidate,
    dashboard,
    design,
    elsewhere,
    language,
    leaderboard,
    password,
    public,
    report,
    sealed,
    static,
    verify,
)
from examhall.web import certificates as certificate_pages
from examhall.web import forms as form_pages
from examhall.web import organisation as organisation_pages
from examhall.web.staff import activity as staff_activity
from examhall.web.staff import adoption as staff_adoption
from examhall.web.staff import analyses as staff_analyses
from examhall.web.staff import audit as staff_audit
from examhall.web.staff import bank as staff_bank
from examhall.web.staff import bank_editor as staff_bank_editor
from examhall.web.staff import bank_pictures as staff_bank_pictures
from examhall.web.staff import calculations as staff_calculations
from examhall.web.staff import candidates as staff_candidates
from examhall.web.staff import certificate_templates as staff_certificate_templates
from examhall.web.staff import certificates as staff_certificates
from examhall.web.staff import comparison as staff_comparison
from examhall.web.staff import contests as staff_contests
from examhall.web.staff import courses as staff_courses
from examhall.web.staff import enrolment as staff_enrolment
from examhall.web.staff import evidence as staff_evidence
from examhall.web.staff import exam_bank, exam_office, exam_settings, operator
from examhall.web.staff import exam_certificates as staff_exam_certificates
from examhall.web.staff import exams as staff_exams
from examhall.web.staff import forms as staff_forms
from examhall.web.staff import groups as staff_groups
from examhall.web.staff import items as staff_items
from examhall.web.staff import judging as staff_judging
from examhall.web.staff import key as staff_key
from examhall.web.staff import live as staff_live
from examhall.web.staff import marking as staff_marking
from examhall.web.staff import marking_exam as staff_marking_exam
from examhall.web.staff import master_data as staff_master_data
from examhall.web.staff import organisations as staff_organisations
from examhall.web.staff import panels as staff_panels
from examhall.web.staff import paper as staff_paper
from examhall.web.staff import people as staff_people
from examhall.web.staff import person as staff_person
from examhall.web.staff import proof as staff_proof
from examhall.web.staff import question_editor as staff_question_editor
from examhall.web.staff import question_preview as staff_question_preview
from examhall.web.staff import questions as staff_questions
from examhall.web.staff import reports as staff_reports
from examhall.web.staff import scenarios as staff_scenarios
from examhall.web.staff import sections as staff_sections
from examhall.web.staff import submissions as staff_submissions

# Sign-in and sessions answer at the root too, where older clients call them.
AT_THE_ROOT: tuple[APIRouter, ...] = (
    accounts.sign_in_router,
    sittings.sessions_router,
    interventions.sessions_router,
    scoring.sessions_router,
    reports.sessions_router,
)
UNDER_API: tuple[APIRouter, ...] = (
    *AT_THE_ROOT,
    accounts.router,
    office.router,
    people.router,
    exams.router,
    authoring.router,
    accommodations.router,
    candidates.router,
    papers.router,
    questions.router,
    bank.router,
    seating.router,
    retiming.router,
    sittings.router,
    paper_reading.router,
    sealed_api.router,
    sittings.tests_router,
    interventions.router,
    monitor.router,
    scoring.router,
    scoring.tests_router,
    corrections.router,
    marking.router,
    readmission.router,
    courses.router,
    groups.router,
    ops.contests_router,
    contests.router,
    standings.router,
    progress.router,
    reference.router,
    forms.router,
    submissions.router,
    organisations.router,
    projects.router,
    scenarios.router,
    calculations.router,
    scenario_results.router,
    panels.router,
    ops.router,
    audit.router,
    evidence.router,
    certificates.router,
    proof.router,
    # Last: its one word may be anything.
    proof.serial_router,
)
# What goes to the API; everything else is a page.
API_PREFIXES = (
    "/api/", "/auth/", "/sessions/", "/health", "/metrics", "/openapi.json", "/exam-file.schema.json",
    "/scenario.schema.json",
)  # fmt: skip
# With EXAMHALL_METRICS_PORT they answer there alone.
PRIVATE = frozenset(("/health", "/metrics"))

# Around a file in a form.
FORM_BYTES = 64_000

# They are tried one after the other: first what thousands fetch in the same minute.
PAGES = [
    *static.routes,
    *sealed.routes,
    *candidate.routes,
    *public.routes,
    *password.routes,
    *language.routes,
    *design.routes,
    *elsewhere.routes,
    *dashboard.routes,
    *leaderboard.routes,
    *report.routes,
    *verify.routes,
    *certificate_pages.routes,
    *form_pages.routes,
    *organisation_pages.routes,
    *staff_exams.routes,
    *exam_settings.routes,
    *exam_office.routes,
    *staff_questions.routes,
    *staff_sections.routes,
    *staff_bank_editor.routes,
    *staff_bank_pictures.routes,
    *staff_bank.routes,
    *exam_bank.routes,
    *staff_question_editor.routes,
    *staff_question_preview.routes,
    *staff_live.routes,
    *staff_key.routes,
    *staff_marking.routes,
    *staff_marking_exam.routes,
    *staff_courses.routes,
    *staff_enrolment.routes,
    *staff_people.routes,
    *staff_person.routes,
    *staff_groups.routes,
    *staff_candidates.routes,
    *staff_contests.routes,
    *staff_items.routes,
    *staff_activity.routes,
    *staff_audit.routes,
    *staff_evidence.routes,
    *staff_reports.routes,
    *staff_analyses.routes,
    *staff_scenarios.routes,
    *staff_master_data.routes,
    *staff_exam_certificates.routes,
    *staff_proof.routes,
    *staff_certificates.routes,
    *staff_certificate_templates.routes,
    *staff_paper.routes,
    *staff_forms.routes,
    *staff_submissions.routes,
    *staff_organisations.routes,
    *staff_calculations.routes,
    *staff_comparison.routes,
    *staff_adoption.routes,
    # Before the changes of a panel, which any word may be.
    *staff_judging.routes,
    *staff_panels.routes,
    *operator.routes,
    *api_docs.routes,
]


def uploads(settings: Settings) -> Uploads:
    """What takes whole files: which path, and how many bytes at most, with what a form puts around a file."""
    paper = re.compile(r"(/api(/v1)?|/staff)/exams/[0-9]+/paper")
    pictures = re.compile(r"(/api(/v1)?|/staff)/(exams|bank)/[0-9]+/pictures")
    exam_file = re.compile(r"(/api(/v1)?|/staff)/exams/import")
    form = re.compile(r"/api(/v1)?/forms/[0-9]+/submissions|/forms/[0-9]+|/f/[^/]+")
    return [
        (paper, settings.paper_mb * 1_000_000 + FORM_BYTES),
        (pictures, PICTURE_BYTES + FORM_BYTES),
        # Written into the form, it is three times as long at most.
        (exam_file, 3 * FILE_BYTES + FORM_BYTES),
        # Its other answers come with the files.
        (form, FILES_BYTES + BODY_LIMIT_BYTES),
    ]


def mount_api(api: FastAPI) -> None:
    """Each route once in OpenAPI, under /api/v1, and again wherever clients exist that call it."""
    for router in UNDER_API:
        api.include_router(router, prefix="/api/v1")
    for router in UNDER_API:
        api.include_router(router, prefix="/api", include_in_schema=False)
    for router in AT_THE_ROOT:
        api.include_router(router, include_in_schema=False)
    for router in (ops.health_router, exams.schema_router, scenarios.schema_router):
        api.include_router(router)
    api.openapi = cache(partial(_described, api))  # type: ignore[method-assign]


def _described(api: FastAPI) -> dict[str, Any]:
    """The save route is served before the API is asked: here it is added to what describes itself."""
    described = FastAPI.openapi(api)
    described["paths"][save_schema.PATH] = save_schema.OPERATION
    return described
