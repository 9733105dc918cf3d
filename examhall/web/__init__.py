"""The pages people see: templates, static files and the handlers that render them. Owns no table."""
