"""The outside: clouds, evidence sources, ticketing, notification channels. Raw answers in, facts out."""
