"""What is asked, of whom and when.

Owns exams, series, questions, items, key_corrections, pictures and assignments.
"""
