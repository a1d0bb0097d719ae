"""All passages of a workspace: stored in one table, kept up to date, searched within a scope."""
