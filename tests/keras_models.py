"""A small grammar of Keras models, for the tests that compare the engine with Keras's own trainer."""

import functools

import numpy as np

VOCABULARY, LENGTH, SIDE, CLASSES, EXAMPLES, BATCH = 11, 6, 8, 3, 48, 8


def stack(kind, picks):
    """Layers of one of the kinds "dense", "image" and "words", as the numbers `picks` say."""
    from keras import layers, regularizers

    activation = ("relu", "tanh", "gelu")[picks[0] % 3]
    penalty = (None, regularizers.L2(1e-3), regularizers.L1(1e-4))[picks[1] % 3]
    if kind == "dense":
        norm = (layers.BatchNormalization(), layers.LayerNormalization(), layers.UnitNormalization())[picks[2] % 3]
        shared = layers.Dense(5, activation, kernel_regularizer=penalty)
        return [layers.Dense(5, activation), shared, norm, *([shared] if picks[3] % 2 else [])]
    if kind == "image":
        convolution = (layers.Conv2D, layers.SeparableConv2D)[picks[2] % 2]
        pool = (layers.MaxPooling2D, layers.AveragePooling2D)[picks[3] % 2]
        return [
            convolution(4, 3, activation=activation),
            layers.BatchNormalization(),
            pool(2),
            layers.Conv2D(3, 2, kernel_regularizer=penalty),
            layers.Flatten(),
        ]
    recurrent = (layers.LSTM, layers.GRU, layers.SimpleRNN)[picks[2] % 3]
    # a penalty, be it nothing, makes the gradient dense in Keras too, where rows met twice are squared before they are
    # summed otherwise
    embedding = layers.Embedding(VOCABULARY, 4, embeddings_regularizer=penalty or regularizers.L2(0.0))
    return [embedding, recurrent(4, return_sequences=True), layers.GlobalAveragePooling1D()]


def model(kind, picks):
    """An uncompiled model: Sequential, functional with attention, or with a frozen layer."""
    import keras
    from keras import layers

    shapes = {"dense": (4,), "image": (SIDE, SIDE, 1), "words": (LENGTH,)}
    inputs = keras.Input(shapes[kind], dtype="int32" if kind == "words" else "float32")
    signal = inputs
    for i, layer in enumerate(stack(kind, picks)):
        signal = layer(signal)
        if kind == "words" and i == 0 and picks[4] % 2:
            signal = layers.MultiHeadAttention(2, 2)(signal, signal)
    head = layers.Dense(4, "tanh", trainable=bool(picks[5] % 2))
    return keras.Model(inputs, layers.Dense(CLASSES)(head(signal)))


def arrays(kind, seed):
    rng = np.random.default_rng(seed)
    inputs = {
        "dense": lambda: rng.normal(size=(EXAMPLES, 4)),
        "image": lambda: rng.normal(size=(EXAMPLES, SIDE, SIDE, 1)),
        "words": lambda: rng.integers(0, VOCABULARY, (EXAMPLES, LENGTH)),
    }[kind]()
    return inputs, rng.integers(0, CLASSES, EXAMPLES)


def random_model(seed):
    """(build, arrays) of model number `seed`."""
    picks = tuple(np.random.default_rng(seed).integers(0, 6, 6).tolist())
    kind = ("dense", "image", "words")[seed % 3]
    return functools.partial(model, kind, picks), arrays(kind, seed)
