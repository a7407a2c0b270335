"""What remakes shipped data: weights, controls, timings, floors, the library page."""
