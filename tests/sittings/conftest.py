import pytest

from examhall.base.db import Connection

from .seats import Seat, add_seat


@pytest.fixture
async def alices_seat(conn: Connection) -> Seat:
    return await add_seat(conn)
