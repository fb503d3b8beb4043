"""Who owes what: rules that give each cost to teams, projects, environments and products. Pure arithmetic, exact."""
