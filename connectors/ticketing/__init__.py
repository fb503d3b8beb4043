"""Issue trackers in which our tickets are kept: made, moved, told and read. Not the evidence that is read of them."""
