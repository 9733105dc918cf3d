"""Corrections and the office's exam pages, through the front door."""

import html
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from examhall.base import clock
from examhall.scoring.rescore import rescore_sittings
from examhall.scoring.results import score_sittings
from tests.scoring.corrected import add_everything, sat_by

from .conftest import Caller

pytestmark = pytest.mark.anyio

NOW_B = {"change": "key", "question_number": 1, "answer": "B"}
WRONG_KEY = {"reason": "Option B is right.", "changes": [NOW_B]}
CANDIDATES = 12


@pytest.fixture
async def exam_id(hall: Any) -> int:
    """Twelve people have sat it; the last of them is still in."""
    async with hall.database.transaction() as conn:
        exam_id = await add_everything(conn)
        await conn.execute(
            """INSERT INTO people (username, full_name)
               SELECT 'c' || n, 'C ' || n FROM generate_series(1, 12) AS n"""
        )
        await sat_by(conn, exam_id, CANDIDATES)
    return exam_id


@pytest.fixture
async def olga(hall: Any, call: Callable[..., Any]) -> Caller:
    return await with_cookie(hall, await call("olga", "author"), "author")


async def with_cookie(hall: Any, who: Caller, *roles: str) -> Caller:
    """Signed in on the pages as well, whose forms carry a token."""
    cookie = hall.signer.cookie_token(who.id, uuid4(), list(roles))
    who.client.cookies.set("examhall", cookie)
    who.client.headers["X-CSRF-Token"] = hall.signer.csrf_token(hall.signer.read_cookie(cookie))
    return who


async def mark_again(hall: Any, exam_id: int, key_version: int) -> None:
    async with hall.database.transaction() as conn:
        await rescore_sittings(
            conn, exam_id=exam_id, key_version=key_version, first_id=1, last_id=2**62, limit=1_000
        )


async def post_form(who: Caller, path: str, **fields: Any) -> httpx.Response:
    return await who.client.post(path, data=fields)


def text_of(reply: httpx.Response) -> str:
    assert reply.status_code == 200
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", reply.text)).split())


async def test_a_correction_from_preview_to_the_candidates_result(
    hall: Any, call: Any, olga: Caller, exam_id: int
) -> None:
    path = f"/api/v1/exams/{exam_id}/corrections"
    preview = await olga.post(f"{path}/preview", WRONG_KEY)
    assert preview.status_code == 200, preview.text
    seen = preview.json()
    assert seen["items"][0]["key_after"] == {"correct": ["B"]}
    assert seen["up"] + seen["down"] + seen["same"] == seen["sittings"] == CANDIDATES
    assert seen["movers"]

    assert (await olga.post(path, WRONG_KEY)).status_code == 428
    stale = await olga.post(path, WRONG_KEY, headers={"If-Match": '"7"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "somebody_was_faster")
    made = await olga.post(path, WRONG_KEY, headers={"If-Match": preview.headers["etag"]})
    assert (made.status_code, made.json()) == (202, {"version": 2, "key_version": 2})
    again = await olga.post(path, WRONG_KEY, headers={"If-Match": preview.headers["etag"]})
    assert again.status_code == 412

    listed = (await olga.get(path)).json()
    assert listed["progress"] == {"sittings": CANDIDATES, "marked": 0}
    await mark_again(hall, exam_id, 2)
    listed = (await olga.get(path)).json()
    assert listed["progress"] == {"sittings": CANDIDATES, "marked": CANDIDATES}
    assert (listed["items"][0]["up"], listed["items"][0]["down"]) == (seen["up"], seen["down"])

    async with hall.database.transaction() as conn:
        cursor = await conn.execute(
            """SELECT results.candidate_id, results.sitting_id, result_history.points
                 FROM results JOIN result_history USING (candidate_id, sitting_id)
                WHERE results.points > result_history.points LIMIT 1"""
        )
        candidate_id, sitting_id, before = await cursor.fetchone()
    token = hall.signer.access_token(candidate_id, uuid4(), ["candidate"])
    stranger = await call(None)
    stranger.client.headers["Authorization"] = f"Bearer {token}"
    result = (await stranger.get(f"/api/v1/sessions/{sitting_id}/results")).json()
    [told] = result["corrections"]
    assert told["question_numbers"] == [1]
    assert told["reasons"] == ["Option B is right."]
    assert (told["score_before"], told["score_after"]) == (float(before), result["score"])

    stranger.client.cookies.set("examhall", hall.signer.cookie_token(candidate_id, uuid4(), ["candidate"]))
    page = text_of(await stranger.get(f"/sittings/{sitting_id}/result"))
    assert "Question 1 was corrected on" in page
    assert f"Your result changed from {float(before):g} of 18 to {result['score']:g} of 18 points." in page
    assert "Option B is right." in page
    mine = text_of(await stranger.get("/exams"))
    assert f"Corrected: it was {float(before):g} of 18" in mine


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ([{"change": "key", "question_number": 1, "answer": "Q"}], "There is no Q to choose here"),
        ([{"change": "key", "question_number": 1, "answer": []}], "At least one option has to be right"),
        ([{"change": "key", "question_number": 4, "answer": "much"}], "A number is expected"),
        ([{"change": "key", "question_number": 6, "answer": ["A", "B"]}], "names every option; C"),
        (
            [{"change": "key", "question_number": 8, "answer": {"best": "A", "worst": "A"}}],
            "cannot be the same",
        ),
        ([{"change": "key", "question_number": 3, "answer": "true", "tolerance": 1}], "does not go with"),
        ([{"change": "key", "question_number": 10, "answer": "x"}], "does not go with"),
        ([{"change": "key", "question_number": 77, "answer": "A"}], "no such question"),
        ([{"change": "accept", "question_number": 1, "answer": ["A"]}], "not an answer that this type"),
        ([{"change": "accept", "question_number": 10, "answer": "x"}], "marked by a person"),
        ([{"change": "points", "question_number": 1, "points": -1}], "Points are a number"),
        ([{"change": "undo", "key_version": 9}], "no such correction"),
        ([{"change": "abolish", "question_number": 1}], "does not match any of the expected tags"),
        ([], "at least 1 are needed"),
    ],
)
async def test_a_correction_is_held_to_what_an_exam_file_is(
    olga: Caller, exam_id: int, changes: Any, message: str
) -> None:
    for path in ("corrections/preview", "corrections"):
        reply = await olga.post(
            f"/api/v1/exams/{exam_id}/{path}",
            {"reason": "Why", "changes": changes},
            headers={"If-Match": "1"},
        )
        assert reply.status_code == 422, reply.text
        assert any(message in field["message"] for field in reply.json()["fields"]), reply.text


async def test_what_the_key_says_already_is_no_correction(olga: Caller, exam_id: int) -> None:
    same = {"reason": "Why", "changes": [{"change": "key", "question_number": 1, "answer": "A"}]}
    reply = await olga.post(f"/api/v1/exams/{exam_id}/corrections/preview", same)
    assert (reply.status_code, reply.json()["code"]) == (409, "nothing_to_correct")


async def test_only_authors_correct_and_analysts_look(hall: Any, call: Any, exam_id: int) -> None:
    path = f"/api/v1/exams/{exam_id}/corrections"
    expected = {"author": 200, "admin": 200, "analyst": 403, "invigilator": 403}
    for role, status in expected.items():
        who = await call(role, role)
        assert (await who.post(f"{path}/preview", WRONG_KEY)).status_code == status
        assert (await who.get(path)).status_code == (200 if role != "invigilator" else 403)


async def test_the_pages_lead_from_a_wrong_answer_to_its_correction_and_back(
    hall: Any, olga: Caller, exam_id: int
) -> None:
    base = f"/staff/exams/{exam_id}"
    assert "Everything" in text_of(await olga.get("/staff/exams"))
    overview = text_of(await olga.get(base))
    assert "wait for a person to mark them" in overview
    assert "The key is as it was written" in text_of(await olga.get(f"{base}/key"))
    item = await olga.get(f"{base}/key/1")
    assert "Accept too" in text_of(item)
    found = re.findall(r"name=\"changes\" value='([^']+)'", item.text)
    offered = [json.loads(html.unescape(each)) for each in found]
    assert [{"change": "accept", "question_number": 1, "sub_part": "", "answer": "B"}] in offered

    preview = await post_form(olga, f"{base}/key/preview", changes=json.dumps(offered[0]))
    assert "Nothing has been written yet" in text_of(preview)
    [document] = re.findall(r"name=\"changes\" value='([^']+)'", preview.text)
    fields = {"version": "1", "changes": html.unescape(document), "reason": "Two answers are right."}
    assert (await post_form(olga, f"{base}/key/corrections", **fields)).status_code == 303
    stale = await post_form(olga, f"{base}/key/corrections", **fields)
    assert stale.status_code == 409, "the key says this already"
    fields["changes"] = json.dumps([NOW_B])
    stale = await post_form(olga, f"{base}/key/corrections", **fields)
    assert stale.status_code == 412
    assert "Somebody changed this" in stale.text
    assert 'name="version" value="2"' in stale.text
    assert "Two answers are right." in stale.text

    page = text_of(await olga.get(f"{base}/key"))
    assert f"0 of {CANDIDATES}" in page
    await mark_again(hall, exam_id, 2)
    page = text_of(await olga.get(f"{base}/key"))
    assert "Two answers are right." in page
    assert f"{CANDIDATES} results marked again" in page
    back = await post_form(
        olga, f"{base}/key/preview", changes=json.dumps([{"change": "undo", "key_version": 2}])
    )
    assert "Question 1" in text_of(back)


async def test_what_cannot_be_taken_back_is_told_on_the_page_of_the_key(
    hall: Any, olga: Caller, exam_id: int
) -> None:
    key = f"/staff/exams/{exam_id}/key"
    for version, change in enumerate([NOW_B, {"change": "undo", "key_version": 2}], start=1):
        fields = {"version": str(version), "changes": json.dumps([change]), "reason": "Looked at again."}
        assert (await post_form(olga, f"{key}/corrections", **fields)).status_code == 303
    refused = await post_form(
        olga, f"{key}/preview", changes=json.dumps([{"change": "undo", "key_version": 2}])
    )
    assert refused.status_code == 409
    assert "Take that one back first." in refused.text
    assert 'id="corrections"' in refused.text


FORMS: list[tuple[str, dict[str, Any]]] = [
    ("1", {"change": "key", "answer": ["B", "C"]}),
    ("2", {"change": "key", "answer": ["B", "D"], "partial": "on"}),
    ("3", {"change": "key", "answer": "false"}),
    ("4", {"change": "key", "answer": "7\n8", "tolerance": "0,5"}),
    ("5", {"change": "key", "answer": "Lutetia\r\nLyon", "case_sensitive": "on"}),
    ("6", {"change": "key", "answer": ["C", "B", "A"]}),
    ("7", {"change": "key", "left-1": "A", "left-2": "B"}),
    ("8", {"change": "key", "best": "B", "worst": "A"}),
    ("9a", {"change": "drop", "award": "nobody", "scope": "question"}),
    ("9b", {"change": "drop", "award": "everybody", "scope": "item"}),
    ("10", {"change": "points", "points": "2,5"}),
]


@pytest.mark.parametrize(
    ("label", "fields"), FORMS, ids=lambda value: value if isinstance(value, str) else ""
)
async def test_each_kind_of_item_has_a_form_that_leads_to_its_preview(
    olga: Caller, exam_id: int, label: str, fields: dict[str, Any]
) -> None:
    path = f"/staff/exams/{exam_id}/key/{label}"
    assert f"Question {label}" in text_of(await olga.get(path))
    assert "Nothing has been written yet" in text_of(await post_form(olga, path, **fields))


async def test_a_mistake_in_a_form_is_told_beside_it(olga: Caller, exam_id: int) -> None:
    reply = await post_form(olga, f"/staff/exams/{exam_id}/key/4", change="key", answer="much")
    assert reply.status_code == 422
    assert "A number is expected" in html.unescape(reply.text)
    reply = await post_form(olga, f"/staff/exams/{exam_id}/key/1", change="key", answer="A")
    assert reply.status_code == 409
    assert "The key says this already." in reply.text


async def test_results_are_released_by_hand_from_the_page_once(hall: Any, olga: Caller, exam_id: int) -> None:
    async with hall.database.transaction() as conn:
        await conn.execute("UPDATE exams SET release = 'by_hand' WHERE id = %s", (exam_id,))
    base = f"/staff/exams/{exam_id}"
    assert "Release the results…" in text_of(await olga.get(base))
    assert (await post_form(olga, f"{base}/release")).status_code == 303
    page = text_of(await olga.get(base))
    assert "Results released" in page
    assert "Release the results…" not in page


async def test_an_invigilator_sees_who_is_in_and_no_results(hall: Any, call: Any, exam_id: int) -> None:
    ivo = await with_cookie(hall, await call("ivo", "invigilator"), "invigilator")
    page = text_of(await ivo.get(f"/staff/exams/{exam_id}"))
    assert "In now" in page
    assert "Mean" not in page
    assert "Scores" not in page
    assert (await ivo.get(f"/staff/exams/{exam_id}/key")).status_code == 403
    assert (await post_form(ivo, f"/staff/exams/{exam_id}/release")).status_code == 403


@pytest.mark.parametrize(
    ("show_key", "closed", "release", "shown"),
    [
        (True, True, "at_once", True),
        (False, True, "at_once", False),
        (True, False, "at_once", False),
        (True, True, "by_hand", False),
    ],
)
async def test_the_right_answer_is_shown_after_the_window_if_the_exam_says_so(
    hall: Any, alice: Caller, exam_id: int, show_key: bool, closed: bool, release: str, shown: bool
) -> None:
    ends = clock.now() + timedelta(hours=1 if not closed else -1)
    async with hall.database.transaction() as conn:
        await conn.execute(
            "UPDATE exams SET show_key = %s, closes_at = %s, release = %s WHERE id = %s",
            (show_key, ends, release, exam_id),
        )
        cursor = await conn.execute(
            """INSERT INTO sittings (candidate_id, exam_id, attempt_number, seed, started_at, deadline_at,
                                     closes_at, closed_at, closed_by)
               VALUES (%s, %s, 9, 1, now(), now(), now(), now(), 'candidate') RETURNING id""",
            (alice.id, exam_id),
        )
        [sitting_id] = await cursor.fetchone()
        await score_sittings(conn, [(alice.id, sitting_id)])
    reply = await alice.get(f"/api/v1/sessions/{sitting_id}/results")
    if release == "by_hand":
        assert reply.json()["code"] == "results_not_released"
    else:
        keys = [item["key"] for item in reply.json()["breakdown"]]
        assert (keys[0] == {"correct": ["A"]}) is shown
        assert shown or keys == [None] * 11
    alice.client.cookies.set("examhall", hall.signer.cookie_token(alice.id, uuid4(), ["candidate"]))
    page = text_of(await alice.get(f"/sittings/{sitting_id}/result"))
    assert ("Right answer" in page) is shown


async def test_nobody_reads_the_key_while_somebody_still_sits(hall: Any, alice: Caller, exam_id: int) -> None:
    async with hall.database.transaction() as conn:
        await conn.execute("UPDATE exams SET show_key = true WHERE id = %s", (exam_id,))
        await conn.execute("UPDATE sittings SET closed_at = NULL, closed_by = NULL WHERE candidate_id = 12")
        cursor = await conn.execute("SELECT id FROM sittings WHERE candidate_id = 1")
        [sitting_id] = await cursor.fetchone()
    token = hall.signer.access_token(1, uuid4(), ["candidate"])
    alice.client.headers["Authorization"] = f"Bearer {token}"
    path = f"/api/v1/sessions/{sitting_id}/results"
    assert {item["key"] is None for item in (await alice.get(path)).json()["breakdown"]} == {True}
    async with hall.database.transaction() as conn:
        await conn.execute(
            "UPDATE sittings SET closed_at = now(), closed_by = 'staff' WHERE closed_at IS NULL"
        )
    # Without an end others may still come: it is over when somebody concludes it.
    assert {item["key"] is None for item in (await alice.get(path)).json()["breakdown"]} == {True}
    async with hall.database.transaction() as conn:
        await conn.execute("INSERT INTO conclusions (exam_id, key_version) VALUES (%s, 1)", (exam_id,))
    assert {item["key"] is None for item in (await alice.get(path)).json()["breakdown"]} == {False}


async def test_a_refused_marker_stays_typed(olga: Caller, exam_id: int) -> None:
    base = f"/staff/exams/{exam_id}/marking"
    reply = await olga.client.post(base, data={"deed": "name", "usernames": "nobody-here also-nobody"})
    assert reply.status_code == 422
    assert 'value="nobody-here also-nobody"' in reply.text
