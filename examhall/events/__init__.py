"""What happened: an append-only log written behind requests, and what is counted from it and from answers.

Owns events, activity_counts, question_times and activity_rollups.
"""
