"""The rules of FOCUS 1.0 to 1.3 that can be checked on the data, as tables by what they are about."""
