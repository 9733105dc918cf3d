"""What every domain stands on: database, errors, wire, clock. Knows no exam word and owns no table."""
