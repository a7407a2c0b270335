"""What a network learns when: the mechanisms' numbers of weights kept along meta-training, beside their score."""
