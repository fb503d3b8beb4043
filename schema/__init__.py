"""Nouns on the wire: GraphQL types, inputs, enums and errors. No behaviour."""
