"""The demo: three exams, an account of each role, and candidates with tickets. Owns no table."""
