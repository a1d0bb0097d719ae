"""Agents: assistants described in one TOML file each, answering within their scope."""
