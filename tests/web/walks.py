"""Which walks there are through the pages: the one list. A page that is added gets its line here."""

from collections.abc import Awaitable, Callable

from . import (
    walks_authoring,
    walks_candidates,
    walks_marking,
    walks_office,
    walks_people,
    walks_questions,
    walks_record,
    walks_sections,
)
from .conftest import Candidate
from .looking import Look

Walk = Callable[[Candidate, Look], Awaitable[None]]

# Pages that need nothing to be shown: who asks for them, and where.
SIMPLE: list[tuple[str, str]] = [
    ("candidate", "/account"),
    ("candidate", "/certificates"),
    ("candidate", "/certificates/gallery"),
    ("candidate", "/design"),
    ("author", "/staff/exams"),
    ("marker", "/staff/marking"),
    ("author", "/staff/certificates"),
    ("author", "/staff/certificates/templates"),
    ("analyst", "/staff/analyses"),
    ("analyst", "/staff/master-data"),
    ("admin", "/operator"),
]


async def simple_pages(alice: Candidate, look: Look) -> None:
    for role, path in SIMPLE:
        person = await alice.served.person(role)
        await alice.context.add_cookies([alice.served.cookie(person, role)])
        reply = await alice.page.goto(path)
        assert reply is not None
        assert reply.status == 200, path
        await look()


# Pages in states that something must be done for.
WALKS: list[Walk] = [
    simple_pages,
    walks_candidates.pages_outside_the_room,
    walks_candidates.the_dashboard,
    walks_candidates.the_leaderboard,
    walks_candidates.the_room_and_its_result,
    walks_candidates.a_sealed_exam_from_the_lobby_to_the_room,
    walks_office.the_proof_of_certificates,
    walks_office.a_paper_in_the_office_and_beside_its_answers,
    walks_office.the_item_analysis,
    walks_office.what_went_on_in_an_exam,
    walks_office.courses_and_contests,
    walks_office.forms,
    walks_people.people_and_groups,
    walks_questions.questions_being_written,
    walks_sections.sections_and_the_bank,
    walks_marking.marking_by_hand,
    walks_authoring.an_exam_as_a_whole,
    walks_record.the_record_and_a_sitting,
]
