"""The top room: composes the others, and gives the shell, role homes and error pages."""
