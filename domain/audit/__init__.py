"""What makes the audit log hard to change unnoticed: canonical form, hashes, signatures. Pure arithmetic."""
