"""Tests of how controls are judged."""
