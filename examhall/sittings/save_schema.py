"""The save route in OpenAPI, written by hand: the route itself is plain ASGI, for speed."""

from typing import Any

from examhall.accounts.access import CrossSite, NotSignedIn
from examhall.accounts.tokens import TokenInvalid
from examhall.base.errors import BodyTooLarge, Malformed, UnsupportedMediaType
from examhall.base.group_commit import OutcomeUnknown, QueueFull
from examhall.base.wire import refusals
from examhall.exams.answers import AnswerTooLong, UnknownQuestion, UnsuitableAnswer
from examhall.sittings.autosave import AlreadySubmitted, SessionNotFound, TimeExpired
from examhall.sittings.save_route import ANSWERS_LIMIT, LARGEST_REVISION, QuestionNumberRequired

PATH = "/api/v1/sessions/{session_id}/answers/"

ANSWER: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["question_number", "answer"],
    "properties": {
        "question_number": {"type": "integer", "minimum": 1},
        "sub_part": {"type": "string", "default": "", "examples": ["a"]},
        "answer": {
            "description": "A string, a list of options or a mapping, as the question has it; null clears it."
        },
        "revision": {
            "type": ["integer", "null"],
            "minimum": 1,
            "maximum": LARGEST_REVISION,
            "description": "Grows with each change of this answer; the highest wins, whatever arrives first.",
        },
    },
}
SAVED: dict[str, Any] = {
    "type": "object",
    "properties": {
        "status": {"const": "saved"},
        "saved": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "question_number": {"type": "integer"},
                    "sub_part": {"type": "string"},
                    "revision": {"type": ["integer", "null"]},
                    "saved_at": {"type": "string", "format": "date-time"},
                },
            },
        },
        "deadline_at": {"type": "string", "format": "date-time"},
        "server_time": {"type": "string", "format": "date-time"},
    },
}

OPERATION: dict[str, Any] = {
    "post": {
        "tags": ["Exams and sessions"],
        "summary": "Save answers",
        "description": (
            "One answer, or many under `answers`: all of them are stored or none. 200 only after the commit. "
            "Safe to repeat and to reorder. After a 503, or no reply at all, send the same again with the "
            "same revision."
        ),
        "operationId": "save_answers",
        "parameters": [
            {
                "name": "session_id",
                "in": "path",
                "required": True,
                "schema": {"type": "integer", "minimum": 1},
            }
        ],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {
                        "oneOf": [
                            ANSWER,
                            {
                                "type": "object",
                                "additionalProperties": False,
                                "required": ["answers"],
                                "properties": {
                                    "answers": {
                                        "type": "array",
                                        "minItems": 1,
                                        "maxItems": ANSWERS_LIMIT,
                                        "items": ANSWER,
                                    }
                                },
                            },
                        ]
                    },
                    "example": {"question_number": 36, "sub_part": "a", "answer": "12,5", "revision": 3},
                }
            },
        },
        "responses": {
            "200": {"description": "Stored durably", "content": {"application/json": {"schema": SAVED}}},
            **{
                str(status): described
                for status, described in refusals(
                    QuestionNumberRequired,
                    AnswerTooLong,
                    UnknownQuestion,
                    UnsuitableAnswer,
                    TimeExpired,
                    NotSignedIn,
                    TokenInvalid,
                    CrossSite,
                    SessionNotFound,
                    AlreadySubmitted,
                    BodyTooLarge,
                    UnsupportedMediaType,
                    Malformed,
                    QueueFull,
                    OutcomeUnknown,
                ).items()
            },
        },
    }
}
