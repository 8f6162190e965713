"""The one WeChat client: login, messages, codes."""
