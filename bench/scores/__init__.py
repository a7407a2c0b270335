"""Numbers from records: metrics, intervals, rankings, verdicts. No TensorFlow, no printing."""
