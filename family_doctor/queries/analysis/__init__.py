"""Reads of the business analysis: whose, what is counted, how it is shown, and who lies behind."""
