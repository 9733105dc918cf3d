"""Contests: exams of that kind in a course, sat by its students on the same engine. Owns no table."""
