"""The desk box: one module a job. Imports `contract` and nothing else of ours."""
