"""What our processes have in common: how they live and stop, how they show that they are well, who works in a worker."""
