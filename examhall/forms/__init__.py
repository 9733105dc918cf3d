"""Forms that people fill in, and the organisations that they belong to.

Owns `organisations`, `organisation_members`, `forms`, `form_versions`, `form_submissions`, `form_files`,
`loose_files` and `submission_history`.
"""
