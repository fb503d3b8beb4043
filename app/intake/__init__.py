"""Where providers send events to: proven genuine before they are stored, stored before they are acknowledged."""
