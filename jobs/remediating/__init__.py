"""Plans, makes, verifies and takes back remediations. Which of them are due is found by jobs/tasks."""
