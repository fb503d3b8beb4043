"""Systems that are not clouds: code hosting, identity, tickets and chat."""
