"""What is asked, of whom and when.

Owns exams, series, questions, items, marking_schemes, key_corrections, pictures, assignments,
group_assignments, accommodations, sealed_papers and sealed_key_releases.
"""
