"""What every connector is made of: lists as data, the engine that reads them, and the two outputs."""
