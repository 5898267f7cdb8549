"""Short runs on tiny digits."""

SMALL = {"init_std": 0.1, "learning_rate": 0.02, "test_every": 100, "max_steps": 500}
