"""Exams for their authors over the API: bytes to values and back."""

import asyncio
from functools import cache
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from examhall.accounts.access import STAFF, CrossSite, Person, Staff
from examhall.base.made_once import KeyUsedForAnother, RequestKey, RequestKeyHeader
from examhall.base.wire import Db, refusals
from examhall.exams.exam_file import read_exam_file
from examhall.exams.exam_file_problems import BadExamFile
from examhall.exams.importing import AssignedToNobody, UnknownCourse, import_once

router = APIRouter(tags=["Authors"])
# At the root: what editors are told as "$schema".
schema_router = APIRouter(tags=["Authors"])


class ImportedExam(BaseModel):
    id: int


@router.post(
    "/exams/import",
    status_code=201,
    summary="Import an exam file",
    responses=STAFF | refusals(CrossSite, BadExamFile, AssignedToNobody, UnknownCourse, KeyUsedForAnother),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/yaml": {"schema": {"type": "string"}},
                "application/json": {"schema": {"type": "object"}},
            },
        }
    },
)
async def post_import(
    request: Request,
    me: Annotated[Person, Staff("author")],
    db: Db,
    response: Response,
    key: RequestKeyHeader = None,
    draft: Annotated[bool, Query(description="As a draft, which candidates do not see.")] = False,
) -> ImportedExam:
    """The exam file as YAML or JSON. All of it is imported or nothing; problems are told with their lines."""
    # Seconds for the largest file: not on the event loop.
    body = await request.body()
    exam = await asyncio.to_thread(read_exam_file, body)
    wanted = (
        None if key is None else RequestKey(key, {"import": body.decode("utf-8", "replace"), "draft": draft})
    )
    async with db.transaction() as conn:
        made = await import_once(conn, exam, by=me.id, is_draft=draft, request=wanted)
    if not made.is_new:
        response.status_code = 200
    return ImportedExam(id=made.id)


@schema_router.get("/exam-file.schema.json", summary="The JSON Schema of the exam file")
async def get_schema() -> Response:
    return Response(_schema(), media_type="application/schema+json")


@cache
def _schema() -> bytes:
    return Path(__file__).with_name("exam_file.schema.json").read_bytes()
