"""What runs in the process that holds a reward under audit. These files are programs: nothing imports them."""
