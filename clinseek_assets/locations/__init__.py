"""Where things are: the inputs that a user names, and the layout of CLINSEEK_HOME."""
