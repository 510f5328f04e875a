"""What starts runs: jobs, schedules, sensors, and the rebuild that the commands run in their own process."""
