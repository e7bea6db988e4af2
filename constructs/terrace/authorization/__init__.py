"""The policy languages of the clouds: what one statement says about one request, for the gate and the emulators."""
