"""What the answers are worth. Owns results and marks."""
