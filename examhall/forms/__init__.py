"""Forms that organisations hand in, and the organisations."""
