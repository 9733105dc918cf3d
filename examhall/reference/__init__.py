"""Master data: the terms that exams and analyses are written in. Owns `master_data` and its versions."""
