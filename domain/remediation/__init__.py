"""How what a rule has found is mended: steps, plans, approvals and what was saved. Pure; nothing here calls a cloud."""
