"""What providers send by themselves: proves that it is genuine, and takes it in."""
