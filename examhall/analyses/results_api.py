"""Candidates' results in a scenario as files over the API."""

from typing import Annotated

from fastapi import APIRouter, Request
from starlette.responses import Response

from examhall.accounts.access import NotSignedIn, Person, Staff, WrongRole
from examhall.accounts.tokens import TokenInvalid
from examhall.analyses.calculate import NoSuchCalculation
from examhall.analyses.projects import STAFF
from examhall.analyses.results import CandidatesUnseen, NotCalculated
from examhall.analyses.results_file import MEDIA_TYPES, download
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
    return await download(request.app.state.database, calculation_id, "csv", me)


@router.get(
    "/calculations/{calculation_id}/results.parquet",
    summary="Every candidate's result in a scenario, as Parquet",
    response_class=Response,
    responses=FILE | {200: {"content": {MEDIA_TYPES["parquet"]: {}}}},
)
async def get_parquet(calculation_id: Id, request: Request, me: Analyst) -> Response:
    return await download(request.app.state.database, calculation_id, "parquet", me)
