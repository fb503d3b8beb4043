"""Signing in through identity providers over HTTP: the browser's way there and back."""
