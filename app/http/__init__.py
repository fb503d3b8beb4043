"""What stands between the network and the application: strict headers, client addresses, limits of connections."""
