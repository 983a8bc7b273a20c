"""What makes files of this repository, and ships with none of its packages."""
