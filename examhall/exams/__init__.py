"""What is asked, of whom and when. Owns exams, questions, items, key_corrections, pictures and assignments."""
