"""Candidates' results in a scenario as files over the API."""

from typing import Annotated

from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from examhall.accounts.access import NotSignedIn, Person, Staff, WrongRole
from examhall.accounts.tokens import TokenInvalid
from examhall.analyses.calculate import NoSuchCalculation, find_calculation
from examhall.analyses.projects import STAFF
from examhall.analyses.results import CandidatesUnseen, NotCalculated, candidates_of
from examhall.analyses.results_file import MEDIA_TYPES, csv_pieces, parquet_file
from examhall.base.attachment import download_headers
from examhall.base.db import Database
from examhall.base.wire import Id, refusals

router = APIRouter(tags=["Analyses"])

Analyst = Annotated[Person, Staff(*STAFF)]
FILE = refusals(
    NotSignedIn, TokenInvalid, WrongRole, CandidatesUnseen, NoSuchCalculation, NotCalculated
)  # fmt: skip


@router.get(
    "/calculations/{calculation_id}/results.csv",
    summary="Every candidate's result in a scenario, as CSV",
    response_class=Response,
    responses=FILE | {200: {"content": {"text/csv": {}}}},
)
async def get_csv(calculation_id: Id, request: Request, me: Analyst) -> Response:
    """For analysts. In the order of the sittings; what somebody wrote is no formula to a spreadsheet."""
    return await results_file(request.app.state.database, calculation_id, "csv", me)


@router.get(
    "/calculations/{calculation_id}/results.parquet",
    summary="Every candidate's result in a scenario, as Parquet",
    response_class=Response,
    responses=FILE | {200: {"content": {MEDIA_TYPES["parquet"]: {}}}},
)
async def get_parquet(calculation_id: Id, request: Request, me: Analyst) -> Response:
    return await results_file(request.app.state.database, calculation_id, "parquet", me)


async def results_file(database: Database, calculation_id: int, form: str, me: Person) -> Response:
    """The download, for the API and the page alike."""
    async with database.connection() as conn:
        found = await find_calculation(conn, calculation_id, me.id)
        candidates = await candidates_of(conn, found, me)
    headers = download_headers(f"{found.scenario_name} {found.id}.{form}")
    if form == "csv":
        return StreamingResponse(
            csv_pieces(database, candidates), media_type=MEDIA_TYPES["csv"], headers=headers
        )
    content = await parquet_file(database, candidates)
    return Response(content, media_type=MEDIA_TYPES["parquet"], headers=headers)
