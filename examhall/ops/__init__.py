"""How the server is watched. Owns no table."""
