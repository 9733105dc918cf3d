"""POST /sessions/{id}/answers/: the hottest route, from bytes to the save queue and back.

A plain ASGI application: on this path a framework's routing and response classes cost more than the rule.
"""

import re
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import NamedTuple

import msgspec
from cachetools import LRUCache
from starlette.requests import cookie_parser
from starlette.types import Receive, Scope, Send

from examhall.accounts.access import COOKIE, CSRF_HEADER, CrossSite, NotSignedIn
from examhall.accounts.tokens import Claims, Signer
from examhall.base.clock import rfc3339
from examhall.base.db import Database
from examhall.base.errors import Malformed, Refusal, UnsupportedMediaType
from examhall.base.front import send_json, send_refusal
from examhall.base.group_commit import GroupCommit
from examhall.base.noting import Note
from examhall.base.requests import REFUSAL
from examhall.base.said import said
from examhall.exams.answers import ItemRule, UnknownQuestion, accepts
from examhall.exams.content import Content
from examhall.sittings.autosave import (
    IN_ORDER_OF_ARRIVAL,
    Answer,
    Save,
    Saved,
    SessionNotFound,
    what_is_sat,
)

PATH = re.compile(r"(?:/api(?:/v1)?)?/sessions/([0-9]{1,18})/answers/?")
# What a browser's integers hold.
LARGEST_REVISION = 2**53 - 1
# In one request: as many as an exam has questions at most.
ANSWERS_LIMIT = 500
CSRF = CSRF_HEADER.lower().encode()
# A few hundred bytes each; the rules are shared by all who sit the exam, a draw lies over them.
SITTINGS_KEPT = 50_000


class QuestionNumberRequired(Refusal):
    """Say which question this answers: question_number is missing."""


class AnswerIn(msgspec.Struct, forbid_unknown_fields=True):
    question_number: int | msgspec.UnsetType = msgspec.UNSET
    sub_part: str = ""
    answer: object = msgspec.UNSET
    revision: int | None = None


class SaveIn(msgspec.Struct, forbid_unknown_fields=True):
    """One answer, or many under `answers`."""

    question_number: int | msgspec.UnsetType = msgspec.UNSET
    sub_part: str = ""
    answer: object = msgspec.UNSET
    revision: int | None = None
    answers: list[AnswerIn] | msgspec.UnsetType = msgspec.UNSET


decode = msgspec.json.Decoder(SaveIn).decode
encode = msgspec.json.Encoder().encode


class Sat(NamedTuple):
    """What a sitting is of: neither ever changes, nor do the questions once somebody sits them.

    A question that was not drawn for it is none that its exam has.
    """

    exam_id: int
    rules: Mapping[tuple[int, str], ItemRule]


class SaveRoute:
    def __init__(
        self,
        signer: Signer,
        database: Database,
        saves: GroupCommit[Save, Saved | Refusal],
        content_of: Callable[[int], Awaitable[Content]],
        note: Note,
    ) -> None:
        self._signer = signer
        self._database = database
        self._saves = saves
        self._content_of = content_of
        self._note = note
        self._sat: LRUCache[tuple[int, int], Sat] = LRUCache(SITTINGS_KEPT)

    async def __call__(self, scope: Scope, receive: Receive, send: Send, sitting_id: int) -> None:
        try:
            claims = self._sender(scope["headers"])
            body = await _read(receive)
            # With its last byte: headers sent in time would keep the door open for answers of later.
            received = time.monotonic()
            sat = self._sat.get((claims.person_id, sitting_id))
            if sat is None:
                sat = await self._look_up(claims.person_id, sitting_id)
            if claims.exam_id is not None and claims.exam_id != sat.exam_id:
                raise SessionNotFound
            answers = read_answers(body, sat.rules)
            save = Save(claims.person_id, sitting_id, answers, received)
            outcome = await self._saves.submit(save, len(body))
            if isinstance(outcome, Refusal):
                self._note(
                    "refused",
                    detail=outcome.code,
                    person_id=claims.person_id,
                    exam_id=sat.exam_id,
                    sitting_id=sitting_id,
                )
                raise outcome
        except Refusal as refusal:
            scope[REFUSAL] = refusal.code
            await send_refusal(refusal, send, scope)
            return
        await send_json(200, _saved(answers, outcome), send)

    def _sender(self, headers: Iterable[tuple[bytes, bytes]]) -> Claims:
        """What `access.person_of` does, and the content type, in one look at the headers."""
        authorization = cookies = csrf = media_type = b""
        for name, value in headers:
            if name == b"authorization":
                authorization = value
            elif name == b"content-type":
                media_type = value
            elif name == b"cookie":
                cookies = value
            elif name == CSRF:
                csrf = value
        if media_type[:16].lower() != b"application/json":
            raise UnsupportedMediaType
        if authorization[:7].lower() == b"bearer ":
            return self._signer.read_access(authorization[7:].decode("latin-1").strip())
        token = cookie_parser(cookies.decode("latin-1")).get(COOKIE)
        if not token:
            raise NotSignedIn
        claims = self._signer.read_cookie(token)
        if not self._signer.is_csrf_token(claims, csrf.decode("latin-1")):
            raise CrossSite
        return claims

    async def _look_up(self, candidate_id: int, sitting_id: int) -> Sat:
        async with self._database.connection() as conn:
            exam_id, drawn = await what_is_sat(conn, sitting_id=sitting_id, candidate_id=candidate_id)
        content = await self._content_of(exam_id)
        sat = self._sat[candidate_id, sitting_id] = Sat(exam_id, content.rules(drawn))
        return sat


def read_answers(body: bytes, rules: Mapping[tuple[int, str], ItemRule]) -> list[Answer]:
    """The answers in a request's body, each checked against its item. One that is not right refuses all."""
    try:
        asked = decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(str(error)) from error
    if asked.answers is msgspec.UNSET:
        return [_read_answer(asked, rules)]
    if asked.question_number is not msgspec.UNSET or asked.answer is not msgspec.UNSET:
        raise Malformed(said("Send one answer, or many under answers, not both."))
    if not 1 <= len(asked.answers) <= ANSWERS_LIMIT:
        raise Malformed(said("Send 1 to {answers_limit} answers at a time.", answers_limit=ANSWERS_LIMIT))
    return [_read_answer(each, rules) for each in asked.answers]


def _read_answer(each: AnswerIn | SaveIn, rules: Mapping[tuple[int, str], ItemRule]) -> Answer:
    number = each.question_number
    if number is msgspec.UNSET:
        raise QuestionNumberRequired
    if each.answer is msgspec.UNSET:
        raise Malformed(said("Say what the answer is: answer is missing (null clears it)."))
    rule = rules.get((number, each.sub_part))
    if rule is None:
        raise UnknownQuestion(question_number=number)
    revision = each.revision
    if revision is None:
        revision = IN_ORDER_OF_ARRIVAL
    elif not 1 <= revision <= LARGEST_REVISION:
        raise Malformed(
            said("revision is a number from 1 to {largest_revision}.", largest_revision=LARGEST_REVISION)
        )
    if refusal := accepts(rule, each.answer):
        refusal.details.update(question_number=number, sub_part=each.sub_part)
        raise refusal
    return Answer(number, each.sub_part, encode(each.answer), revision)


def _saved(answers: list[Answer], outcome: Saved) -> bytes:
    saved_at = rfc3339(outcome.saved_at)
    return encode(
        {
            "status": "saved",
            "saved": [
                {
                    "question_number": each.question_number,
                    "sub_part": each.sub_part,
                    "revision": each.revision or None,
                    "saved_at": saved_at,
                }
                for each in answers
            ],
            "deadline_at": rfc3339(outcome.deadline_at),
            "server_time": saved_at,
        }
    )


async def _read(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    if message.get("more_body"):
        parts = [body]
        while message.get("more_body"):
            message = await receive()
            parts.append(message.get("body", b""))
        body = b"".join(parts)
    return body
