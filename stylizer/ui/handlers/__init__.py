"""What the page does when something happens: one file a task."""
