"""The office's pages, a module each: courses, contests, items, keys, activity."""
