"""Master data: the terms that exams and analyses are written in."""
