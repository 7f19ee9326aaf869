"""One session applied to many files."""
