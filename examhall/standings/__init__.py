"""How people compare, and how each goes on. Owns exam_standings, exam_places, the
ratings, streaks and achievements."""
