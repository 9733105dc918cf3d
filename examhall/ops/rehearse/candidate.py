"""A simulated candidate, a user of Locust: ticket, lobby, start, answers, troubles, the end, the result.

Plain connections instead of Locust's own HTTP client, which follows redirects and keeps a jar of cookies at
about twice the price: the fewer cores the generator takes, the more of the machine is the server's.
"""

import gzip
import json
import random
import re
import time
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import gevent  # type: ignore[import-untyped]
from geventhttpclient.client import HTTPClient
from geventhttpclient.response import HTTPConnectionClosed, HTTPParseError
from locust import User, task
from locust.exception import StopUser

from examhall.ops.rehearse.book import Book, Change
from examhall.ops.rehearse.human import Item, Pen, Script, think
from examhall.ops.rehearse.plan import Plan

PATIENCE_S = 30.0
# What the lobby's clock does: three looks at once, and one more shortly before the opening.
LOOKS = 3
LAST_LOOK_S = (1.0, 8.0)
# As in the lobby: pressing exactly at the opening would be too early for a clock that is a little off.
MARGIN_S = 0.25
RETRY_S = (0.5, 1.5)
CSRF = re.compile(rb'name="csrf-token" content="([^"]+)"')
STATIC = re.compile(rb'(?:href|src)="(/static/[^"]+)"')
QUESTIONS = b'id="paper"'
QUESTION = re.compile(rb'<section class="question[^>]*data-number="(\d+)"')
ANSWERED = (200, 303)


class Reply(NamedTuple):
    # 0: none came.
    status: int
    headers: dict[str, str]
    body: bytes


class Candidate(User):
    """One of them. `environment.stage` hands out plan, scripts and the book."""

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        self._stage: Stage = environment.stage
        self._plan = self._stage.plan
        self._script = self._stage.scripts.popleft()
        self._rng = random.Random(self._script.seed)  # noqa: S311
        self._http = self._connect()
        self._cookie = ""
        self._csrf = ""
        self._fetched: set[str] = set()
        self._unsent: deque[tuple[Item, Change]] = deque()

    def _connect(self) -> HTTPClient:
        return HTTPClient(
            self._plan.host,
            self._plan.port,
            ssl=self._plan.tls,
            concurrency=1,
            block_size=65_536,
            connection_timeout=PATIENCE_S,
            network_timeout=PATIENCE_S,
        )

    def _hang_up(self) -> None:
        self._http.close()
        self._http = self._connect()

    @task
    def sit_the_exam(self) -> None:
        stage, script = self._stage, self._script
        ended_well = False
        try:
            stage.move(None, "outside")
            self._sleep_until(script.enters_at)
            if self._enter():
                stage.move("outside", "lobby")
                self._wait_in_the_lobby()
                self._sit(script)
            ended_well = True
        finally:
            if not ended_well:
                # A bug of ours; the verdict must not be better for it.
                stage.fire("a simulated candidate", None, "stumbled")
            stage.moved_out()
            self._http.close()
        raise StopUser

    # The way in --------------------------------------------------------------------------------------

    def _enter(self) -> bool:
        ticket = f"/t/{self._script.ticket}"
        if not self._until_answered("ticket page", "GET", ticket):
            return False
        reply = self._until_answered(
            "sign-in by ticket", "POST", ticket, b"", {"Sec-Fetch-Site": "same-origin"}
        )
        if reply is None or reply.status != 303:
            return False
        self._cookie = reply.headers.get("set-cookie", "").partition(";")[0]
        page = self._until_answered("lobby", "GET", self._lobby)
        if page is None or (found := CSRF.search(page.body)) is None:
            return False
        self._csrf = found[1].decode()
        self._fetch_statics(page.body)
        for _ in range(LOOKS):
            self._ask("clock", "GET", "/api/v1/time")
        return True

    @property
    def _lobby(self) -> str:
        return f"/exams/{self._plan.exam_id}"

    def _fetch_statics(self, page: bytes) -> None:
        """What a browser fetches that was never here: once each."""
        for found in dict.fromkeys(STATIC.findall(page)):
            path = found.decode()
            if path not in self._fetched:
                self._fetched.add(path)
                self._ask("style sheet or script", "GET", path)

    def _wait_in_the_lobby(self) -> None:
        look_at = -self._rng.uniform(*LAST_LOOK_S)
        if time.time() < self._plan.opens_at + look_at:
            self._sleep_until(look_at)
            self._ask("clock", "GET", "/api/v1/time")
        self._sleep_until(self._script.starts_at + MARGIN_S)

    # In the room -------------------------------------------------------------------------------------

    def _sit(self, script: Script) -> None:
        stage = self._stage
        began = time.perf_counter()
        room = self._start()
        if room is None:
            return
        stage.fire("start: from the button to the questions", (time.perf_counter() - began) * 1000)
        stage.move("lobby", "room")
        sitting_id = int(room.rpartition("/")[2])
        started_at = time.time()
        over_at = started_at + self._plan.work_s
        hands_in_at = started_at + script.hands_in_after if script.hands_in_after else over_at
        self._answer(script, room, sitting_id, started_at, min(hands_in_at, over_at))
        if script.hands_in_after:
            self._until_answered("hand in", "POST", f"/api/v1/sessions/{sitting_id}/submit", b"")
        else:
            # The page says that time is over, and goes to the result.
            gevent.sleep(max(0.0, over_at - time.time()) + self._rng.uniform(0.5, 3.0))
        stage.move("room", "done")
        self._until_answered("result", "GET", f"{room}/result")
        if self._plan.from_outside:
            self._look_back(sitting_id)

    def _items_of_room(self, sitting_id: int) -> list[Item]:
        """What this candidate is asked: of a pool, each candidate other questions."""
        stage = self._stage
        mine = {int(number) for number in QUESTION.findall(self._page_of_room)}
        if self._plan.from_outside and mine - {item.question_number for item in stage.items}:
            learnt = self._learn_items(sitting_id)
            # Others may have learnt the same meanwhile.
            known = {(item.question_number, item.sub_part) for item in stage.items}
            stage.items += [item for item in learnt if (item.question_number, item.sub_part) not in known]
        return [item for item in stage.items if item.question_number in mine]

    def _learn_items(self, sitting_id: int) -> list[Item]:
        reply = self._until_answered("session", "GET", f"/api/v1/sessions/{sitting_id}")
        questions = json.loads(reply.body)["questions"] if reply else []
        return [
            Item(question["number"], item["sub_part"], item["kind"], item)
            for question in questions
            for item in question["items"]
        ]

    def _look_back(self, sitting_id: int) -> None:
        reply = self._until_answered("session", "GET", f"/api/v1/sessions/{sitting_id}?questions=none")
        for each in json.loads(reply.body)["answers"] if reply else []:
            self._stage.book.found(
                Change(
                    sitting_id, each["question_number"], each["sub_part"], each["revision"], each["answer"]
                )
            )

    def _start(self) -> str | None:
        """Press the button until the questions are there; the room's address."""
        room = ""
        while time.time() < self._plan.ends_at:
            if not room:
                reply = self._ask(
                    "start", "POST", f"{self._lobby}/start", f"csrf_token={self._csrf}".encode(),
                    {"Content-Type": "application/x-www-form-urlencoded"},
                )  # fmt: skip
                goal = reply.headers.get("location", "")
                if reply.status == 303 and urlsplit(goal).path.startswith("/sittings/"):
                    room = urlsplit(goal).path
            if room:
                page = self._ask("questions", "GET", room)
                if page.status == 200 and QUESTIONS in page.body:
                    self._page_of_room = page.body
                    return room
            gevent.sleep(self._rng.uniform(*RETRY_S))
        return None

    def _answer(self, script: Script, room: str, sitting_id: int, started_at: float, until: float) -> None:
        self._fetch_statics(self._page_of_room)
        pen = Pen(self._items_of_room(sitting_id), self._rng)
        cut_from = started_at + script.cut_after if script.cut_after is not None else float("inf")
        cut_until = cut_from + script.cut_s
        reload_at = started_at + script.reloads_after if script.reloads_after is not None else float("inf")
        while True:
            pause = self._rng.uniform(1.0, 3.0) if pen.is_typing else think(self._rng, 1.0)
            wakes_at = time.time() + pause / self._plan.pace
            if wakes_at >= until:
                break
            gevent.sleep(wakes_at - time.time())
            item, answer, revision = pen.write()
            change = Change(sitting_id, item.question_number, item.sub_part, revision, answer)
            self._stage.book.sent(change)
            self._unsent.append((item, change))
            if cut_from <= time.time() < cut_until:
                self._hang_up()
                continue
            self._send_in_order(sitting_id, until)
            if time.time() >= reload_at:
                reload_at = float("inf")
                self._hang_up()
                self._until_answered("reload", "GET", room)
        gevent.sleep(max(0.0, until - time.time() - 0.5))
        self._send_in_order(sitting_id, until)
        gevent.sleep(max(0.0, until - time.time()))

    def _send_in_order(self, sitting_id: int, until: float) -> None:
        """Each until it is acknowledged: later ones wait. What time cuts off is not acknowledged."""
        while self._unsent:
            _, change = self._unsent[0]
            body = {
                "question_number": change.question_number,
                "sub_part": change.sub_part,
                "answer": change.answer,
                "revision": change.revision,
            }
            reply = self._ask(
                "save", "POST", f"/api/v1/sessions/{sitting_id}/answers/", json.dumps(body).encode(),
                {"Content-Type": "application/json"},
            )  # fmt: skip
            if reply.status == 200:
                self._stage.book.acknowledged(change)
                self._unsent.popleft()
            elif 400 <= reply.status < 500 and reply.status != 429:
                self._unsent.popleft()
            elif time.time() > until:
                return
            else:
                gevent.sleep(self._rng.uniform(*RETRY_S))

    # Requests ----------------------------------------------------------------------------------------

    def _until_answered(
        self, name: str, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> Reply | None:
        """As people do: again, when the server was busy or not there. None: refused, or time is up."""
        while True:
            reply = self._ask(name, method, path, body, headers)
            if reply.status in ANSWERED:
                return reply
            if (400 <= reply.status < 500 and reply.status != 429) or time.time() > self._plan.ends_at:
                return None
            gevent.sleep(self._rng.uniform(*RETRY_S))

    def _ask(
        self, name: str, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> Reply:
        sent = {"Accept": "*/*", "Accept-Encoding": "gzip", **(headers or {})}
        if self._cookie:
            sent["Cookie"] = self._cookie
        if method == "POST" and self._csrf:
            sent["X-CSRF-Token"] = self._csrf
        began = time.perf_counter()
        try:
            response = self._http.request(method, path, body, sent)
            content = bytes(response.read())
        except (OSError, HTTPConnectionClosed, HTTPParseError) as error:
            self._hang_up()
            self._stage.fire(name, None, type(error).__name__)
            return Reply(0, {}, b"")
        took_ms = (time.perf_counter() - began) * 1000
        status = int(response.status_code)
        self._stage.fire(name, took_ms, None if status in ANSWERED else str(status))
        found = {key.lower(): value for key, value in response.items()}
        # Style sheets and scripts are for browsers; here it is enough that they came.
        if found.get("content-encoding") == "gzip" and not path.startswith("/static/"):
            content = gzip.decompress(content)
        return Reply(status, found, content)

    def _sleep_until(self, moment: float) -> None:
        gevent.sleep(max(0.0, self._plan.opens_at + moment - time.time()))


class Stage:
    """What the candidates of one process share."""

    def __init__(self, plan: Plan, book: Book, fire: Callable[[str, float | None, str | None], None]) -> None:
        self.plan = plan
        self.book = book
        self.scripts = deque(plan.scripts)
        self.items = list(plan.items)
        self.places = {"outside": 0, "lobby": 0, "room": 0, "done": 0}
        self.left = 0
        self._fire = fire

    def fire(self, name: str, took_ms: float | None, failure: str | None = None) -> None:
        self._fire(name, took_ms, failure)

    def move(self, origin: str | None, goal: str) -> None:
        if origin is not None:
            self.places[origin] -= 1
        self.places[goal] += 1

    def moved_out(self) -> None:
        self.left += 1
