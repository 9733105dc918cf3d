"""A filled-in form on its way in: looked at, its files stored, then one transaction makes the submission."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.datastructures import UploadFile

from examhall.accounts.access import Person
from examhall.accounts.tokens import Signer
from examhall.base.db import Database
from examhall.base.storage import Storage
from examhall.forms.checking import BadAnswers, Wrong, require_right
from examhall.forms.fields import FILES_LIMIT
from examhall.forms.files import close_uploads, display_name, keep_files, let_go
from examhall.forms.forms import Form, FormChanged, FormNotOpen, find_form_for
from examhall.forms.submissions import Filled, Sent, find_sent, submit

Uploads = Sequence[tuple[str, UploadFile]]


async def send_form(
    database: Database,
    storage: Storage,
    signer: Signer,
    form_id: int,
    *,
    fields_version: int,
    data: Mapping[str, Any],
    organisation: str | None,
    uploads: Uploads,
    me: Person | None,
    request_key: str,
    link: str | None = None,
) -> Sent:
    """`submit` with files: of a request that is refused, or was there before, no file is kept.

    Killed at any moment: either the submission is there with its files, or neither, and the same request
    can be sent again.
    """
    try:
        async with database.transaction() as conn:
            # A repeat is judged by all that it sends; so it goes on even where the form is closed by now.
            if await find_sent(conn, form_id, me, request_key) is None:
                form = await find_form_for(conn, form_id, me, link=link)
                # What would be refused anyway is refused before a file is stored.
                _look(form, fields_version, data, uploads)
        kept = await keep_files(database, storage, uploads)
    finally:
        await close_uploads(uploads)
    sent = None
    try:
        async with database.transaction() as conn:
            sent = await submit(
                conn,
                signer,
                form_id,
                Filled(fields_version, data, organisation, kept),
                me=me,
                request_key=request_key,
                link=link,
            )
        return sent
    finally:
        if sent is None or not sent.is_new:
            await let_go(database, kept)


def _look(form: Form, fields_version: int, data: Mapping[str, Any], uploads: Uploads) -> None:
    if form.status != "open":
        raise FormNotOpen
    if form.fields_version != fields_version:
        raise FormChanged(fields_version=form.fields_version)
    places = {field.name: field.most or FILES_LIMIT for field in form.fields if field.kind == "file"}
    names: dict[str, list[str]] = {}
    for name, upload in uploads:
        names.setdefault(name, []).append(display_name(upload.filename or ""))
    wrong = [Wrong(name, "unknown") for name in names if name not in places]
    wrong += [
        Wrong(name, "maxItems", {"limit": most})
        for name, most in places.items()
        if len(names.get(name, ())) > most
    ]
    if wrong:
        raise BadAnswers(wrong)
    require_right(form.schema, {**data, **names})
