"""The adapters of a workspace: kept, promoted and served."""
