"""Chest X-rays: where the linked files lie, whether they are whole, what is sent of them, and tools on them."""
