"""What our processes have in common: how they live, stop and show that they are well; who works in a worker."""
