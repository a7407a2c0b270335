"""What remakes shipped data: weights, controls, timings, floors, pages."""
