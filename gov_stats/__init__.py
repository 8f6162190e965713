"""Figures for government: indicators by division and period, with disclosure control."""
