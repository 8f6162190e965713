"""The Flask-aware part of the bottom room: who asks, what may be asked, how answers look."""
