"""A Keras class that reads a setting while it builds: a sweep would never change it."""

import keras

from optimizers import Uniform, register


class Scaled(keras.optimizers.Optimizer):
    def __init__(self, learning_rate=0.1, scale=0.7, **settings):
        super().__init__(learning_rate=learning_rate, **settings)
        self.scale = scale

    def build(self, variables):
        super().build(variables)
        self.factor = float(self.scale)

    def update_step(self, gradient, variable, learning_rate):
        self.assign(variable, variable - learning_rate * self.factor * gradient)


register("faulty", Scaled, space={"scale": Uniform(0.5, 2.0)})
