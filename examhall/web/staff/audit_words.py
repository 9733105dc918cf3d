"""Entries of the record as sentences: who did what to which thing, and what changed from what to what."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from examhall.audit.entries import Entry
from examhall.base.numbers import numbers_beside

Translate = Callable[[str], str]
# In a sentence; the whole value is below it.
LONGEST_VALUE = 70


def _(message: str) -> str:
    """Marks a name for translation; `told` translates it."""
    return message


KINDS = {
    "people": _("account"), "identities": _("account elsewhere"), "password_links": _("password link"),
    "groups": _("group"), "group_members": _("membership of a group"),
    "group_assignments": _("assignment of a group"), "accommodations": _("accommodation"),
    "master_data_versions": _("term"), "courses": _("course"), "enrolments": _("enrolment"),
    "series": _("series"), "exams": _("exam"), "sections": _("section"), "questions": _("question"),
    "bank_questions": _("question of the bank"), "bank_versions": _("version of a question of the bank"),
    "bank_pictures": _("picture of a question of the bank"),
    "items": _("item"), "key_corrections": _("correction of the key"), "pictures": _("picture"),
    "assignments": _("assignment"), "seating": _("seat"), "exam_papers": _("PDF paper"),
    "sealed_key_releases": _("release of a sealed paper's key"), "tickets": _("ticket"),
    "pauses": _("pause"), "interventions": _("intervention"), "marking_schemes": _("marking scheme"),
    "exam_markers": _("marker"), "certificate_templates": _("certificate template"),
    "certificate_template_versions": _("version of a certificate template"),
    "certificate_rules": _("certificate rule"), "certificate_batches": _("batch of certificates"),
    "certificates": _("certificate"), "certificate_reviews": _("review of a certificate"),
    "organisations": _("organisation"), "organisation_members": _("member of an organisation"),
    "forms": _("form"), "form_versions": _("version of a form"), "form_submissions": _("submission"),
    "projects": _("project"), "project_members": _("member of a project"), "scenarios": _("scenario"),
    "scenario_versions": _("version of a scenario"), "calculations": _("calculation"),
    "panels": _("panel"), "panel_judges": _("judge of a panel"), "panel_ratings": _("judge's rating"),
    "panel_bookmarks": _("judge's bookmark"), "scenario_adoptions": _("adoption of a scenario"),
    "sittings": _("sitting"), "audit_entries": _("record"),
}  # fmt: skip
FIELDS = {
    "title": _("title"), "name": _("name"), "full_name": _("name"), "username": _("username"),
    "email": _("e-mail address"), "roles": _("roles"), "active": _("state: active"),
    "password_hash": _("password"), "hidden_from_standings": _("state: hidden from standings"),
    "pass_percent": _("pass mark"), "opens_at": _("opening"), "closes_at": _("end"),
    "duration_s": _("duration"), "grace_s": _("grace"), "attempts_allowed": _("number of attempts"),
    "shuffle_questions": _("shuffling of questions"), "shuffle_options": _("shuffling of options"),
    "release": _("release of results"), "release_at": _("time of release"),
    "released_at": _("time of release"), "instructions": _("instructions"),
    "show_key": _("showing of the key"), "rated": _("state: rated"), "is_draft": _("state: draft"),
    "course_id": _("course"), "prompt": _("prompt"),
    "key": _("key"), "points": _("points"), "presented": _("options"), "number": _("number"),
    "question_number": _("number"), "topic": _("topic"), "reason": _("reason"), "message": _("message"),
    "seconds": _("time"), "status": _("status"), "description": _("description"),
    "public": _("state: public"),
    "revoked_at": _("revocation"), "revocation_reason": _("reason of the revocation"),
    "extra_s": _("extra time"),
    "factor": _("factor of time"), "room": _("room"), "seat": _("seat"), "role": _("role"),
    "added_at": _("added at"), "adopted_at": _("adopted at"), "adopted_by": _("adopted by"),
    "allotted_s": _("allotted time"), "archived_at": _("put away at"), "asked_at": _("asked at"),
    "asks_organisation": _("state: asks for the organisation"), "attempt_number": _("attempt"),
    "bank_question_id": _("question of the bank"), "bank_version": _("version of a question of the bank"),
    "batch_id": _("batch of certificates"), "candidate_id": _("candidate"), "category": _("category"),
    "certificate_id": _("certificate"), "changes": _("changes"), "closed_at": _("closed at"),
    "closed_by": _("closed by"), "code": _("code"), "condition": _("condition"),
    "connected_at": _("connected at"), "content": _("content"), "copied_from": _("copied from"),
    "corrected_at": _("corrected at"), "corrected_by": _("corrected by"), "created_at": _("created at"),
    "created_by": _("created by"), "deadline_at": _("deadline"), "decided_at": _("decided at"),
    "decided_by": _("decided by"), "decision": _("decision"),
    "differ_above": _("difference that markers may have"), "document": _("document"),
    "done_at": _("done at"), "done_by": _("done by"), "draw": _("number of questions drawn"),
    "ended_at": _("ended at"), "enrolled_at": _("enrolled at"), "enrols_in": _("course to enrol in"),
    "erased_at": _("erased at"), "exam_id": _("exam"), "exam_version": _("version of the exam"),
    "facts": _("what was signed"), "fields": _("fields"), "fields_version": _("version of a form"),
    "file_name": _("file name"), "finished_at": _("finished at"), "followed": _("state: followed"),
    "form_id": _("form"), "form_version": _("version of a form"), "found": _("found by the corrected key"),
    "freeze_minutes": _("minutes of standstill before the end"), "gives": _("when it gives"),
    "good_until": _("good until"), "granted_s": _("granted time"), "group_id": _("group"),
    "guidance": _("guidance"), "holder_id": _("account"), "holder_name": _("holder"),
    "invited_at": _("invited at"), "issued_at": _("issued at"), "issued_by": _("issued by"),
    "joined_at": _("joined at"), "key_version": _("version of the key"), "kind": _("kind"),
    "kinds": _("question types"), "language": _("language"), "link": _("link"),
    "live_standing": _("state: standing while it runs"), "made_at": _("made at"), "made_by": _("made by"),
    "manager": _("state: manager"), "markers": _("number of markers"), "mastery": _("mastery"),
    "media_type": _("type of file"), "method": _("method"), "named_at": _("named at"),
    "named_by": _("named by"), "on_correction": _("after a correction of the key"),
    "once": _("state: sent once by each"), "organisation_id": _("organisation"), "page": _("page"),
    "pages": _("number of pages"), "panel_id": _("panel"), "pass_percent_after": _("pass mark after"),
    "pass_percent_before": _("pass mark before"), "paused_at": _("paused at"), "paused_by": _("paused by"),
    "percent": _("percent"), "person_id": _("account"), "place": _("place"), "placed_at": _("placed at"),
    "project_id": _("project"), "provider": _("service"), "question_id": _("question"),
    "queued_at": _("queued at"), "rated_at": _("rated at"), "replaced_by": _("replaced by"),
    "reports": _("state: reports"), "revoked_by": _("revoked by"), "round": _("round"),
    "rubric": _("rubric"), "rule_id": _("certificate rule"), "saved_at": _("saved at"),
    "saved_by": _("saved by"), "scale_linked_to": _("exam whose scale it is on"),
    "scale_mean": _("mean of the scale"), "scale_sd": _("spread of the scale"),
    "scenario_id": _("scenario"), "scenario_version": _("version of a scenario"),
    "sealed_before_s": _("sealed paper"), "section_id": _("section"), "serial": _("serial"),
    "series_id": _("series"), "shuffle": _("state: shuffled"), "signature": _("signature"),
    "sitting_id": _("sitting"), "sitting_ids": _("sittings"), "size": _("size"), "source": _("source"),
    "started_at": _("started at"),
    "sub_part": _("part"), "template_id": _("certificate template"),
    "template_version": _("version of a certificate template"), "test_type": _("type of test"),
    "third_rule": _("rule for a third marker"), "threshold": _("threshold"),
    "tries": _("number of attempts"),
    "tickets_for": _("exam to give tickets for"), "timezone": _("time zone"),
    "unequal_points": _("state: unequal points allowed"), "uploaded_at": _("uploaded at"),
    "uploaded_by": _("uploaded by"), "used_at": _("used at"), "value": _("value"), "variant": _("variant"),
    "version": _("version"),
}  # fmt: skip
# What somebody did, by the note.
NOTED = {
    "signed_in": _("{who} signed in"),
    "signed_out": _("{who} signed {thing} out"),
    "exam_downloaded": _("{who} downloaded {thing} with its keys"),
    "tickets_printed": _("{who} printed tickets of {thing}"),
    "people_downloaded": _("{who} downloaded people as a file"),
    "submissions_downloaded": _("{who} downloaded what was sent by {thing}"),
    "results_downloaded": _("{who} downloaded results of {thing}"),
    "evidence_read": _("{who} read the history of {thing}"),
    "evidence_printed": _("{who} made a PDF of the history of {thing}"),
    "audit_downloaded": _("{who} downloaded entries of this record"),
}
DOORS = {
    "page": _("by a page"), "api": _("by the API"), "command": _("on the command line"),
    "worker": _("in the background"), "server": _("by itself"), "database": _("in the database by hand"),
}  # fmt: skip
NOBODY = {
    "page": _("Somebody"), "api": _("Somebody"), "command": _("Whoever runs the server"),
    "worker": _("The server"), "server": _("The server"), "database": _("Somebody with the database"),
}  # fmt: skip


NOTHING, YES, NO = _("nothing"), _("yes"), _("no")
MINUTES = _("{minutes}:{seconds:02} min")
ADDED, REMOVED = _("{who} added {thing}"), _("{who} removed {thing}")
CHANGED = _("{who} changed the {field} of {thing} from {before} to {after}")
CHANGED_SECRET = _("{who} changed the {field} of {thing}")
CHANGED_MUCH = _("{who} changed {thing}: {fields}")
OF = _("{thing} of {exam}")
QUOTED = _("“{name}”")


class Change(NamedTuple):
    """One field, side by side; None where there was nothing."""

    name: str
    before: str | None
    after: str | None
    # Without a word of ours, it is called as its column is.
    is_column: bool


class Told(NamedTuple):
    """An entry as a page shows it."""

    entry: Entry
    sentence: str
    door: str
    kind: str
    changes: list[Change]
    # Where what it is about can be seen, if it is still there.
    address: str | None


def told(entry: Entry, translate: Translate) -> Told:
    return Told(
        entry,
        _sentence(entry, translate),
        translate(DOORS[entry.door]),
        kind_name(entry.kind, translate),
        changes_of(entry, translate),
        address_of(entry),
    )


def kind_name(kind: str, translate: Translate) -> str:
    return translate(KINDS[kind]) if kind in KINDS else kind.replace("_", " ")


def changes_of(entry: Entry, translate: Translate) -> list[Change]:
    before, after = entry.before or {}, entry.after or {}
    return [
        Change(
            translate(FIELDS[name]) if name in FIELDS else name.replace("_", " "),
            value_of(name, before.get(name), translate) if name in before else None,
            value_of(name, after.get(name), translate) if name in after else None,
            name not in FIELDS,
        )
        for name in dict.fromkeys((*before, *after))
    ]


def value_of(name: str, value: Any, translate: Translate) -> str:
    """A stored value as people read it."""
    match value:
        case None:
            return translate(NOTHING)
        case bool():
            return translate(YES) if value else translate(NO)
        case int() if name.endswith("_s") or name == "seconds":
            minutes, seconds = divmod(value, 60)
            return translate(MINUTES).format(minutes=minutes, seconds=seconds)
        case int() | float() if name.endswith("percent"):
            return numbers_beside(translate).percent(value, None)
        case int():
            return f"{value}"
        case float():
            return numbers_beside(translate).figure(value)
        case str() if name.endswith("_at"):
            return _instant(value, translate)
        case str():
            return value
        case list() if all(isinstance(each, str | int) for each in value):
            return ", ".join(map(str, value)) or translate(NOTHING)
        case dict() if all(isinstance(each, str | int | float | bool) for each in value.values()):
            return ", ".join(f"{key}: {each}" for key, each in value.items()) or translate(NOTHING)
    return _nested(value)


def _nested(value: Any) -> str:
    """A document in words: its names and values, without JSON's brackets."""
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_nested(each)}" for key, each in value.items())
    if isinstance(value, list):
        return ", ".join(_nested(each) for each in value)
    return str(value)


def _instant(text: str, translate: Translate) -> str:
    try:
        # As the database's own time zone wrote it.
        return numbers_beside(translate).utc(datetime.fromisoformat(text))
    except ValueError:
        return text


def _sentence(entry: Entry, translate: Translate) -> str:
    who = entry.actor_name or translate(NOBODY[entry.door])
    thing = _thing(entry, translate)
    if entry.deed in NOTED:
        return translate(NOTED[entry.deed]).format(who=who, thing=thing)
    if entry.deed == "added":
        return translate(ADDED).format(who=who, thing=thing)
    if entry.deed == "removed":
        return translate(REMOVED).format(who=who, thing=thing)
    changes = changes_of(entry, translate)
    if len(changes) == 1:
        [change] = changes
        if change.before == change.after:
            return translate(CHANGED_SECRET).format(who=who, field=change.name, thing=thing)
        return translate(CHANGED).format(
            who=who, field=change.name, thing=thing, before=_short(change.before), after=_short(change.after)
        )
    return translate(CHANGED_MUCH).format(
        who=who, thing=thing, fields=", ".join(change.name for change in changes)
    )


def _short(value: str | None) -> str:
    text = " ".join((value or "").split())
    return f"{text[: LONGEST_VALUE - 1]}…" if len(text) > LONGEST_VALUE else text


def _thing(entry: Entry, translate: Translate) -> str:
    kind = kind_name(entry.kind, translate)
    state = {**(entry.before or {}), **(entry.after or {})}
    called = entry.label and translate(QUOTED).format(name=entry.label)
    number = state.get("question_number") or state.get("number")
    if entry.kind == "items":
        called = "".join(entry.thing.split(",")[1:])
    elif entry.kind == "questions":
        called = str(number or "")
    if not called and entry.person_name:
        called = f"({entry.person_name})"
    # A question that is not in parts has a key that ends in the name of none.
    name = f"{kind} {called}".strip() if called else f"{kind} {entry.thing.rstrip(',')}"
    if entry.exam_id is not None and entry.kind != "exams":
        exam = translate(QUOTED).format(name=entry.exam_title) if entry.exam_title else str(entry.exam_id)
        return translate(OF).format(thing=name, exam=exam)
    return name


PLACES = {
    "people": "/staff/people/{thing}", "courses": "/staff/courses/{thing}", "forms": "/staff/forms/{thing}",
    "groups": "/staff/groups/{thing}", "organisations": "/staff/organisations/{thing}",
    "certificates": "/staff/certificates", "panels": "/staff/panels/{thing}",
    "scenarios": "/staff/scenarios/{thing}", "projects": "/staff/projects/{thing}",
    "certificate_templates": "/staff/certificates/templates/{thing}",
    "form_submissions": "/staff/submissions/{thing}",
}  # fmt: skip
OF_EXAM = {
    "key_corrections": "/key", "items": "/key", "questions": "/questions", "sections": "/questions",
    "pictures": "/questions", "exam_papers": "/paper", "interventions": "/live", "pauses": "/live",
    "certificate_rules": "/certificates",
}  # fmt: skip


def address_of(entry: Entry) -> str | None:
    if entry.kind == "sittings" and entry.exam_id is not None:
        return f"/staff/exams/{entry.exam_id}/sittings/{entry.thing}"
    if entry.kind in PLACES and entry.deed != "removed":
        return PLACES[entry.kind].format(thing=entry.thing)
    # A title is there as long as the exam is.
    if entry.exam_id is not None and entry.exam_title is not None:
        return f"/staff/exams/{entry.exam_id}{OF_EXAM.get(entry.kind, '')}"
    return f"/staff/people/{entry.person_id}" if entry.person_name else None
