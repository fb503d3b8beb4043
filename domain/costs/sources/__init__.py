"""Bills in the clouds' own forms, each told as FOCUS columns by a mapping in a module of its own."""
