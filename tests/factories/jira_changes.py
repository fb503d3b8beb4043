"""What is changed in a site of Jira, and what the controls must then say of it."""

from tests.factories import jira_changes_of_registers as registers
from tests.factories import jira_changes_of_work as work

CHANGES = (*work.ROWS, *registers.ROWS)
