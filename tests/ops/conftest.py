"""The whole application, as the tests of the doors have it."""

from ..doors.conftest import alice, call, exam_id, hall, mallory, session

__all__ = ["alice", "call", "exam_id", "hall", "mallory", "session"]
