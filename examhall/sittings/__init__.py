"""A sitting: one candidate's attempt at one exam.

Owns sittings, answers, answer_history, pauses and interventions.
"""
