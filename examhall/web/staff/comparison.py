"""Scenarios of a project side by side: what each makes of the results, beside the official ones."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from examhall.accounts.access import page_person
from examhall.accounts.people import find_account
from examhall.analyses.projects import find_project, require_analyst
from examhall.analyses.results import Compared, compared_scenarios
from examhall.analyses.scenarios import list_scenarios
from examhall.base.wire import LARGEST_ID
from examhall.reference.built_in import grade_name
from examhall.web.frame import framed, id_of
from examhall.web.i18n import gettext_of
from examhall.web.numbers import numbers_beside
from examhall.web.staff.item_charts import Words
from examhall.web.staff.outcome_charts import comparison_chart
from examhall.web.staff.outcome_words import headline

# As many as colours that can be told apart, and columns that a page holds.
MOST_COMPARED = 5
# Offered to choose from.
MOST_OFFERED = 50

Side = Mapping[str, Any]


@dataclass(frozen=True)
class Cell:
    text: str
    # Against the official figure; None where there is nothing to compare.
    change: float | None


@dataclass(frozen=True)
class Line:
    """One row of the table of differences; without cells, the heading of the rows below it."""

    name: str
    cells: Sequence[Cell]
    # More of it is neither better nor worse.
    neutral: bool = True


async def comparison_page(request: Request) -> Response:
    """GET /staff/projects/{project_id}/compare"""
    me = await page_person(request)
    require_analyst(me)
    project_id = id_of(request, "project_id")
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        project = await find_project(conn, project_id, me.id)
        offered = await list_scenarios(conn, project_id, before_id=LARGEST_ID, limit=MOST_OFFERED)
        asked = _asked(request) or [each.id for each in offered[:MOST_COMPARED]]
        found = await compared_scenarios(conn, project_id, asked[:MOST_COMPARED])
    told = [each for each in found if each.result is not None]
    _ = gettext_of(request)
    official = told[0].result if told else None
    return framed(
        request,
        me,
        account,
        "staff/comparison.html",
        project=project,
        offered=offered,
        chosen={each.scenario_id for each in found},
        most=MOST_COMPARED,
        told=told,
        missing=[each for each in found if each.result is None],
        headlines={each.scenario_id: headline(each.result, _) for each in told if each.result},
        same_candidates=len({_whom(each) for each in told}) <= 1,
        spec=comparison_chart(
            [(_("Official"), official["official"]), *((each.name, _new(each)) for each in told)], _
        )
        if official
        else None,
        lines=_lines(told, _) if told else [],
    )


def _asked(request: Request) -> list[int]:
    """scenarios=1,2,3 or a field for each; what is no id is passed over."""
    words = ",".join(request.query_params.getlist("scenarios")).split(",")
    ids = [int(word) for word in words if word.isascii() and word.isdigit() and len(word) < 19]
    return list(dict.fromkeys(ids))


def _new(each: Compared) -> Side:
    assert each.result is not None
    side: Side = each.result["new"]
    return side


def _whom(each: Compared) -> tuple[tuple[int, int], ...]:
    """Whose official results it stands on."""
    assert each.result is not None
    return tuple((exam["id"], exam["sittings"]) for exam in each.result["exams"])


def _lines(told: Sequence[Compared], _: Words) -> list[Line]:
    results = [each.result for each in told if each.result]
    official = results[0]["official"]
    write = numbers_beside(_)

    def percent(value: float) -> str:
        return write.percent(value, 1)

    def figure(value: float) -> str:
        return write.figure(value) if isinstance(value, int) else write.fixed(value, 3)

    def row(
        name: str,
        of: Callable[[Side], float | None],
        form: Callable[[float], str],
        *,
        neutral: bool = True,
    ) -> Line:
        was = of(official)
        cells = [Cell("–" if was is None else form(was), None)]
        for result in results:
            now, here = of(result["new"]), of(result["official"])
            cells.append(
                Cell("–" if now is None else form(now), None if now is None or here is None else now - here)
            )
        return Line(name, cells, neutral)

    def moved(name: str, of: Callable[[Side], Any]) -> Line:
        values = [of(result) for result in results]
        return Line(name, [Cell("", None), *(Cell("–" if v is None else figure(v), None) for v in values)])

    lines = [
        Line(_("Results"), []),
        row(_("Mean"), lambda side: side["mean_percent"], percent, neutral=False),
        row(_("Median"), lambda side: side["median_percent"], percent, neutral=False),
        row(_("Spread"), lambda side: side["sd_percent"], percent),
        row(_("Pass rate"), lambda side: _hundred(side["pass_rate"]), percent, neutral=False),
    ]
    names = [grade_name(name, _) for name in _grades_of(results)]
    if names:
        lines.append(Line(_("Grades"), []))
        lines += [
            row(name, lambda side, at=place: side["grades"][at] if side["grades"] else None, figure)  # type: ignore[misc]
            for place, name in enumerate(names)
        ]
    lines += [
        Line(_("Who moves"), []),
        moved(_("Go up"), lambda result: result["moves"]["up"]),
        moved(_("Go down"), lambda result: result["moves"]["down"]),
        moved(_("Newly pass"), lambda result: result["moves"]["newly_passed"]),
        moved(_("No longer pass"), lambda result: result["moves"]["newly_failed"]),
        moved(_("Rank correlation"), lambda result: result["agreement"]["spearman"]),
    ]
    return lines


def _grades_of(results: Sequence[Side]) -> list[str]:
    """The names of the grades, if all scenarios have the same bands; else they cannot stand in one row."""
    bands = [result["bands"] for result in results]
    if not bands[0] or any(each != bands[0] for each in bands):
        return []
    return [band["name"] for band in bands[0]]


def _hundred(share: float | None) -> float | None:
    return None if share is None else 100 * share


routes = [Route("/staff/projects/{project_id:int}/compare", comparison_page)]
