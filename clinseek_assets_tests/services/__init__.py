"""Real servers on the loopback interface, started from what the machine has installed, and what is asked of them."""
