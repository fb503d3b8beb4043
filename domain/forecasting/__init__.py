"""What costs are going to be: models, recurring charges, known events, intervals and back-tests, as pure arithmetic.

Histories are matrices [series x days] of one calendar, newest day last; NaN is a day before a series began, or one that
the provider did not deliver. Forecasts are matrices [series x days] that begin on the day after.
"""
