"""Courses and who is enrolled in them. Owns `courses` and `enrolments`."""
