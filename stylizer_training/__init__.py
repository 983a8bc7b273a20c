"""The training room of an installed studio.

In a checkout it is `python -m training`. Installed, a package called `training` would be in everybody's way,
so the wheel keeps it inside this one, and `stylizer-train` finds it here.
"""
