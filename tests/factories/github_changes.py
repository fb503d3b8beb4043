"""What is changed in a GitHub organization, and what the controls must then say of it."""

from tests.factories import github_changes_of_access as access
from tests.factories import github_changes_of_code as code

CHANGES = (*code.ROWS, *access.ROWS)
