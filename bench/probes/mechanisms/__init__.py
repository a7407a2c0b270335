"""The probes themselves, a mechanism a file: question, method, numbers, verdict."""
