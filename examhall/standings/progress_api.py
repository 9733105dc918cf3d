"""The API of how somebody goes on: the dashboard, and achievements."""

from fastapi import APIRouter

from examhall.accounts.access import NotSignedIn, SignedIn, TicketOnly, refuse_tickets
from examhall.accounts.tokens import TokenInvalid
from examhall.base.wire import Db, refusals
from examhall.standings.achievements import achievements_of
from examhall.standings.dashboard import dashboard_of
from examhall.standings.progress_replies import AchievementOut, AchievementsOut, DashboardOut

router = APIRouter(tags=["Standings"])

SIGNED_IN = refusals(NotSignedIn, TokenInvalid, TicketOnly)


@router.get("/dashboard", summary="How I go on, in one reply", responses=SIGNED_IN)
async def get_dashboard(me: SignedIn, db: Db) -> DashboardOut:
    refuse_tickets(me)
    async with db.transaction() as conn:
        mine = await dashboard_of(conn, me.id)
    return DashboardOut.of(mine)


@router.get("/me/achievements", summary="What I have been given", responses=SIGNED_IN)
async def get_achievements(me: SignedIn, db: Db) -> AchievementsOut:
    refuse_tickets(me)
    async with db.transaction() as conn:
        given = await achievements_of(conn, me.id)
    return AchievementsOut(items=[AchievementOut.of(each) for each in given])
