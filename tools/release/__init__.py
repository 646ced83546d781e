"""The tools that make a release: its version, its text, its files."""
