"""Jira Cloud as evidence of work: projects, issues, and how they moved."""
