"""One module per kind of notification channel."""
