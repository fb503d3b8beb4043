"""How forecasts are made beside the worker: what runs in processes of a pool, and what is made of the answers."""
