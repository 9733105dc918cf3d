"""The demo's forms: two training centres, a registration and what was sent by it."""

from dataclasses import dataclass

from examhall.accounts.access import Person
from examhall.accounts.tokens import Signer
from examhall.base.db import Connection, many
from examhall.base.sqlfile import beside
from examhall.forms.fields import Field, write_document
from examhall.forms.forms import Settings, create_form
from examhall.forms.organisations import create_organisation, set_member
from examhall.forms.submissions import Filled, change_status, submit

SQL = beside(__file__)

ADMIN = "demo-admin"
CENTRES = (
    ("TC-014", "Riverside Training Centre", "training-centre"),
    ("TC-022", "Northgate Lyceum", "lyceum"),
)
# Looks after the first centre.
MANAGER = "test"
SUBJECTS = ("Mathematics", "Physics", "English")
FIELDS = (
    Field("full_name", "string", "Full name", "As in your passport.", required=True, least=2, most=120),
    Field("born_on", "date", "Date of birth", required=True),
    Field("email", "email", "E-mail", required=True),
    Field("phone", "phone", "Telephone", "With the code of the country, such as +998 90 123 45 67."),
    Field("subject", "choice", "Which exam?", required=True, choices=SUBJECTS),
    Field("days", "choices", "When can you come?", choices=("Morning", "Afternoon", "Saturday"), least=1),
    Field("needs", "text", "Is there anything that we should prepare for you?", most=1_000),
    Field("papers", "file", "Passport or birth certificate", "A photo or a PDF.", most=2),
    Field("consent", "boolean", "My data may be used to organise the exam.", required=True),
)
# How far each of the candidates' registrations has come, and for which centre.
SENT = (
    ("candidate00001", "TC-014", "accepted"),
    ("candidate00002", "TC-014", "in_review"),
    ("candidate00003", "TC-022", "rejected"),
    ("candidate00004", "TC-022", "new"),
    ("candidate00005", "TC-014", "new"),
    ("user", "TC-014", "new"),
)
WHY_NOT = "The photo of your passport cannot be read. Please send the form again with another one."


@dataclass(frozen=True)
class _Named:
    id: int
    username: str
    full_name: str


@dataclass(frozen=True)
class _Here:
    id: int


async def add_forms(conn: Connection, signer: Signer) -> None:
    """The centres, the registration and what was sent, unless they are there."""
    if await many(conn, SQL.centres_here, _Here, code=CENTRES[0][0]):
        return
    people = {each.username: each for each in await many(conn, SQL.find_people, _Named)}
    admin = Person(people[ADMIN].id, ("admin",))
    for code, name, kind in CENTRES:
        centre = await create_organisation(
            conn, code=code, name=name, kind=kind, email=None, created_by=admin.id
        )
        if code == CENTRES[0][0]:
            await set_member(conn, centre, username=MANAGER, manager=True)
    settings = Settings(
        "Registration for the spring exams",
        "Fill this in once for each exam that you want to sit. We answer within two days.",
        status="open",
        asks_organisation=True,
    )
    order = [field.name for field in FIELDS]
    form_id = await create_form(conn, settings, schema=write_document(FIELDS), order=order, me=admin)
    for number, (username, code, status) in enumerate(SENT):
        if (person := people.get(username)) is None:
            continue
        data = {
            "full_name": person.full_name,
            "born_on": f"2008-0{number + 1}-1{number}",
            "email": f"{username}@example.com",
            "subject": SUBJECTS[number % len(SUBJECTS)],
            "days": ["Morning", "Saturday"],
            "consent": True,
        }
        sent = await submit(
            conn,
            signer,
            form_id,
            Filled(1, data, code),
            me=Person(person.id),
            request_key=f"demo {username}",
        )
        if status != "new":
            note = WHY_NOT if status == "rejected" else ""
            await change_status(conn, signer, sent.submission_id, to=status, version=1, me=admin, note=note)
