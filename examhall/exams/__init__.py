"""What is asked, of whom and when. Owns `exams`, `questions`, `items`, `pictures` and `assignments`."""
