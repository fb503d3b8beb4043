"""`python -m bench`: the measurement of the cost import."""

from bench.import_costs import main

main()
