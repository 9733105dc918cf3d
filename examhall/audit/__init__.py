"""What was done, by whom, and what changed from what to what: kept by the database, only ever appended to.

Owns audit_entries and audit_seals. Their triggers are in schema.sql.
"""
