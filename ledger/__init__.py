"""The ledger (sổ hồ sơ): a relational database of dossiers and messages, and a content-addressed store of documents."""
