"""Who sits an exam in which room, over the API."""

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel

from examhall.accounts.access import STAFF, CrossSite, Person, Staff
from examhall.base.attachment import download_headers
from examhall.base.errors import NotFound, UnsupportedMediaType
from examhall.base.wire import Db, Id, refusals, require_csv
from examhall.exams.seating import BadSeatingFile, list_seating, read_seating, seat_people, seating_csv

router = APIRouter(tags=["Invigilation"])

Office = Annotated[Person, Staff("author", "invigilator")]


class SeatedOut(BaseModel):
    seated: int


@router.put(
    "/exams/{exam_id}/seating",
    summary="Say who sits in which room",
    responses=STAFF | refusals(CrossSite, NotFound, UnsupportedMediaType, BadSeatingFile),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "text/csv": {"schema": {"type": "string"}, "example": "username,room,seat\nada,B12,4"}
            },
        }
    },
)
async def put_seating(exam_id: Id, request: Request, _me: Office, db: Db) -> SeatedOut:
    """CSV with `username`, `room` and, if you like, `seat`. The whole list: who is not in it has no room.

    All of the file or nothing: each bad line is reported with its number.
    """
    require_csv(request)
    lines = read_seating(await request.body())
    async with db.transaction() as conn:
        return SeatedOut(seated=await seat_people(conn, exam_id, lines))


@router.get(
    "/exams/{exam_id}/seating",
    summary="Who sits in which room, as CSV",
    response_class=Response,
    responses=STAFF | {200: {"content": {"text/csv": {}}}},
)
async def get_seating(exam_id: Id, _me: Office, db: Db) -> Response:
    async with db.connection() as conn:
        seated = await list_seating(conn, exam_id)
    headers = download_headers(f"seating-{exam_id}.csv")
    return Response(seating_csv(seated), media_type="text/csv", headers=headers)
