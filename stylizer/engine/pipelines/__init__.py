"""One file a task: each pipeline reads from the request, at its top, to the result, at its bottom."""
