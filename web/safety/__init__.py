"""Safety sensors, and which actuators the resident bound to which role."""
