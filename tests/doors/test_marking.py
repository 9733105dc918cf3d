"""Marking by hand over the API: what a marker is told, and whom it is refused."""

from typing import Any
from uuid import uuid4

import pytest

from examhall.app import Hall
from tests.scoring.essays import RUBRIC, add_essays, write_essay

from .test_corrections import post_form, with_cookie

pytestmark = pytest.mark.anyio

SCHEME = {
    "markers": 2,
    "differ_above": "1",
    "rubric": [each.model_dump(mode="json") for each in RUBRIC],
    "guidance": "Be kind.",
}


@pytest.fixture
async def exam(hall: Hall, call: Any) -> tuple[int, int, Any]:
    """An exam, a sitting of it, and who sat it."""
    alice = await call("alice")
    async with hall.database.transaction() as conn:
        exam_id = await add_essays(conn)
        return exam_id, await write_essay(conn, exam_id, alice.id), alice


async def test_from_the_scheme_to_the_candidates_result(call: Any, exam: tuple[int, int, Any]) -> None:
    exam_id, sitting, alice = exam
    olga, mina, karel = (
        await call("olga", "author"),
        await call("mina", "marker"),
        await call("karel", "marker"),
    )
    at = f"/api/v1/exams/{exam_id}/marking"
    scheme = f"{at}/schemes/2"
    assert (await olga.client.put(scheme, json=SCHEME)).status_code == 428
    made = await olga.client.put(scheme, json=SCHEME, headers={"If-Match": '"0"'})
    assert (made.status_code, made.headers["etag"], made.json()["version"]) == (200, '"1"', 1)
    late = await olga.client.put(scheme, json=SCHEME, headers={"If-Match": '"0"'})
    assert (late.status_code, late.json()["code"]) == (412, "somebody_was_faster")
    wrong = await olga.client.put(
        scheme, json={**SCHEME, "rubric": SCHEME["rubric"][:1]}, headers={"If-Match": '"1"'}
    )
    assert (wrong.status_code, wrong.json()["code"]) == (422, "rubric_does_not_add_up")

    assert (await mina.post(f"{at}/next")).json()["code"] == "not_among_markers"
    assert (await olga.post(f"{at}/markers", {"usernames": ["mina", "alice"]})).json()[
        "code"
    ] == "cannot_mark"
    assert (await olga.post(f"{at}/markers", {"usernames": ["mina", "KAREL"]})).status_code == 204
    assert [each["waiting"] for each in (await mina.get("/api/v1/marking")).json()["items"]] == [1]

    for marker, levels in ((mina, {"c1": 4, "c2": 1}), (karel, {"c1": 3, "c2": 1})):
        task = (await marker.post(f"{at}/next", {"question_number": 2})).json()
        # Nothing of whose it is, nor of what somebody else gave.
        assert not {"candidate_id", "sitting_id", "session_id", "opinion", "full_name"} & {*task}
        assert (task["answer"], task["levels"], task["points"]) == (f"An essay. {alice.id}", {}, None)
        path = f"/api/v1/marking/tasks/{task['task_id']}"
        saved = await marker.client.put(f"{path}/sheet", json={"levels": {"c1": 4}, "revision": 1})
        assert (saved.status_code, saved.json()["revision"]) == (200, 1)
        unfinished = await marker.post(f"{path}/finish", {"levels": {"c1": 4}, "revision": 2})
        assert (unfinished.status_code, unfinished.json()["code"]) == (422, "not_complete")
        body = {"levels": levels, "comment": "Fine.", "note": "Never shown.", "revision": 3}
        for _ in range(2):
            done = await marker.post(f"{path}/finish", body)
            assert (done.status_code, done.json()["points"]) == (200, sum(levels.values()))
        assert (await marker.post(f"{at}/next")).status_code == 204

    found = (await alice.get(f"/api/v1/sessions/{sitting}/results")).json()
    assert (found["score"], found["unmarked"]) == (5.5, 0)
    said = found["breakdown"][1]["feedback"]
    assert said["comments"] == ["Fine.", "Fine."]
    assert [(each["name"], each["points"]) for each in said["criteria"]] == [
        ("Content", 3.5),
        ("Language", 1),
    ]
    told = (await olga.get(at)).json()
    assert told["items"][0]["settled"] == 1
    assert told["items"][0]["agreement"]["pairs"] == 1
    assert {each["username"]: each["difference"] for each in told["markers"]} == {"mina": 1, "karel": -1}


async def test_what_is_not_released_is_not_told(call: Any, hall: Hall, exam: tuple[int, int, Any]) -> None:
    exam_id, sitting, alice = exam
    olga = await call("olga", "author")
    task = (await olga.post(f"/api/v1/exams/{exam_id}/marking/next")).json()
    body = {"points": 3, "comment": "Secret.", "revision": 1}
    await olga.post(f"/api/v1/marking/tasks/{task['task_id']}/finish", body)
    async with hall.database.transaction() as conn:
        await conn.execute("UPDATE exams SET release = 'by_hand' WHERE id = %s", (exam_id,))
    reply = await alice.get(f"/api/v1/sessions/{sitting}/results")
    assert (reply.status_code, "Secret" in reply.text) == (409, False)


async def test_somebody_elses_task_is_not_there(call: Any, exam: tuple[int, int, Any]) -> None:
    exam_id, _, alice = exam
    olga, mallory = await call("olga", "author"), await call("mallory", "marker")
    task = (await olga.post(f"/api/v1/exams/{exam_id}/marking/next")).json()["task_id"]
    path = f"/api/v1/marking/tasks/{task}"
    sheet = {"points": 0, "revision": 9}
    for somebody, status in ((mallory, 404), (alice, 403)):
        assert (await somebody.get(path)).status_code == status
        assert (await somebody.client.put(f"{path}/sheet", json=sheet)).status_code == status
        for deed, body in (("finish", sheet), ("skip", None), ("reopen", {"reason": "Mine."})):
            assert (await somebody.post(f"{path}/{deed}", body)).status_code == status


async def test_a_dismissed_marker_has_nothing_in_hand(call: Any, exam: tuple[int, int, Any]) -> None:
    exam_id, _, _ = exam
    olga, mina = await call("olga", "author"), await call("mina", "marker")
    at = f"/api/v1/exams/{exam_id}/marking"
    await olga.post(f"{at}/markers", {"usernames": ["mina"]})
    task = (await mina.post(f"{at}/next")).json()["task_id"]
    assert (await olga.client.delete(f"{at}/markers/{mina.id}")).status_code == 204
    assert (await mina.get(f"/api/v1/marking/tasks/{task}")).status_code == 404
    assert (await olga.post(f"{at}/next")).json()["task_id"] == task


async def test_a_dismissed_marker_changes_no_mark_that_they_finished(
    call: Any, hall: Hall, exam: tuple[int, int, Any]
) -> None:
    exam_id, _, _ = exam
    olga, mina = await call("olga", "author"), await call("mina", "marker")
    at = f"/api/v1/exams/{exam_id}/marking"
    await olga.post(f"{at}/markers", {"usernames": ["mina"]})
    path = f"/api/v1/marking/tasks/{(await mina.post(f'{at}/next')).json()['task_id']}"
    sheet = {"points": 6, "revision": 1}
    assert (await mina.post(f"{path}/finish", sheet)).status_code == 200
    assert (await olga.client.delete(f"{at}/markers/{mina.id}")).status_code == 204
    assert (await mina.post(f"{path}/reopen", {"reason": "To fail them."})).status_code == 404
    assert (await mina.post(f"{path}/finish", sheet)).status_code == 404
    assert (await mina.get(path)).status_code == 404
    # Nor by the page.
    mina.client.cookies.set("examhall", hall.signer.cookie_token(mina.id, uuid4(), ["marker"]))
    assert (await mina.get(f"/staff/marking/{path.rpartition('/')[2]}")).status_code == 404
    assert (await olga.post(f"{path}/reopen", {"reason": "Another look."})).status_code == 204


async def test_an_author_who_marks_reads_nowhere_what_the_other_marker_gave(
    call: Any, hall: Hall, exam: tuple[int, int, Any]
) -> None:
    exam_id, sitting, _ = exam
    olga, mina = await call("olga", "author"), await call("mina", "marker")
    ana = await call("ana", "analyst")
    at = f"/api/v1/exams/{exam_id}/marking"
    scheme = {"markers": 2, "differ_above": "6"}
    await olga.client.put(f"{at}/schemes/2", json=scheme, headers={"If-Match": '"0"'})
    await olga.post(f"{at}/markers", {"usernames": ["mina"]})

    async def mark(marker: Any, points: float) -> None:
        task = (await marker.post(f"{at}/next")).json()["task_id"]
        reply = await marker.post(f"/api/v1/marking/tasks/{task}/finish", {"points": points, "revision": 1})
        assert reply.status_code == 200

    async def read(person: Any, *roles: str) -> str:
        person.client.cookies.set("examhall", hall.signer.cookie_token(person.id, uuid4(), list(roles)))
        pages = [f"/staff/exams/{exam_id}/sittings/{sitting}", f"/api/v1/sessions/{sitting}/evidence"]
        if "author" in roles:
            pages += [f"/staff/exams/{exam_id}/marking", at]
        replies = [await person.get(page) for page in pages]
        assert {reply.status_code for reply in replies} == {200}
        return " ".join(reply.text for reply in replies)

    await mark(mina, 5.47)
    assert "5.47" not in await read(olga, "author")
    # Who never marks reads it in the history, as before.
    assert "5.47" in await read(ana, "analyst")
    await mark(olga, 1)
    assert "5.47" in await read(olga, "author")


@pytest.mark.parametrize("points", ["abc", "-1", "NaN", "1e999"])
async def test_a_marker_without_a_script_keeps_what_they_wrote_beside_points_that_are_none(
    call: Any, hall: Hall, exam: tuple[int, int, Any], points: str
) -> None:
    exam_id, _, _ = exam
    olga = await with_cookie(hall, await call("olga", "author"), "author")
    task = (await olga.post(f"/api/v1/exams/{exam_id}/marking/next")).json()["task_id"]
    desk = f"/staff/marking/{task}"
    for deed in ("save", "finish", "skip"):
        reply = await post_form(olga, desk, deed=deed, points=points, comment="Half an hour's work.")
        assert (reply.status_code, "Half an hour&#39;s work." in reply.text) == (422, True)
    assert (await post_form(olga, desk, deed="finish", points="2,5")).status_code == 303
    assert (await post_form(olga, desk, deed="reopen", reason="a\0b")).status_code == 303
    assert (await olga.get(f"/api/v1/marking/tasks/{task}")).json()["finished_at"] is None
