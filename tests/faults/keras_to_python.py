"""A Keras class that makes a Python number of a swept setting: one program cannot hold them all."""

import keras

from optimizers import Uniform, register


class Scaled(keras.optimizers.Optimizer):
    def __init__(self, learning_rate=0.1, scale=0.7, **settings):
        super().__init__(learning_rate=learning_rate, **settings)
        self.scale = scale

    def update_step(self, gradient, variable, learning_rate):
        factor = float(self.scale)
        self.assign(variable, variable - learning_rate * factor * gradient)


register("faulty", Scaled, space={"scale": Uniform(0.5, 2.0)})
