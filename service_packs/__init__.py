"""The catalogue of service packs, orders, entitlements and service records."""
