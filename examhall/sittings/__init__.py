"""A sitting: one candidate's attempt at one exam. Owns sittings, answers and answer_history."""
