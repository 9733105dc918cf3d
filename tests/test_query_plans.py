"""Every list has the index that it needs: PostgreSQL is asked how it would read each from 100,000 rows."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import psycopg
import pytest

from examhall.analyses import calculate, projects, scenarios
from examhall.base.embedded import Postgres
from examhall.base.sqlfile import Queries
from examhall.certificates import gallery, pdf, reviews, templates, verify
from examhall.exams import papers, sealing
from examhall.forms import erasing, exporting, files, forms, history, lists, organisations, submissions

ROWS = Path(__file__).with_name("query_plans.sql")
MANY = 100_000
LAST = 2**62
NOW = datetime(2100, 1, 1, tzinfo=UTC)
PAGE: dict[str, Any] = {"at": NOW, "id": LAST, "limit": 51}


class Hot(NamedTuple):
    """A statement that people wait for, with the values that they would ask it with."""

    queries: Queries
    name: str
    values: dict[str, Any]
    # Without these it would read the whole table; empty where only the primary key stands between.
    needs: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        return self.query.label

    @property
    def query(self) -> Any:
        return getattr(self.queries, self.name)


FORM = {"form_id": 7, "organisation_id": None, "search": None, **PAGE}
HOT = [
    Hot(lists.SQL, "of_organisation", {"organisation_id": 7, **PAGE}, ("form_submissions_organisation",)),
    Hot(lists.SQL, "of_person", {"person_id": 7, **PAGE},
        ("form_submissions_creator", "form_submissions_request", "one_live_submission")),
    Hot(lists.SQL, "of_form", FORM,
        ("form_submissions_form", "form_submissions_status", "form_submissions_request")),
    Hot(lists.SQL, "of_form_and_status", FORM | {"status": "new"}),
    Hot(exporting.SQL, "rows", {"form_id": 7, "status": None, **PAGE, "limit": 1000}),
    Hot(forms.SQL, "list_open_forms", {"person_id": 7, "before_id": LAST, "limit": 51}),
    Hot(forms.SQL, "list_forms", {"before_id": LAST, "limit": 51, "search": None}),
    Hot(forms.SQL, "find_form", {"form_id": 7, "fields_version": None}),
    Hot(forms.SQL, "form_of_link", {"link": "link10"}, ("forms_link",)),
    Hot(forms.SQL, "find_member", {"organisation_id": 7, "person_id": 6}),
    Hot(submissions.SQL, "find_earlier", {"form_id": 7, "created_by": 7, "request_key": b"x"}),
    Hot(submissions.SQL, "find_earlier", {"form_id": 7, "created_by": None, "request_key": b"x"}),
    Hot(submissions.SQL, "find_submission", {"submission_id": 7}),
    Hot(submissions.SQL, "hold_submission", {"submission_id": 7}),
    Hot(erasing.SQL, "hold_submission", {"submission_id": 7}),
    Hot(files.SQL, "list_files", {"submission_id": 7}, ("form_files_submission",)),
    Hot(files.SQL, "mark_discarding", {"limit": 100}, ("loose_files_discard",)),
    Hot(files.SQL, "take_loose", {"paths": ["a", "b"]}),
    Hot(history.SQL, "list_history", {"submission_id": 7}, ("submission_history_submission",)),
    Hot(organisations.SQL, "organisation_of_code", {"code": "tc-7"}, ("organisations_code",)),
    Hot(organisations.SQL, "list_organisations", {"before_id": LAST, "limit": 51, "search": None}),
    Hot(organisations.SQL, "organisations_of", {"person_id": 7}, ("organisation_members_person",)),
    Hot(organisations.SQL, "find_manager", {"organisation_id": 7, "person_id": 7}),
    Hot(organisations.SQL, "list_members", {"organisation_id": 7, "after": 0, "limit": 51}),
    Hot(gallery.SQL, "list_public", {"after": None, "limit": 51}),
    Hot(gallery.SQL, "list_public", {"after": "serial600", "limit": 51}),
    Hot(gallery.SQL, "list_held", {"holder_id": 7, "after": None, "limit": 51}, ("certificates_holder",)),
    Hot(gallery.SQL, "list_issued_by", {"issued_by": 7, "after": None, "limit": 51}),
    Hot(gallery.SQL, "list_issued", {"after": None, "limit": 51}),
    Hot(gallery.SQL, "list_of_exam", {"exam_id": 7, "after": None, "limit": 51}, ("certificates_exam",)),
    Hot(gallery.SQL, "search", {"words": "name77:* & family777:*", "limit": 51},
        ("certificates_holder_name",)),
    Hot(gallery.SQL, "find_by_serial", {"serial": "serial7"}, ("certificates_serial",)),
    Hot(verify.SQL, "find", {"serial": "serial7"}, ("certificates_serial",)),
    Hot(pdf.SQL, "find_printable", {"serial": "serial7"}, ("certificates_serial",)),
    Hot(templates.SQL, "list_public", {"category": "category4", "variant": "variant4", "limit": 51}),
    Hot(templates.SQL, "list_public", {"category": None, "variant": None, "limit": 51},
        ("certificate_templates_public",)),
    Hot(templates.SQL, "list_templates", {"created_by": 7, "limit": 51}, ("certificate_templates_creator",)),
    Hot(templates.SQL, "list_templates", {"created_by": None, "limit": 51}),
    Hot(templates.SQL, "find_template", {"template_id": 7}),
    Hot(reviews.SQL, "list_reviews", {"after_id": 0, "exam_id": None, "limit": 51}),
    Hot(reviews.SQL, "count_reviews", {}, ("certificate_reviews_open",)),
    Hot(papers.SQL, "paper", {"exam_id": 7}),
    Hot(papers.SQL, "papers", {"exam_id": 7}),
    Hot(sealing.SQL, "sealed_of_content", {"exam_id": 7, "content_hash": b"x"}),
    Hot(projects.SQL, "list_projects", {"person_id": 7, "archived": False, "before_id": LAST, "limit": 51}),
    Hot(scenarios.SQL, "list_scenarios", {"project_id": 7, "archived": False, "before_id": LAST, "limit": 51},
        ("scenarios_project",)),
    Hot(calculate.SQL, "list_calculations", {"scenario_id": 7, "before_id": LAST, "limit": 51}),
]  # fmt: skip


@pytest.fixture(scope="module")
def filled(postgres: Postgres) -> Iterator[psycopg.Connection[Any]]:
    """A database of many rows, which nobody changes for good."""
    name = f"plans_{uuid4().hex}"
    with psycopg.connect(postgres.dsn(), autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name} TEMPLATE template".encode())
    with psycopg.connect(postgres.dsn(name)) as conn:
        conn.execute(ROWS.read_bytes())
        conn.commit()
        yield conn
    with psycopg.connect(postgres.dsn(), autocommit=True) as conn:
        conn.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)


def read_whole(conn: psycopg.Connection[Any], hot: Hot) -> set[str]:
    """The tables of many rows that PostgreSQL would read from end to end for this statement."""
    large = {
        name
        for (name,) in conn.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples >= %s", (MANY * 0.9,)
        )
    }
    assert hot.values.keys() == hot.query.parameters
    found = conn.execute(b"EXPLAIN (FORMAT JSON) " + hot.query.text.encode(), hot.values).fetchone()
    assert found is not None
    [explained] = found[0]
    return {
        node["Relation Name"]
        for node in nodes(explained["Plan"])
        if node.get("Relation Name") in large and reads_all(node)
    }


def reads_all(node: dict[str, Any]) -> bool:
    """From end to end, or along an index that only gives the order, past rows that are not wanted."""
    if node["Node Type"] in ("Index Scan", "Index Only Scan"):
        return "Index Cond" not in node and "Filter" in node
    return bool(node["Node Type"] == "Seq Scan")


def labelled(hot: Hot) -> str:
    return hot.label


@pytest.mark.parametrize("hot", HOT, ids=labelled)
def test_no_list_reads_a_whole_table(filled: psycopg.Connection[Any], hot: Hot) -> None:
    with filled.transaction(force_rollback=True):
        assert read_whole(filled, hot) == set()


@pytest.mark.parametrize("hot", [hot for hot in HOT if hot.needs], ids=labelled)
def test_without_its_index_it_would(filled: psycopg.Connection[Any], hot: Hot) -> None:
    """What shows that the test above can fail."""
    with filled.transaction(force_rollback=True):
        for index in hot.needs:
            filled.execute(f"DROP INDEX {index}".encode())
        assert read_whole(filled, hot) != set()
