"""The centre: ingest, store, roll-ups and web pages. Imports `contract` and nothing else of ours."""
