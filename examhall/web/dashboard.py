"""The student's page: what comes, how the rating goes, streaks, achievements, topics, latest results."""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from examhall.accounts.access import page_person, refuse_tickets
from examhall.accounts.people import find_account
from examhall.standings.dashboard import Dashboard, Rated, dashboard_of
from examhall.standings.rules import RULES
from examhall.standings.scale import Tier, tier_of, uncertainty
from examhall.standings.topics import TopicShare
from examhall.web.frame import framed
from examhall.web.i18n import gettext_of

# What a person can be off by without being surprised: about two times in three the truth is within one.
SPREADS = 1


async def dashboard_page(request: Request) -> Response:
    """GET /dashboard"""
    me = await page_person(request)
    refuse_tickets(me)
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        mine = await dashboard_of(conn, me.id)
    return framed(request, me, account, "dashboard.html", **_view(request, mine))


def _view(request: Request, mine: Dashboard) -> dict[str, Any]:
    latest = mine.ratings[-1] if mine.ratings else None
    given = {each.rule.name for each in mine.achievements}
    return {
        "mine": mine,
        "latest": latest,
        "tier": _tier(latest),
        "spread": uncertainty(latest.sigma) if latest else 0,
        "rating_chart": _rating_chart(request, mine.ratings) if len(mine.ratings) > 1 else None,
        # What is given first, the latest of it at the top.
        "badges": [
            *((each.rule, each) for each in mine.achievements),
            *((rule, None) for rule in RULES if rule.name not in given),
        ],
        "topics": [topic_bar(topic) for topic in mine.topics],
        "is_new": not (mine.recent or mine.ratings or mine.achievements),
    }


def _tier(latest: Rated | None) -> Tier | None:
    return tier_of(latest.rating, latest.number) if latest else None


def _rating_chart(request: Request, ratings: Sequence[Rated]) -> dict[str, Any]:
    _ = gettext_of(request)
    spreads = [SPREADS * uncertainty(each.sigma) for each in ratings]
    levels = [each.rating for each in ratings]
    low = min(level - spread for level, spread in zip(levels, spreads, strict=True))
    high = max(level + spread for level, spread in zip(levels, spreads, strict=True))
    return {
        "x": {"time": True, "values": [each.happened_at.timestamp() for each in ratings]},
        "y": {"label": _("Rating"), "min": low - 20, "max": high + 20},
        "series": [
            {"name": _("Rating"), "values": [round(level) for level in levels], "colour": 1},
            {
                "name": _("Probably from"),
                "values": [round(level - spread) for level, spread in zip(levels, spreads, strict=True)],
                "dashed": True,
                "colour": 6,
            },
            {
                "name": _("Probably to"),
                "values": [round(level + spread) for level, spread in zip(levels, spreads, strict=True)],
                "dashed": True,
                "colour": 6,
            },
        ],
    }


def topic_bar(topic: TopicShare) -> dict[str, Any]:
    """In hundredths, as parts/topics.html draws it."""
    return {
        "name": topic.name,
        "verdict": topic.verdict,
        "percent": round(100 * topic.share),
        "low": round(100 * topic.low, 1),
        "high": round(100 * topic.high, 1),
        "mean": None if topic.mean_share is None else round(100 * topic.mean_share, 1),
    }


routes = [Route("/dashboard", dashboard_page)]
