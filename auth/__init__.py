"""Who you are and what you may do: passwords, tokens, roles, permissions, scope."""
