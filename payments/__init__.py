"""Money in: payment intents at the provider, their settlement and refund."""
