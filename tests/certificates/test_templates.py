"""Templates: versions, two editors, and sources that nobody should ever have to set."""

import asyncio
from pathlib import Path

import pytest

from examhall.base.db import Connection, Database
from examhall.base.errors import SomebodyWasFaster
from examhall.certificates.designs import BUNDLED, FIELDS, ensure_designs
from examhall.certificates.issue import Order
from examhall.certificates.proofs import BadTemplate
from examhall.certificates.templates import (
    BadFields,
    edit_template,
    find_template,
    list_public,
    list_templates,
    list_versions,
)

from .given import MOTTO, SOURCE, URL, add_template, count, issue, prints_in, proofs, someone

pytestmark = pytest.mark.anyio


async def edit(conn: Connection, template_id: int, version: int, **given: object) -> None:
    found = vars(await find_template(conn, template_id))
    names = ("name", "category", "variant", "public", "active", "fields", "source")
    values = {name: found[name] for name in names} | given
    await edit_template(conn, template_id, version=version, edited_by=None, **values)  # type: ignore[arg-type]


async def test_a_change_keeps_what_was_before(conn: Connection) -> None:
    template_id = await add_template(conn)
    await edit(conn, template_id, 1, source=SOURCE + "more")
    await edit(conn, template_id, 2, name="Renamed")
    versions = await list_versions(conn, template_id)
    assert [(each.version, each.source) for each in versions] == [(2, SOURCE + "more"), (1, SOURCE)]
    found = await find_template(conn, template_id)
    assert (found.name, found.version, found.source_version) == ("Renamed", 3, 2)


async def test_of_two_editors_the_second_is_told(database: Database) -> None:
    async with database.transaction() as conn:
        template_id = await add_template(conn)

    async def save(source: str) -> str:
        try:
            async with database.transaction() as conn:
                await edit(conn, template_id, 1, source=source)
        except SomebodyWasFaster as faster:
            return f"version {faster.details['version']}"
        return "saved"

    told = await asyncio.gather(*[save(f"{SOURCE} {n}") for n in range(5)])
    assert sorted(told) == ["saved"] + ["version 2"] * 4


async def test_strangers_see_what_is_public_and_active(conn: Connection) -> None:
    await add_template(conn, name="Shown", category="b")
    await add_template(conn, name="Private", public=False)
    hidden = await add_template(conn, name="Gone")
    await edit(conn, hidden, 1, active=False)
    await add_template(conn, name="Other", category="a", variant="wide")
    assert [each.name for each in await list_public(conn, category=None, variant=None)] == ["Other", "Shown"]
    assert [each.name for each in await list_public(conn, category="a", variant="wide")] == ["Other"]
    assert await list_public(conn, category="a", variant="narrow") == []
    assert len(await list_templates(conn)) == 4


@pytest.mark.parametrize("names", [["a", "a"], ["A"], ["1a"], [""], ["a-b"], ["a" * 41], ["a\n"]])
async def test_fields_have_names_that_typst_can_read(conn: Connection, names: list[str]) -> None:
    with pytest.raises(BadFields):
        await add_template(conn, fields=[MOTTO | {"name": name} for name in names])


async def test_our_designs_are_there_once_and_kept_up_to_date_until_somebody_changes_them(
    database: Database,
) -> None:
    async def start() -> None:
        async with database.transaction() as conn:
            await ensure_designs(conn)

    await asyncio.gather(*[start() for _ in range(4)])
    async with database.transaction() as conn:
        listed = await list_public(conn, category=None, variant=None)
        assert sorted(each.design or "" for each in listed) == sorted(each.file for each in BUNDLED)
        assert await count(conn, "certificate_template_versions") == 3
        await conn.execute("UPDATE certificate_template_versions SET source = 'old'")
    await start()
    async with database.transaction() as conn:
        assert await count(conn, "certificate_template_versions") == 6
        olga = await someone(conn)
        await conn.execute("UPDATE certificate_template_versions SET saved_by = %s, source = 'hers'", (olga,))
    await start()
    async with database.transaction() as conn:
        assert await count(conn, "certificate_template_versions") == 6


@pytest.mark.parametrize("design", BUNDLED, ids=lambda design: design.file)
async def test_our_designs_are_set_with_all_and_with_the_least(design: object) -> None:
    async with proofs() as them:
        source = next(each for each in BUNDLED if each is design).source
        await them.check(source, FIELDS, title="Certificate", issuer="Examhall", url=URL)
        shown = await them.show(source, FIELDS, title="Certificate", issuer="Examhall", url=URL)
    assert shown.startswith(b"\x89PNG")


BAD = {
    "an error": ("= Title\n\n#unknown", 3, "unknown variable"),
    "cut off": ("= Title\n#text(", 2, "unclosed delimiter"),
    "a file": ('#read("/etc/passwd")', 1, "cannot read files"),
    "a file above": ('#read("../../etc/passwd")', 1, ""),
    "a picture of a file": ('\n#image("/proc/self/environ")', 2, "cannot read files"),
    "a package": ('#import "@preview/cetz:0.3.0"', 1, "cannot fetch packages"),
    "a plugin": ('#plugin("/usr/lib/x.wasm")', 1, "cannot read files"),
    "the network": ('#image("https://example.org/a.png")', 1, "cannot read files"),
    "a field nobody asks for": ("#facts.fields.colour", 1, "unknown variable"),
    "a field that may be left out": (
        '#import "examhall.typ": facts\n#facts.fields.motto', 2, "does not contain key",
    ),
    "a score that may be missing": (
        '#import "examhall.typ": facts\n#facts.score.points', 2, "does not contain key",
    ),
    "a book": ("#for _ in range(5) [a #pagebreak()]", None, "2 pages at most"),
    "no end": ("#let f(n) = f(n + 1)\n#f(0)", 1, "depth"),
}  # fmt: skip


@pytest.mark.parametrize(("source", "line", "reason"), BAD.values(), ids=BAD)
async def test_a_bad_template_is_told_by_line_and_reason(source: str, line: int | None, reason: str) -> None:
    async with proofs() as them:
        with pytest.raises(BadTemplate) as bad:
            await them.check(source, [MOTTO], title="T", issuer="Examhall", url=URL)
        assert bad.value.problems[0].line == line
        assert reason in bad.value.problems[0].reason
        assert "/tmp" not in str(bad.value.details)
        # And the next one is set.
        await them.check(SOURCE, [MOTTO], title="T", issuer="Examhall", url=URL)


@pytest.mark.parametrize(
    "source",
    [
        "#{ for a in range(100000) { for b in range(100000) { let c = a * b } } }",
        "#let all = range(100000000)",
        '#image(bytes("x" * 2000000000))',
    ],
    ids=["loops", "eats memory", "asks for gigabytes"],
)
async def test_a_template_that_loops_or_eats_memory_is_stopped(source: str) -> None:
    async with proofs() as them:
        them._typesetter._limit_s = 3
        with pytest.raises(BadTemplate):
            await them.check(source, [], title="T", issuer="Examhall", url=URL)
        them._typesetter._limit_s = 20
        await them.check(SOURCE, [MOTTO], title="T", issuer="Examhall", url=URL)


async def test_a_page_too_large_for_a_picture_is_not_kept() -> None:
    """As a PDF it is a few lines; whoever looked at the gallery would have gigabytes drawn."""
    source = "#set page(width: 100000pt, height: 100000pt)\na"
    async with proofs() as them:
        with pytest.raises(BadTemplate):
            await them.check(source, [], title="T", issuer="Examhall", url=URL)


async def test_a_template_that_fails_for_one_certificate_breaks_no_issuing(
    database: Database, tmp_path: Path
) -> None:
    """It can set its examples; the certificate itself is set on plain paper."""
    source = SOURCE + '\n#if facts.holder == "Mallory" { panic("no") }'
    async with database.transaction() as conn:
        olga, template_id = await someone(conn), await add_template(conn, source=source)
        [mallory] = await issue(conn, template_id, Order("Mallory"), by=olga)
    async with prints_in(database, tmp_path) as prints:
        assert (await prints.pdf(mallory.serial)).startswith(b"%PDF")
