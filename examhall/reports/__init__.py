"""Reports for candidates: how an exam went, as a page and as a PDF.

Owns reports, feedback_drafts and feedback_spending.
"""
