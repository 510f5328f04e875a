"""The commands of `clinseek`: one file each, imported when it is called."""
