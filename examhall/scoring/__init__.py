"""What the answers are worth. Owns results, marks and what they were before a correction."""
