"""The load generators: processes of their own, of the standard library alone, so that little is between two clocks."""
