"""The maths against other programs, against its own properties, and in its degenerate cases."""
