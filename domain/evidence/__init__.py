"""What makes evidence hard to change unnoticed, and what is taken out of it before it is kept. Pure arithmetic."""
