"""The parts of the measurements that can be wrong without anybody noticing: counting, cutting, adding up, drawing."""
