"""A sitting: one candidate's attempt at one exam.

Owns sittings, answers, answer_history, pauses, interventions, presence and presence_processes.
"""
