"""What `make bench` runs: speed and memory of the heavy steps, as ratios that hold on any machine."""
