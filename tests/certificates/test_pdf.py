"""PDFs: made once, the same bytes for everybody, with the facts in them, and nothing in a name does harm."""

import asyncio
import io
import json
from pathlib import Path

import pypdf
import pytest

from examhall.base.db import Connection, Database
from examhall.base.typesetting import Typesetter, TypesetterGone
from examhall.certificates.designs import BUNDLED, FIELDS
from examhall.certificates.issue import Order
from examhall.certificates.pdf import NoSuchPicture, find_printable
from examhall.certificates.printing import print_pdf
from examhall.certificates.revoking import NoSuchCertificate
from examhall.certificates.signing import ATTACHMENT, base64url
from examhall.web.vendoring import FONTS

from .given import SOURCE, add_template, issue, prints_in, someone
from .test_templates import edit

pytestmark = pytest.mark.anyio

NAMES = [
    "Oʻktam Gʻaniyev",
    "Ўктам Ғаниев Жўрабек ўғли",
    "Александра Преображенская",
    "<script>alert(1)</script> & #panic() $x$ *bold* @preview",
    '"; \\u{1F600} = heading\n#read("/etc/passwd")',
    "A" * 200,
]


async def issued(conn: Connection, *names: str, source: str = SOURCE) -> list[str]:
    olga, template_id = await someone(conn), await add_template(conn, source=source, fields=FIELDS)
    orders = [Order(name) for name in names or ("Alice Example",)]
    return [each.serial for each in await issue(conn, template_id, *orders, by=olga)]


def files_in(folder: Path) -> list[str]:
    return sorted(each.suffix for each in folder.rglob("*") if each.is_file())


def text_of(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages).split())


async def test_it_is_set_once_however_many_ask_and_then_comes_from_storage(
    database: Database, tmp_path: Path
) -> None:
    async with database.transaction() as conn:
        [serial] = await issued(conn)
    async with prints_in(database, tmp_path) as prints:
        made = await asyncio.gather(*[prints.pdf(serial) for _ in range(20)])
        assert len({*made}) == 1
        assert files_in(tmp_path) == [".pdf"]
        # Where nothing could be set, what was kept is still there.
        await prints._typesetter.close()
        prints._typesetter = Typesetter(tmp_path / "no fonts at all", limit_s=0)
        assert await prints.pdf(serial) == made[0]
    async with prints_in(database, tmp_path / "elsewhere") as prints:
        assert await prints.pdf(serial) == made[0]


async def test_the_facts_and_their_signature_are_in_it(database: Database, tmp_path: Path) -> None:
    async with database.transaction() as conn:
        [serial] = await issued(conn)
        its = await find_printable(conn, serial)
    async with prints_in(database, tmp_path) as prints:
        pdf = await prints.pdf(serial)
    [attached] = pypdf.PdfReader(io.BytesIO(pdf)).attachments[ATTACHMENT]
    found = json.loads(attached)
    assert (found["facts"], found["signature"]) == (its.facts, base64url(its.signature))


@pytest.mark.parametrize("design", BUNDLED, ids=lambda design: design.file)
@pytest.mark.parametrize("name", NAMES, ids=["latin", "cyrillic", "russian", "markup", "quotes", "long"])
async def test_a_name_is_set_as_it_is(database: Database, tmp_path: Path, design: object, name: str) -> None:
    """Whatever script it is in, and whatever typst or HTML would make of it as source."""
    source = next(each for each in BUNDLED if each is design).source
    async with database.transaction() as conn:
        [serial] = await issued(conn, name, source=source)
        its = await find_printable(conn, serial)
    async with prints_in(database, tmp_path) as prints:
        pdf = await prints.pdf(serial)
    assert len(pypdf.PdfReader(io.BytesIO(pdf)).pages) == 1
    assert "".join(json.loads(its.facts)["holder"].split()) in "".join(text_of(pdf).split())


async def test_a_template_that_loops_for_one_delays_the_others_once(
    database: Database, tmp_path: Path
) -> None:
    loop = "for a in range(100000) { for b in range(100000) { let c = a * b } }"
    source = SOURCE + f'\n#if facts.holder == "Mallory" {{ {loop} }}'
    async with database.transaction() as conn:
        alice, mallory, bob = await issued(conn, "Alice", "Mallory", "Bob", source=source)
        [carol] = [
            each.serial
            for each in await issue(
                conn, await add_template(conn), Order("Carol"), by=await someone(conn, number=2)
            )
        ]
    async with prints_in(database, tmp_path) as prints:
        await prints.pdf(alice)
        prints._typesetter._limit_s = 2
        with pytest.raises(TypesetterGone):
            await prints.pdf(mallory)
        prints._typesetter._limit_s = 20
        # By this template nothing is tried for a while; by others everything is.
        with pytest.raises(TypesetterGone):
            await prints.pdf(bob)
        assert (await prints.pdf(carol)).startswith(b"%PDF")


async def test_without_a_storage_it_is_made_for_whoever_asks(database: Database, tmp_path: Path) -> None:
    (tmp_path / "a file").write_text("where a folder should be")
    async with database.transaction() as conn:
        [serial] = await issued(conn)
    async with prints_in(database, tmp_path / "a file" / "files") as prints:
        assert (await prints.pdf(serial)).startswith(b"%PDF")


async def test_what_is_not_there_is_not_found(database: Database, tmp_path: Path) -> None:
    async with prints_in(database, tmp_path) as prints:
        with pytest.raises(NoSuchCertificate):
            await prints.pdf("0000-0000-0000-0000-0000")
        with pytest.raises(NoSuchPicture):
            await prints.template_picture(1, 1, for_strangers=False)
        assert files_in(tmp_path) == []


async def test_strangers_see_the_newest_version_of_a_public_template_alone(
    database: Database, tmp_path: Path
) -> None:
    async with database.transaction() as conn:
        shown, private = await add_template(conn), await add_template(conn, public=False)
        await edit(conn, shown, 1, source=SOURCE + " more")
        await edit(conn, private, 1, source=SOURCE + " more")
        gone = await add_template(conn)
        await edit(conn, gone, 1, active=False)
    async with prints_in(database, tmp_path) as prints:
        assert await prints.template_picture(shown, 2, for_strangers=True)
        for template_id, version in ((shown, 1), (private, 2), (gone, 1)):
            assert await prints.template_picture(template_id, version, for_strangers=False)
            with pytest.raises(NoSuchPicture):
                await prints.template_picture(template_id, version, for_strangers=True)


async def test_pictures_are_made_ahead_for_those_who_will_look(database: Database, tmp_path: Path) -> None:
    async with database.transaction() as conn:
        serials = await issued(conn, "Alice", "Bob")
    async with prints_in(database, tmp_path) as prints:
        await prints.make([*serials])
    assert files_in(tmp_path) == [".pdf", ".pdf", ".png", ".png"]


async def test_the_same_facts_are_the_same_bytes(database: Database) -> None:
    async with database.transaction() as conn:
        [serial] = await issued(conn)
        its = await find_printable(conn, serial)
    made = set()
    for _ in range(2):
        typesetter = Typesetter(FONTS)
        made.add(await print_pdf(typesetter, its.source, its.signed, its.issued_at))
        await typesetter.close()
    assert len(made) == 1
