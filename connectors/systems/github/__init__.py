"""GitHub: one organization, its repositories and how they change."""
