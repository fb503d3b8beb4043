"""What detectors are made of, and how events are judged by them. The detectors stand in domain/detectors."""
