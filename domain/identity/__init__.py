"""What an identity provider says of a person, and what of it is believed."""
