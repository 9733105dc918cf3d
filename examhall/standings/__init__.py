"""How people compare, and how each goes on. Owns ratings, rating_history, streaks, achievements."""
