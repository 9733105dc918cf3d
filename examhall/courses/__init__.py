"""Courses and who is enrolled in them, and groups of people.

Owns `courses`, `enrolments`, `groups` and `group_members`.
"""
